"""What the README tells people to type does what it says."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.person import PASSWORD, PATIENCE_S, Person, until
from tests.support.postgres import Postgres
from tests.support.redis import RedisServer
from tests.support.server import ROOT, Server, free_port

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
PROGRAM = next(body for language, body in BLOCKS if language == "python")
COMMANDS = [line for language, body in BLOCKS if language == "sh" for line in body.splitlines()]
MANIFESTS = [command for command in COMMANDS if "slack manifest" in command]  # see tests/journeys/test_slack_readme.py
PROCESSES = [command for command in COMMANDS if command.startswith(".venv/bin/assent") and command not in MANIFESTS]
SECRET = "a secret of several processes: 0123456789 abcdefghij"
LINKS = [target for target in re.findall(r"\]\(([^)#]+)", README) if "://" not in target]


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = RedisServer().start()
    yield server
    server.remove()


class TestReadme:
    @pytest.mark.parametrize("command", [command for command in COMMANDS if command.endswith("make run")])
    def test_starts_the_product_as_written(self, command: str, tmp_path: Path) -> None:
        port = free_port()
        environment = {**os.environ, "ASSENT_PORT": str(port), "ASSENT_DATA_DIR": str(tmp_path / "data")}
        with subprocess.Popen(
            ["sh", "-c", command], cwd=ROOT, env=environment, start_new_session=True, stderr=subprocess.PIPE
        ) as started:
            try:
                until(lambda: answers(port), bool)
            finally:
                os.killpg(started.pid, signal.SIGTERM)

    def test_names_no_other_commands(self) -> None:
        assert {command.split("make ")[1] for command in COMMANDS if "make " in command} == {"run", "test"}
        assert set(PROCESSES + MANIFESTS) == {command for command in COMMANDS if "make " not in command}
        assert len(MANIFESTS) == 2

    def test_starts_several_processes_as_written(self, postgres: Postgres, redis: RedisServer, tmp_path: Path) -> None:
        """But for the port, which may be taken."""
        port = free_port()
        shared = {"ASSENT_DATABASE_URL": postgres.make("readme"), "ASSENT_REDIS_URL": redis.url, "ASSENT_SECRET_KEY": SECRET}
        environment = {**os.environ, **shared, "ASSENT_DATA_DIR": str(tmp_path), "ASSENT_REGISTRATION": "open"}
        with contextlib.ExitStack() as running:
            for command in PROCESSES:
                words = command.replace("8001", str(port)).split()
                started = running.enter_context(subprocess.Popen(words, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL))
                running.callback(started.terminate)
            until(lambda: answers(port), bool)
            dana = Person.register(f"http://127.0.0.1:{port}", "Dana", PASSWORD)
            assert dana.run_when(dana.say("calc 6 * 7")["run_id"])["status"] == "completed"

    @pytest.mark.parametrize("link", LINKS)
    def test_links_to_files_that_exist(self, link: str) -> None:
        assert (ROOT / link).exists()

    @pytest.mark.parametrize("command", ["--help", "doctor", "config show"])
    def test_names_assent_commands_that_work(self, command: str, server: Server) -> None:
        environment = {**os.environ, "ASSENT_DATA_DIR": str(server.data_dir)}
        arguments = [sys.executable, "-m", "backend", *command.split()]
        done = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def test_program_asks_and_hears_the_answer(self, server: Server, tmp_path: Path) -> None:
        dana = server.person("Dana")
        program = tmp_path / "ask.py"
        text = PROGRAM.replace("http://127.0.0.1:8000", server.url).replace("dana@example.org", dana.email)
        program.write_text(text)
        with subprocess.Popen(
            [sys.executable, str(program)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as asking:
            request = until(lambda: pending(dana), bool)
            assert request["title"] == "Refund order 8123?"
            assert request["action"]["args"] == {"order": "8123", "amount": 120}
            assert dana.answer(request["id"], "approve").status_code == 200
            said, _ = asking.communicate(timeout=PATIENCE_S)
        assert said == "approve by Dana\n"


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=PATIENCE_S).status_code == 200
    except httpx.TransportError:
        return False


def pending(person: Person) -> dict[str, object] | None:
    found = person.get("/api/feedback", status="pending")["items"]
    return found[0] if found else None
