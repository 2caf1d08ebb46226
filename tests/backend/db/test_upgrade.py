"""An installation of the version before recipients had a table, upgraded on either database: nothing is lost, what was
approved before runs, what was open is answered.

`data/` holds what that version left when it was killed: Dana, Eve and Bo; payments made, refused and edited; an open
approval of Dana's (she has Slack and mail linked); a question to Eve and Bo; Bo's run at a checkpoint; and a payment of
Eve's that she had approved, and that had not begun to run. Eve is in the group `finance`."""

import gzip
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from backend.core.sessions.audit_chain import chain_is_intact
from backend.db.factory import open_database
from backend.db.migrate import migrate
from backend.db.queries.sessions import audit_chain
from tests.support.auditor import audit, ledger
from tests.support.person import Person, until
from tests.support.postgres import Postgres
from tests.support.server import Server

DATA = Path(__file__).parent / "data"
NAMES = ("dana", "eve", "bo")


def _sql(kind: str) -> str:
    return gzip.decompress((DATA / f"{kind}.sql.gz").read_bytes()).decode()


@pytest.fixture(params=["sqlite", "postgres"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str | None]]:
    """The data directory, and the address of the database where it is a server's."""
    folder, url = tmp_path / "data", None
    folder.mkdir()
    (folder / "ledger.jsonl").write_bytes((DATA / f"{request.param}.ledger.jsonl").read_bytes())
    if request.param == "sqlite":
        with closing(sqlite3.connect(folder / "assent.db")) as connection:
            connection.executescript(_sql("sqlite"))
        yield folder, url
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    name = f"old{uuid.uuid4().hex}"
    url = postgres.make(name)
    with psycopg.connect(url) as server:
        server.execute(_sql("postgres").encode())
    yield folder, url
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _rows(folder: Path, url: str | None, query: str) -> list[tuple[Any, ...]]:
    if url:
        with psycopg.connect(url) as server:
            return server.execute(query.encode()).fetchall()
    with closing(sqlite3.connect(folder / "assent.db")) as connection:
        return connection.execute(query).fetchall()


class TestUpgrade:
    def test_carries_over_whom_everything_was_put_to_and_whose_addresses_are_proven(self, old: tuple[Path, str | None]) -> None:
        folder, url = old
        before = _rows(folder, url, "SELECT count(*) FROM feedback_recipients")[0][0]
        answered = _rows(folder, url, "SELECT count(*) FROM feedback_responses WHERE accepted")[0][0]
        migrate(url or folder / "assent.db")
        assert _rows(folder, url, "SELECT count(*) FROM recipients WHERE role = 'decider'") == [(before,)]
        assert _rows(folder, url, "SELECT count(*) FROM votes") == [(answered,)]
        proven = "SELECT name, confirmed_by FROM people ORDER BY created_at"
        assert _rows(folder, url, proven) == [("Dana", "mail"), ("Eve", "administrator"), ("Bo", None)]
        with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError), match="stays decided"):
            self._rewrite(folder, url)

    @staticmethod
    def _rewrite(folder: Path, url: str | None) -> None:
        statement = "UPDATE feedback_requests SET version = 9 WHERE status = 'answered'"
        if url:
            with psycopg.connect(url) as server:
                server.execute(statement.encode())
        else:
            with closing(sqlite3.connect(folder / "assent.db")) as connection:
                connection.execute(statement)

    async def test_goes_on_where_it_was_cut_off(self, old: tuple[Path, str | None], make_server: Callable[..., Server]) -> None:
        folder, url = old
        server = make_server(**({"database_url": url} if url else {}))
        server.data_dir.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            path.rename(server.data_dir / path.name)
        server.start()
        dana, eve, bo = (Person.sign_in(server.url, f"{name}@example.org") for name in NAMES)
        until(lambda: [line for line in ledger(server.data_dir) if line["to"] == "Approved Before"], bool)
        (approval,) = dana.get("/api/feedback", status="pending", session_id=self._session_of(dana, "pay 700"))["items"]
        assert approval["to"] == [dana.id] and approval["action"]["args"] == {"amount": 700, "to": "Old Bob"}
        assert approval["version"] == 1 and "version" not in approval["action"]  # held to what it was bound to then
        assert dana.answer(approval["id"], "approve", version=approval["version"]).status_code == 200
        assert dana.run_when(approval["run_id"])["status"] == "completed"
        (question,) = [each for each in bo.get("/api/feedback", status="pending")["items"] if each["type"] == "text"]
        assert question["to"] == [eve.id, bo.id] and [each["name"] for each in question["recipients"]] == ["Eve", "Bo"]
        assert bo.answer(question["id"], "submit", feedback="here").status_code == 200
        assert bo.answer(bo.pending(self._session_of(bo, "plan"))["id"], "stop").status_code == 200
        books = until(lambda: audit(server.data_dir, url), lambda found: found.at_rest())
        paid = [line["to"] for line in ledger(server.data_dir)]
        assert sorted(paid) == sorted(["Carol", "Edited", "Old Bob", "Approved Before"])
        assert len(books.chains) > 5
        db = open_database(url or server.data_dir / "assent.db", lambda effects: None)
        for scope in books.chains:
            assert chain_is_intact(await db.read(audit_chain, scope))
        db.close()

    @staticmethod
    def _session_of(person: Person, words: str) -> str:
        return next(str(each["id"]) for each in person.get("/api/sessions")["items"] if each["title"].startswith(words))
