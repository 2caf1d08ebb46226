"""What an installation keeps on disk is for its own user: people's addresses, the digests of their passwords, its secret."""

import os
from pathlib import Path

import pytest

from backend.bootstrap.data_dir import files_open_to_others, is_private_folder, prepare_data_dir
from backend.settings.schema import load_settings
from tests.support.server import Server


@pytest.fixture(autouse=True)
def usual_umask() -> None:
    """As it is for most people: others may read what they make."""
    assert os.umask(0o022) in (0o022, 0o002, 0o077)


def modes(data: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in (data, *data.rglob("*")) if path.exists()}


def test_are_made_private(tmp_path: Path) -> None:
    server = Server(tmp_path / "data").start()
    try:
        dana = server.person()
        started = dana.say("pay 500 to Bob")
        assert dana.answer(dana.pending(started["session_id"])["id"], "approve").status_code == 200
        assert dana.run_when(started["run_id"])["status"] == "completed"
        seen = modes(server.data_dir)
        assert seen.pop("data") == 0o700
        assert {"assent.db", "assent.db-wal", "assent.db-shm", "ledger.jsonl", "secret.key", "serve.lock"} <= set(seen)
        assert set(seen.values()) == {0o600}, seen
    finally:
        assert server.stop() == 0


def test_of_an_earlier_version_are_closed_at_a_start(tmp_path: Path) -> None:
    server = Server(tmp_path / "data").start()
    server.kill()  # the database's side files stay
    for path in (server.data_dir, *server.data_dir.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert server.command("doctor") == 1
    assert f"Others can read {server.data_dir}" in server.log.read_text()
    server.start()
    try:
        seen = modes(server.data_dir)
        assert seen.pop("data") == 0o700
        assert set(seen.values()) == {0o600}, seen
        assert server.command("doctor") == 0
    finally:
        assert server.stop() == 0


def test_in_a_folder_that_serves_more_than_us_are_closed_and_the_folder_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letter").write_text("for others to read")
    (tmp_path / "assent.db").write_text("")
    settings = load_settings(data_dir=Path("."))
    assert files_open_to_others(settings) == [Path("assent.db")]
    prepare_data_dir(settings)
    assert modes(tmp_path)["assent.db"] == 0o600
    assert modes(tmp_path)["letter"] == 0o644 and tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("folder", ["/", "/tmp", "~", "."])
def test_folders_of_others_are_known(folder: str) -> None:
    assert not is_private_folder(Path(folder).expanduser())


def test_a_database_elsewhere_is_closed_too(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o755)
    file = tmp_path / "elsewhere" / "asks.db"
    file.write_text("")
    settings = load_settings(data_dir=tmp_path / "data", database_url=f"sqlite:///{file}")
    prepare_data_dir(settings)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o755
