"""Whatever stands in the way of a command is one sentence that says what to do, and an exit code: no traceback, no log line."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from backend.db.migrate import HEAD, migrate
from tests.support.person import PATIENCE_S
from tests.support.redis import RedisServer
from tests.support.server import ROOT, Server

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts file systems")
Said = subprocess.CompletedProcess[str]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def assent(tmp_path: Path, data: Path) -> Callable[..., Said]:
    """Types a command in an empty folder, with settings for it alone."""

    def run(*words: str, **settings: str) -> Said:
        own = {name: value for name, value in os.environ.items() if not name.startswith(("ASSENT_", "SLACK_", "GOOGLE_"))}
        given = {"ASSENT_DATA_DIR": str(data), "ASSENT_PORT": "0", **settings}
        command = [sys.executable, "-m", "backend", *words]
        environment = own | given | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )

    return run


def is_one_sentence(said: Said, code: int, *parts: str) -> None:
    assert said.returncode == code, said
    line, *others = said.stderr.splitlines()
    assert not others and not said.stdout, said
    assert "Traceback" not in line and not line.startswith("{")
    assert all(part in line for part in parts), line


@pytest.fixture
def running(tmp_path: Path, data: Path) -> Iterator[Server]:
    server = Server(data).start()
    yield server
    assert server.stop() == 0


class TestServe:
    def test_beside_another_on_the_same_data(self, assent: Callable[..., Said], running: Server) -> None:
        is_one_sentence(assent("serve"), 2, "ASSENT_DATA_DIR: another Assent process is using", "stop it, or choose another")

    def test_on_a_folder_that_cannot_be_made(self, assent: Callable[..., Said], tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        said = assent("serve", ASSENT_DATA_DIR=str(tmp_path / "file" / "data"))
        is_one_sentence(said, 2, "ASSENT_DATA_DIR: ", "cannot be used (Not a directory)", "choose another directory")

    def test_on_a_port_in_use(self, assent: Callable[..., Said]) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = str(other.getsockname()[1])
            is_one_sentence(assent("serve", "--port", port), 2, "Address already in use", "choose another with")

    def test_on_a_database_of_a_newer_version(self, assent: Callable[..., Said], data: Path) -> None:
        migrate(data / "assent.db")
        with closing(sqlite3.connect(data / "assent.db")) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        is_one_sentence(assent("serve"), 1, "revision 9999", f"none after {HEAD}", "start the newer version")
        said = assent("doctor")
        assert said.returncode == 1 and "✗ The database is at revision 9999, which is newer" in said.stdout

    def test_on_what_is_no_database(self, assent: Callable[..., Said], data: Path) -> None:
        data.mkdir()
        (data / "assent.db").write_text("a letter to grandmother, and a long one" * 100)
        is_one_sentence(assent("serve"), 1, "assent.db is not a SQLite database", "restore it from a backup")

    def test_on_a_postgresql_that_is_not_there(self, assent: Callable[..., Said]) -> None:
        said = assent("serve", ASSENT_DATABASE_URL="postgresql://assent:s3cret@127.0.0.1:1/assent")
        is_one_sentence(said, 1, "The database cannot be reached")
        assert "s3cret" not in said.stderr

    @pytest.mark.parametrize("command", ["api", "worker"])
    def test_in_parts_without_what_they_share(self, assent: Callable[..., Said], command: str) -> None:
        is_one_sentence(assent(command), 2, "ASSENT_DATABASE_URL: ", "run `assent serve`")

    def test_that_is_interrupted_before_it_is_up(self, tmp_path: Path, data: Path) -> None:
        data.mkdir()
        migrate(data / "assent.db")
        with closing(sqlite3.connect(data / "assent.db", isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")  # a start waits for it
            server = Server(data).start(wait=False)
            assert server.process is not None
            held = data / "serve.lock"
            while not held.exists():
                assert server.process.poll() is None
            server.process.send_signal(signal.SIGINT)
            code = server.process.wait(PATIENCE_S)
        said = server.log.read_text()
        assert code in (1, 130) and "Traceback" not in said, said


@needs_root
class TestDisk:
    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[Path]:
        """A small file system of its own."""
        place = tmp_path / "disk"
        place.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True, check=False)
        if mounted.returncode:
            pytest.skip("this machine mounts no file systems for us")
        yield place
        subprocess.run(["umount", place], check=True)

    def test_that_is_full(self, assent: Callable[..., Said], disk: Path) -> None:
        is_one_sentence(assent("serve", ASSENT_DATA_DIR=str(disk / "data")), 1, "assent.db", "make room on its disk")

    def test_that_is_read_only(self, assent: Callable[..., Said], disk: Path) -> None:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        is_one_sentence(
            assent("serve", ASSENT_DATA_DIR=str(disk / "data")), 2, "cannot be used (Read-only file system)", "choose another"
        )
        said = assent("doctor", ASSENT_DATA_DIR=str(disk / "data"))
        assert said.returncode == 1 and "✗" in said.stdout and "cannot be created" in said.stdout


class TestSettings:
    @pytest.mark.parametrize("command", ["serve", "worker", "migrate", "doctor"])
    def test_with_a_typing_error_name_the_nearest(self, assent: Callable[..., Said], command: str) -> None:
        said = assent(command, ASSENT_APPROVAL="all")
        assert said.returncode in (1, 2)
        assert said.stderr.removeprefix("✗ ") == "ASSENT_APPROVAL is not a setting; did you mean ASSENT_APPROVALS?\n"

    def test_of_the_env_file_are_held_to_the_same(self, assent: Callable[..., Said], tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("# ours\nASSENT_RATELIMIT=3/minute\n")
        is_one_sentence(assent("serve"), 2, "ASSENT_RATELIMIT is not a setting; did you mean ASSENT_RATE_LIMIT?")

    @pytest.mark.parametrize("line", ["ASSENT_HOST 127.0.0.1", "ASSENT_APPROVALS='all", "export"])
    def test_on_a_line_that_is_not_understood(self, assent: Callable[..., Said], tmp_path: Path, line: str) -> None:
        (tmp_path / ".env").write_text(f"# ours\n{line}\n")
        is_one_sentence(assent("serve"), 2, ".env, line 2: ", "write NAME=value")

    def test_in_a_file_that_is_no_text(self, assent: Callable[..., Said], tmp_path: Path) -> None:
        (tmp_path / ".env").write_bytes(b"ASSENT_LLM=\xff\xfe\n")
        is_one_sentence(assent("serve"), 2, ".env cannot be read (it is not UTF-8 text)")

    def test_that_cannot_be_used(self, assent: Callable[..., Said]) -> None:
        is_one_sentence(assent("serve", ASSENT_RATE_LIMIT="often"), 2, "ASSENT_RATE_LIMIT: write it as COUNT/PERIOD")

    def test_of_a_model_without_its_key(self, assent: Callable[..., Said]) -> None:
        assert assent("serve", ASSENT_LLM="openai").returncode == 2


class TestCommands:
    @pytest.mark.parametrize(
        "words", [["users", "list"], ["users", "disable", "a@example.org"], ["groups", "list"], ["groups", "add", "f", "a@b.org"]]
    )
    def test_on_a_database_that_is_not_there_make_none(self, assent: Callable[..., Said], data: Path, words: list[str]) -> None:
        is_one_sentence(assent(*words), 1, "There is no database at", "assent migrate", "ASSENT_DATA_DIR")
        assert not data.exists()

    def test_say_what_is_wrong_with_each_value(self, assent: Callable[..., Said]) -> None:
        assert assent("migrate").returncode == 0
        mallory = assent("groups", "add", "finance", "mallory@example.org")
        is_one_sentence(
            mallory,
            1,
            "not known here: no group and no person with a confirmed address is known as 'mallory@example.org'",
            "`assent users confirm`",
        )

    def test_about_somebody_unknown(self, assent: Callable[..., Said]) -> None:
        assert assent("migrate").returncode == 0
        is_one_sentence(assent("users", "disable", "nobody@example.org"), 1, "nobody@example.org")


class TestRedis:
    @pytest.fixture
    def evicting(self) -> Iterator[RedisServer]:
        server = RedisServer().start("--maxmemory-policy", "allkeys-lru")
        yield server
        server.remove()

    def test_that_evicts_is_refused(self, assent: Callable[..., Said], evicting: RedisServer) -> None:
        is_one_sentence(
            assent("serve", ASSENT_REDIS_URL=evicting.url), 2, "it evicts keys (maxmemory-policy allkeys-lru)", "noeviction"
        )
        said = assent("doctor", ASSENT_REDIS_URL=evicting.url)
        assert said.returncode == 1 and "evicts keys (maxmemory-policy allkeys-lru)" in said.stdout


class TestDoctor:
    def test_names_what_a_rule_names_and_nobody_is(self, assent: Callable[..., Said]) -> None:
        assert assent("migrate").returncode == 0
        said = assent("doctor", ASSENT_APPROVALS="make_payment -> finance | dana@example.org")
        assert said.returncode == 1
        assert "✗ ASSENT_APPROVALS: no group and no person with a confirmed address is known as 'finance'" in said.stdout
        assert "✗ ASSENT_APPROVALS: no group and no person with a confirmed address is known as 'dana@example.org'" in said.stdout

    def test_says_that_slack_and_gmail_are_not_set_up(self, assent: Callable[..., Said]) -> None:
        said = assent("doctor")
        assert said.returncode == 0, said
        assert "✓ Slack is not set up" in said.stdout and "✓ Gmail is not set up" in said.stdout

    def test_tells_that_another_runs_on_the_data(self, assent: Callable[..., Said], running: Server) -> None:
        assert "a second process would refuse to start" in assent("doctor").stdout

    def test_refuses_an_empty_secret(self, assent: Callable[..., Said], data: Path) -> None:
        data.mkdir(mode=0o700)
        (data / "secret.key").write_text("")
        is_one_sentence(assent("serve"), 2, "secret.key cannot be used", "restore it from a backup, or remove it")
        said = assent("doctor")
        assert said.returncode == 1 and "✗" in said.stdout and "secret.key cannot be used" in said.stdout
