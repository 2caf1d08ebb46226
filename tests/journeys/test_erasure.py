"""What is to be forgotten is gone from every table, what was decided stays as a fact, and every chain still verifies."""

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from backend.core.sessions.audit_chain import chain_is_intact
from backend.db.factory import open_database
from backend.db.queries.sessions import audit_chain
from backend.db.tables import metadata
from tests.support.example_requests import ask
from tests.support.person import Person, until
from tests.support.postgres import Postgres
from tests.support.server import Server
from tests.support.table_snapshots import read_file, read_server

NAME = "Zyxwana"
WORDS = ("zyxwana", "quentin", "canary")
DAY_MS = 24 * 3600 * 1000


class Place(Server):
    """A server whose database may be read and written past it."""

    def where(self) -> Path | str:
        url = self.settings.get("database_url")
        return str(url) if url else self.data_dir / "assent.db"

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        ordered = dict.fromkeys(metadata.tables, "1")
        where = self.where()
        return read_file(where, ordered) if isinstance(where, Path) else read_server(where, ordered)

    def row(self, table: str, **known: Any) -> dict[str, Any]:
        found = [row for row in self.tables()[table] if known.items() <= row.items()]
        assert len(found) == 1, found
        return found[0]

    def write(self, statement: str, *values: object) -> None:
        where = self.where()
        if isinstance(where, Path):
            with closing(sqlite3.connect(where)) as connection, connection:
                assert connection.execute(statement, values).rowcount > 0
        else:
            with psycopg.connect(where) as server:
                assert server.execute(statement.replace("?", "%s").encode(), values).rowcount > 0

    def holding(self, *words: str) -> list[str]:
        """Where the words are still written."""
        return [
            f"{table}: {row}"
            for table, rows in self.tables().items()
            for row in rows
            if any(word in json.dumps(row, default=str, ensure_ascii=False).lower() for word in words)
        ]

    async def whole(self, scope: str) -> bool:
        db = open_database(self.where(), lambda effects: None)
        try:
            return chain_is_intact(await db.read(audit_chain, scope))
        finally:
            db.close()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    settings = {}
    if request.param == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        settings["database_url"] = postgres.make(f"erasure{uuid.uuid4().hex}")
    server = Place(tmp_path / "data", **settings)
    server.start()
    yield server
    server.stop()


def talk(dana: Person) -> str:
    """A session with a payment she approved, a question she answered, a mail and a summary."""
    session_id = str(dana.say("pay 500 to Quentin", client_id=f"canary-{uuid.uuid4()}")["session_id"])
    assert dana.answer(dana.pending(session_id)["id"], "approve", key=f"canary-{uuid.uuid4()}").status_code == 200
    until(lambda: dana.get(f"/api/session/{session_id}"), lambda state: not state["task_exists"])
    started = dana.say("ask How is the canary?", session_id)
    assert dana.answer(dana.pending(session_id)["id"], "submit", feedback="The canary sings.").status_code == 200
    dana.run_when(started["run_id"])
    return session_id


def answer(person: Person, request: dict[str, Any], words: str) -> None:
    assert person.answer(request["id"], "submit", feedback=words).status_code == 200


class TestErasingAPerson:
    async def test_leaves_nothing_of_them_but_facts(self, place: Place) -> None:
        dana, bob = place.person(NAME), place.colleague("Bob")
        session_id = talk(dana)
        asked = ask(dana, title="Where is the canary?", to=[bob.email], context={"note": "canary"})
        answer(bob, asked, "The canary is with me.")
        answered = ask(bob, title="What sings?", to=[dana.email])
        answer(dana, answered, "A canary.")
        waiting = ask(bob, title="And now?", to=[dana.email])
        open_session = dana.say("pay 900 to Quentin")["session_id"]
        dana.pending(open_session)
        place.write(
            "INSERT INTO mails (mailbox, id, sender, verified, person_id, request_id, session_id, outcome, text, whole,"
            " received_at) VALUES ('agent', 'm1', 'zyxwana@example.org', ?, ?, ?, ?, 'late', 'canary', 'canary', 1)",
            *(True, dana.id, asked["id"], asked["session_id"]),
        )
        place.write(
            "INSERT INTO connections (id, person_id, channel, account, label, status, created_at)"
            " VALUES ('con_1', ?, 'slack', 'T1/zyxwana', 'zyxwana', 'connected', 1)",
            dana.id,
        )
        place.write("INSERT INTO summaries (session_id, until_at, content, created_at) VALUES (?, 1, 'canary', 1)", session_id)

        assert place.command("people", "erase", dana.email, "--yes") == 0
        until(lambda: place.row("people", id=dana.id)["erased_at"], bool)

        assert place.holding(*WORDS) == []
        assert dana.http.get("/api/auth/me").status_code == 401
        approval = place.row("approvals", decided_by=dana.id)
        assert (approval["tool"], approval["args"], len(approval["digest"])) == ("make_payment", "", 64)
        execution = place.row("executions", approval_id=approval["request_id"])
        assert (execution["status"], execution["args"], execution["result"]) == ("succeeded", "", None)
        for scope in {row["scope"] for row in place.tables()["audit"]}:
            assert await place.whole(scope), scope

        seen = bob.get(f"/api/feedback/{answered['id']}")
        assert (seen["title"], seen["response"]["action"], seen["response"]["by"]["name"]) == ("What sings?", "submit", "Erased")
        assert "feedback" not in seen["response"]
        resolved = [frame for frame in bob.frames(answered["session_id"]) if frame["type"] == "feedback_resolved"]
        assert resolved[0]["request"]["response"] == seen["response"]
        where = place.where()
        if isinstance(where, Path):  # a deleted row's bytes are gone from the file, too
            with closing(sqlite3.connect(where)) as connection:
                until(lambda: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone(), lambda done: done[0] == 0)
            assert not [word for word in WORDS if word.encode() in where.read_bytes().lower()]

        gone = bob.get(f"/api/feedback/{waiting['id']}")
        assert (gone["status"], gone["closed"]["why"]) == ("cancelled", "the account of the person asked was erased")
        kept = bob.get(f"/api/feedback/{asked['id']}")
        assert (kept["title"], kept["prompt"], kept["response"]["by"]["name"]) == ("Erased", "", "Bob")
        assert len(kept["erased"]["digest"]) == 64

    async def test_says_what_it_waits_for_and_goes_on_when_that_is_over(self, place: Place) -> None:
        dana, bob = place.person(NAME), place.colleague("Bob")
        asked = ask(bob, title="Who?", to=[dana.email, bob.email])
        assert place.command("people", "erase", dana.id, "--yes") == 0
        assert place.row("people", id=dana.id)["erased_at"] is None
        answer(bob, asked, "Me.")
        until(lambda: place.row("people", id=dana.id)["erased_at"], bool)
        assert place.holding(*WORDS) == []
        assert bob.get(f"/api/feedback/{asked['id']}")["response"]["feedback"] == "Me."

    async def test_of_nobody_is_refused(self, place: Place) -> None:
        assert place.command("people", "erase", "nobody@example.org", "--yes") == 1

    async def test_that_is_done_by_hand_in_the_record_shows(self, place: Place) -> None:
        """What is left of an emptied entry is vouched for: nobody can change a decision where its content went."""
        dana = place.person(NAME)
        session_id = talk(dana)
        assert place.command("people", "erase", dana.id, "--yes") == 0
        until(lambda: place.row("people", id=dana.id)["erased_at"], bool)
        chain = [row for row in place.tables()["audit"] if row["scope"] == session_id]
        emptied = [row for row in chain if "erased" in row["detail"]]
        assert emptied
        for statement in (
            "INSERT INTO erasure_permits (subject) VALUES (?)",
            'UPDATE audit SET detail = \'{"decision": "reject", "erased": "0"}\' WHERE scope = ? AND n = ' + str(emptied[0]["n"]),
        ):
            place.write(statement, session_id)
        assert not await place.whole(session_id)


class TestRetention:
    def _old(self, place: Place, session_id: str) -> None:
        """As if it had been closed three days ago."""
        place.write("UPDATE sessions SET updated_at = updated_at - ? WHERE id = ?", 3 * DAY_MS, session_id)

    def _close(self, dana: Person, session_id: str) -> None:
        assert dana.http.delete(f"/api/sessions/{session_id}").status_code == 200

    async def test_lets_go_of_what_was_closed_that_long_ago_and_of_nothing_else(self, place: Place) -> None:
        dana = place.person("Dana")
        old, open_, young = talk(dana), talk(dana), talk(dana)
        self._close(dana, old)
        self._close(dana, young)
        self._old(place, old)
        self._old(place, open_)
        place.stop()
        place.start(retention_days=2)
        until(lambda: place.row("sessions", id=old)["erased_at"], bool)
        assert dana.http.get(f"/api/sessions/{old}").status_code == 404
        assert {item["id"] for item in dana.get("/api/sessions")["items"]} == {open_, young}
        for kept in (open_, young):
            assert "canary" in json.dumps(dana.frames(kept))
        tables = place.tables()
        for table in ("events", "messages", "deliveries", "summaries"):
            assert [row for row in tables[table] if row["session_id"] == old] == []
        requests = [row for row in tables["feedback_requests"] if row["session_id"] == old]
        assert [row["status"] for row in requests] == ["answered", "answered"]
        assert "canary" not in json.dumps(requests).lower()
        for scope in (old, open_, young):
            assert await place.whole(scope)
        assert place.row("audit", scope=old, action="session.erased")["actor"] == "system"

    async def test_goes_on_where_a_killed_server_was(self, place: Place) -> None:
        dana = place.person("Dana")
        old = talk(dana)
        self._close(dana, old)
        self._old(place, old)
        place.stop()
        deaths = 0
        while place.row("sessions", id=old)["erased_at"] is None:
            which = ("committed", "before_commit")[deaths % 2]
            if which == "before_commit":  # nothing of this batch was kept
                before = place.holding("canary", "quentin")
            place.start(wait=False, retention_days=2, failpoint=f"erase_old_sessions.{which}:kill")
            place.wait_for_death()
            if which == "before_commit":
                assert place.holding("canary", "quentin") == before
            deaths += 1
            assert deaths < 60
        assert deaths > 4
        assert await place.whole(old)
        assert [row for row in place.tables()["events"] if row["session_id"] == old] == []
        assert place.tables()["erasure_permits"] == []


class TestPruning:
    async def test_drops_what_is_of_no_use_any_more(self, place: Place) -> None:
        dana = place.person("Dana")
        ask(dana, title="Kept")
        stale = Person.sign_in(place.url, dana.email)
        old = stale.get("/api/auth/me")["id"] and place.tables()["sign_ins"]
        dead = [row["id"] for row in old if row["person_id"] == dana.id][-1]
        reply = dana.http.post("/api/feedback", json={"type": "text", "title": "x"}, headers={"Idempotency-Key": "k"})
        assert reply.status_code == 201
        assert dana.http.post("/api/auth/ws-ticket").status_code == 200
        place.write("UPDATE sign_ins SET ended_at = 1 WHERE id = ?", dead)
        place.write("UPDATE idempotency_keys SET created_at = ?", 1)
        place.write("UPDATE ws_tickets SET expires_at = ?", 1)
        until(
            lambda: place.tables(),
            lambda tables: (
                not tables["idempotency_keys"]
                and not tables["ws_tickets"]
                and dead not in [row["id"] for row in tables["sign_ins"]]
            ),
        )
        assert any(row["person_id"] == dana.id for row in place.tables()["sign_ins"])
