"""A backup taken while the product runs, put back: what it holds as open may have been done since, so a person is asked first."""

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.auditor import Books, ledger
from tests.support.person import Person, client, until
from tests.support.postgres import PROGRAMS, SITE, Postgres
from tests.support.server import Server

NOTE = "restored from a backup"


class Place:
    """A server, its person, and a backup of it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.backup = server.start(), folder
        self.dana = server.person()

    def back_up(self) -> None:
        assert self.server.command("backup", str(self.backup)) == 0, self.server.log.read_text()[-2000:]

    def restore(self) -> None:
        """As docs/backup.md says: the backup takes the data's place, but for the newer ledger."""
        assert self.server.stop() == 0
        data = self.server.data_dir
        newer = (data / "ledger.jsonl").read_bytes() if (data / "ledger.jsonl").exists() else b""
        shutil.rmtree(data)
        shutil.copytree(self.backup, data)
        if newer:
            (data / "ledger.jsonl").write_bytes(newer)
        self.server.start()

    def paid(self, to: str) -> list[float]:
        return [line["amount"] for line in ledger(self.server.data_dir) if line["to"] == to]

    def asked(self, started: dict[str, Any]) -> dict[str, Any]:
        return self.dana.pending(started["session_id"])


@pytest.fixture
def place(make_server: Callable[..., Server], tmp_path: Path) -> Iterator[Place]:
    place = Place(make_server(), tmp_path / "backup")
    yield place
    books = until(lambda: Books(place.server.data_dir, None), Books.at_rest)
    assert list(books.findings()) == []  # the ledger holds what the backup cannot know of


def answer(dana: Person, request: dict[str, Any], action: str) -> None:
    assert dana.answer(request["id"], action).status_code == 200


class TestBackup:
    def test_is_whole_private_and_refuses_to_write_over_another(self, place: Place) -> None:
        place.dana.say("calc 1 + 1")
        place.back_up()
        assert {"assent.db", "secret.key"} <= {path.name for path in place.backup.iterdir()}
        assert {path.stat().st_mode & 0o077 for path in (place.backup, *place.backup.iterdir())} == {0}
        with closing(sqlite3.connect(place.backup / "assent.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert copy.execute("SELECT count(*) FROM people").fetchone() == (1,)
        assert place.server.command("backup", str(place.backup)) == 1
        assert "already exists; choose a new folder" in place.server.log.read_text()

    def test_that_is_put_back_leaves_people_signed_in_and_says_so(self, place: Place) -> None:
        started = place.dana.say("calc 1 + 1")
        assert place.dana.run_when(started["run_id"])["status"] == "completed"
        assert "restored_at" not in client(place.server.url).get("/readyz").json()
        place.back_up()
        place.restore()
        assert "process.started_from_backup" in place.server.log.read_text()
        assert client(place.server.url).get("/readyz").json()["restored_at"]
        assert place.dana.run(started["run_id"])["status"] == "completed"
        assert place.dana.get(f"/api/sessions/{started['session_id']}/audit")["verified"] is True


class TestAPayment:
    def test_open_in_the_backup_and_made_since_is_not_made_by_one_more_approval(self, place: Place) -> None:
        started = place.dana.say("pay 500 to Bob")
        question = place.asked(started)
        place.back_up()
        answer(place.dana, question, "approve")
        assert place.dana.run_when(started["run_id"])["status"] == "completed"
        assert place.paid("Bob") == [500]
        place.restore()
        reopened = place.asked(started)
        assert reopened["id"] == question["id"]
        answer(place.dana, reopened, "approve")
        again = until(lambda: place.asked(started), lambda asked: asked["id"] != question["id"])
        assert NOTE in again["context"]["note"] and again["action"]["args"] == question["action"]["args"]
        answer(place.dana, again, "reject")
        assert place.dana.run_when(started["run_id"])["status"] == "completed"
        assert place.paid("Bob") == [500]

    def test_is_made_where_a_person_says_so_again_and_later_ones_are_asked_about_once(self, place: Place) -> None:
        started = place.dana.say("pay 500 to Ann")
        question = place.asked(started)
        place.back_up()
        place.restore()
        answer(place.dana, place.asked(started), "approve")
        again = until(lambda: place.asked(started), lambda asked: asked["id"] != question["id"])
        answer(place.dana, again, "approve")
        assert place.dana.run_when(started["run_id"])["status"] == "completed"
        later = place.dana.say("pay 700 to Ann")
        answer(place.dana, place.asked(later), "approve")
        assert place.dana.run_when(later["run_id"])["status"] == "completed"
        assert place.paid("Ann") == [500, 700]

    def test_approved_in_the_backup_and_not_begun_is_asked_about_again(self, place: Place) -> None:
        started = place.dana.say("pay 500 to Eve")
        question = place.asked(started)
        place.server.arm("start_execution.before_commit:kill")
        place.dana.http.post(f"/api/feedback/{question['id']}/answer", json={"action": "approve"})
        assert place.server.wait_for_death() == -9
        place.back_up()
        place.server.start()
        assert place.dana.run_when(started["run_id"])["status"] == "completed"
        assert place.paid("Eve") == [500]
        place.restore()
        again = until(lambda: place.asked(started), lambda asked: asked["id"] != question["id"])
        assert NOTE in again["context"]["note"]
        answer(place.dana, again, "reject")
        assert place.dana.run_when(started["run_id"])["status"] == "completed"
        assert place.paid("Eve") == [500]


def test_of_a_server_is_noted_by_hand_and_then_asks_too(postgres: Postgres, make_server: Callable[..., Server]) -> None:
    url = postgres.make("backed_up")
    server = make_server(database_url=url).start()
    dana = server.person()
    started = dana.say("pay 500 to Zoe")
    question = dana.pending(started["session_id"])
    assert server.command("backup", str(server.data_dir / "copy")) == 2
    assert server.stop() == 0
    dump = server.data_dir / "assent.dump"
    programs = SITE / PROGRAMS / "bin"
    subprocess.run([programs / "pg_dump", "--format=custom", f"--file={dump}", url], check=True)
    subprocess.run([programs / "pg_restore", "--clean", "--if-exists", f"--dbname={url}", dump], check=True)
    assert server.command("restored") == 0
    server.start()
    assert dana.answer(question["id"], "approve").status_code == 200
    again = until(lambda: dana.pending(started["session_id"]), lambda asked: asked["id"] != question["id"])
    assert NOTE in again["context"]["note"]
    assert dana.answer(again["id"], "reject").status_code == 200
    assert dana.run_when(started["run_id"])["status"] == "completed"
    assert server.stop() == 0
