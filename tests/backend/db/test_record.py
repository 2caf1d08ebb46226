"""The record: numbers without gaps, an audit nobody can edit unnoticed, and a database that itself refuses to rewrite it."""

import asyncio
import json

import pytest

from backend.core.requests.ask import Ask, ask_people
from backend.core.requests.close_request import close_request
from backend.core.sessions.audit_chain import audit_is_intact, chain_is_intact
from backend.core.sessions.sessions import open_session
from backend.db import Tx
from backend.db.audit_sealer import Sealer
from backend.db.factory import open_database
from backend.db.queries.requests import request_by_id
from backend.db.queries.sessions import audit_chain, frames_after
from backend.domain.client_views import Response
from backend.domain.events import TaskStarted
from backend.domain.states import FeedbackStatus, FeedbackType
from tests.backend.conftest import REFUSALS, Opened

COLUMNS = {
    "at": 1,
    "actor": "usr_eve",
    "via": "slack",
    "action": "feedback.cancelled",
    "subject": "req_other",
    "detail": "{}",
    "prev": "1" * 64,
    "hash": "2" * 64,
    "n": 77,
    "scope": "ses_other",
}


async def keep_some(opened: Opened, rows: int = 4) -> None:
    def decide(tx: Tx, number: int) -> None:
        tx.audit(
            opened.session_id, actor=opened.person.id, via="chat", action="feedback.answered", subject=f"req_{number}", n=number
        )

    for number in range(rows):
        await opened.db.transact(decide, number)


async def is_whole(opened: Opened) -> bool:
    return chain_is_intact(await opened.db.read(audit_chain, opened.session_id))


class TestSequence:
    async def test_is_gapless_under_many_emitters(self, opened: Opened) -> None:
        other = await opened.db.transact(open_session, opened.person, "another")

        def emit(tx: Tx, session_id: str, number: int) -> None:
            for part in range(number % 3 + 1):
                tx.emit(session_id, {"type": "task_started", "content": str(part), "run_id": str(number)})
            if number % 5 == 0:
                raise RuntimeError("changed my mind")

        tasks = [
            asyncio.ensure_future(opened.db.transact(emit, (opened.session_id, other)[number % 2], number))
            for number in range(200)
        ]
        await asyncio.wait(tasks)
        for session_id in (opened.session_id, other):
            frames = [json.loads(frame) for frame in await opened.db.read(frames_after, session_id, 0)]
            assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
            assert {frame["session_id"] for frame in frames} == {session_id}
        kept = {
            int(json.loads(frame)["run_id"])
            for session in (opened.session_id, other)
            for frame in await opened.db.read(frames_after, session, 0)
        }
        assert kept == {number for number in range(200) if number % 5}

    async def test_an_event_is_published_word_for_word_as_it_is_kept(self, opened: Opened) -> None:
        said: TaskStarted = {"type": "task_started", "content": "Zürich \u2028 \U0001f600", "run_id": "run_1"}
        await opened.db.transact(lambda tx: tx.emit(opened.session_id, said))
        kept = await opened.db.read(frames_after, opened.session_id, 0)
        assert [effect.text for effect in opened.sent if hasattr(effect, "text")] == kept


class TestAuditChain:
    async def test_is_whole_as_written(self, opened: Opened) -> None:
        await keep_some(opened)
        assert len(await opened.db.read(audit_chain, opened.session_id)) == 4
        assert await is_whole(opened)

    async def test_stays_whole_under_many_writers(self, opened: Opened) -> None:
        await asyncio.gather(*(keep_some(opened) for _ in range(10)))
        assert len(await opened.db.read(audit_chain, opened.session_id)) == 40
        assert await is_whole(opened)

    @pytest.mark.parametrize("column", COLUMNS)
    @pytest.mark.parametrize("n", [1, 2, 4])
    async def test_shows_when_any_part_of_any_row_was_changed(self, opened: Opened, column: str, n: int) -> None:
        await keep_some(opened)
        opened.tamper(f"UPDATE audit SET {column} = ? WHERE scope = ? AND n = ?", COLUMNS[column], opened.session_id, n)
        if (column, n) != ("scope", 4):
            assert not await is_whole(opened)
        assert len(await opened.db.read(audit_chain, opened.session_id)) == (3 if column == "scope" else 4)

    @pytest.mark.parametrize("n", [1, 2, 3])
    async def test_shows_when_a_row_was_taken_out(self, opened: Opened, n: int) -> None:
        await keep_some(opened)
        opened.tamper("DELETE FROM audit WHERE scope = ? AND n = ?", opened.session_id, n)
        assert not await is_whole(opened)

    async def test_shows_when_rows_changed_places(self, opened: Opened) -> None:
        await keep_some(opened)
        swap = "UPDATE audit SET n = CASE n WHEN 2 THEN 1003 WHEN 3 THEN 1002 ELSE n END WHERE scope = ?"
        opened.tamper(swap, opened.session_id)
        tamper_back = "UPDATE audit SET n = n - 1000 WHERE n > 1000 AND scope = ?"
        opened.tamper(tamper_back, opened.session_id)
        assert not await is_whole(opened)


SEALER = Sealer({"new": "a key", "old": "an older key"})


@pytest.fixture
def sealed(opened: Opened) -> Opened:
    """The database as a process with a key opens it."""
    opened.db.close()
    opened.db = open_database(opened.where, opened.sink, SEALER)
    return opened


async def record_holds(opened: Opened) -> bool:
    return await opened.db.read(audit_is_intact, opened.session_id)


class TestAuditEnd:
    async def test_holds_as_written_and_while_it_grows(self, sealed: Opened) -> None:
        assert await record_holds(sealed)
        for _ in range(2):
            await keep_some(sealed)
            assert await record_holds(sealed)

    async def test_holds_under_many_writers(self, sealed: Opened) -> None:
        await asyncio.gather(*(keep_some(sealed) for _ in range(10)))
        assert await record_holds(sealed)

    @pytest.mark.parametrize("kept", [0, 1, 3])
    async def test_shows_when_the_last_rows_were_taken_away_and_stays_broken(self, sealed: Opened, kept: int) -> None:
        await keep_some(sealed)
        sealed.tamper("DELETE FROM audit WHERE scope = ? AND n > ?", sealed.session_id, kept)
        assert not await record_holds(sealed)
        await keep_some(sealed, 1)
        assert not await record_holds(sealed)

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE audit_heads SET n = 2, hash = (SELECT hash FROM audit AS a WHERE a.scope = audit_heads.scope AND a.n = 2)",
            "UPDATE audit_heads SET seal = ''",
            "UPDATE audit_heads SET seal = 'new.' || hash",
            "DELETE FROM audit_heads",
        ],
    )
    async def test_cannot_be_made_to_fit_by_who_writes_the_database(self, sealed: Opened, change: str) -> None:
        await keep_some(sealed)
        sealed.tamper("DELETE FROM audit WHERE scope = ? AND n > ?", sealed.session_id, 2)
        sealed.tamper(change + " WHERE scope = ?", sealed.session_id)
        assert not await record_holds(sealed)
        await keep_some(sealed, 1)
        assert not await record_holds(sealed)

    async def test_shows_when_all_of_a_session_that_asked_was_taken_away(self, sealed: Opened) -> None:
        ask = Ask(FeedbackType.TEXT, {"title": "?"}, session_id=sealed.session_id)
        await sealed.db.transact(ask_people, sealed.person, ask, None)
        assert await record_holds(sealed)
        sealed.tamper("DELETE FROM audit WHERE scope = ?", sealed.session_id)
        sealed.tamper("DELETE FROM audit_heads WHERE scope = ?", sealed.session_id)
        assert not await record_holds(sealed)

    async def test_is_read_with_an_older_key_and_sealed_anew_with_the_newest(self, sealed: Opened) -> None:
        await keep_some(sealed)
        sealed.db.close()
        sealed.db = open_database(sealed.where, sealed.sink, Sealer({"newest": "the newest key", "new": "a key"}))
        assert await record_holds(sealed)
        await keep_some(sealed, 1)
        sealed.db.close()
        sealed.db = open_database(sealed.where, sealed.sink, Sealer({"newest": "the newest key"}))
        assert await record_holds(sealed)


class TestDatabaseItself:
    """Whatever code or hand comes along."""

    async def _request(self, opened: Opened) -> str:
        ask = Ask(FeedbackType.TEXT, {"title": "?"}, session_id=opened.session_id)
        asked = await opened.db.transact(ask_people, opened.person, ask, None)
        assert isinstance(asked, dict)
        return str(asked["id"])

    def _refused(self, opened: Opened, statement: str) -> None:
        with pytest.raises(REFUSALS, match=r"append-only|stays"):
            opened.change(statement)

    @pytest.mark.parametrize("table", ["audit", "events"])
    async def test_refuses_to_change_or_delete_a_record(self, opened: Opened, table: str) -> None:
        await self._request(opened)
        column = {"audit": "actor", "events": "frame"}[table]
        self._refused(opened, f"UPDATE {table} SET {column} = '-'")
        self._refused(opened, f"DELETE FROM {table}")

    @pytest.mark.parametrize(
        "change",
        ["status = 'pending'", "status = 'answered'", "response = '{}'", "closed = '{}'", "body = '{}'", "decided_at = 1"],
    )
    async def test_refuses_to_change_a_decided_request(self, opened: Opened, change: str) -> None:
        request_id = await self._request(opened)

        def cancel(tx: Tx) -> None:
            row = request_by_id(tx, request_id)
            assert row is not None
            assert close_request(tx, row, FeedbackStatus.CANCELLED, None, by=None, via="chat") is not None
            answered: Response = {"action": "submit", "by": {"id": "-", "name": "-"}, "via": "chat", "at": "-"}
            assert close_request(tx, row, FeedbackStatus.ANSWERED, answered, by=None, via="chat") is None

        await opened.db.transact(cancel)
        self._refused(opened, f"UPDATE feedback_requests SET {change}")
        self._refused(opened, f"DELETE FROM feedback_requests WHERE id = '{request_id}'")
