"""Erasing is done in small steps, leaves alone what is under way, and cannot be told from nothing when there is nothing."""

import itertools
import json
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from backend.core.erasure import begin_erasure, erase_leaving_people, erasure_blocker
from backend.core.people.accounts import add_person, enable_person
from backend.core.retention import erase_old_sessions, has_expired_data
from backend.core.sessions.audit_chain import chain_is_intact
from backend.core.sessions.sessions import close_session, open_session
from backend.db import Tx
from backend.db.queries.erasure import BATCH, permit_erasure
from backend.db.queries.sessions import audit_chain
from backend.db.tables import events, executions, runs, sessions
from backend.domain.erasure import anonymized, anonymized_response, digest_of, erased_body, erased_detail
from backend.errors import Conflict, NotFound
from tests.backend.conftest import REFUSALS, Opened
from tests.support.frame_checks import check_frame

DAYS = 2
FRAMES = 3 * BATCH + 7
BODY: dict[str, Any] = {
    "title": "Pay Quentin?",
    "prompt": "canary",
    "requested_by": "Dana",
    "allowed_actions": ["approve", "reject"],
    "on_timeout": {"action": "approve", "values": {"x": "canary"}},
    "route": [{"channel": "slack", "wait_seconds": 1}],
    "action": {"tool": "make_payment", "args": {"to": "Quentin"}, "risk": "high", "digest": "d" * 64},
    "options": [{"value": "canary", "label": "canary"}],
    "fields": [{"name": "canary", "type": "text", "description": "", "required": True}],
    "checkpoint": "canary",
    "context": {"note": "canary"},
    "metadata": {"canary": 1},
}


def fill(tx: Tx, opened: Opened) -> None:
    """A closed session with many events, from three days ago."""
    for number in range(FRAMES):
        tx.emit(opened.session_id, {"type": "task_started", "content": "canary", "run_id": str(number)})


def age(tx: Tx, session_id: str) -> None:
    tx.execute(update(sessions).where(sessions.c.id == session_id).values(updated_at=tx.now - 3 * 24 * 3600 * 1000))


def start_call(tx: Tx, opened: Opened, status: str = "started", began: int | None = None) -> None:
    of = {"session_id": opened.session_id, "person_id": opened.person.id}
    tx.execute(insert(runs), {"id": "run_1", **of, "status": "cancelled", "settings": {}, "created_at": 1, "updated_at": 1})
    call = {"tool": "make_payment", "args": '{"amount":5}', "digest": "0" * 64}
    at = tx.now if began is None else began
    tx.execute(insert(executions), {"id": "exe_1", "run_id": "run_1", **call, "status": status, "started_at": at})


async def closed(opened: Opened) -> None:
    await opened.db.transact(close_session, opened.person, opened.session_id)
    await opened.db.transact(age, opened.session_id)


def count_events(tx: Tx) -> int:
    return int(tx.execute(select(func.count()).select_from(events)).scalar_one())


class TestBatches:
    async def test_are_small(self, opened: Opened) -> None:
        await opened.db.transact(fill, opened)
        await closed(opened)
        left = [await opened.db.read(count_events)]
        while await opened.db.transact(erase_old_sessions, DAYS):
            left.append(await opened.db.read(count_events))
        assert left[0] == FRAMES
        assert left[-1] == 0
        assert max(before - after for before, after in itertools.pairwise(left)) <= BATCH
        assert not await opened.db.read(has_expired_data, DAYS)

    async def test_are_none_where_everything_is_kept(self, opened: Opened) -> None:
        await opened.db.transact(fill, opened)
        await closed(opened)
        assert not await opened.db.read(has_expired_data, 0)
        assert not await opened.db.transact(erase_old_sessions, 0)
        assert await opened.db.read(count_events) == FRAMES

    async def test_leave_the_chain_whole_after_each(self, opened: Opened) -> None:
        def fail_often(tx: Tx) -> None:
            for n in range(BATCH + 50):
                tx.audit(opened.session_id, actor="-", via="chat", action="run.error", subject="-", error=str(n))

        await opened.db.transact(fail_often)
        await closed(opened)
        while await opened.db.transact(erase_old_sessions, DAYS):
            assert chain_is_intact(await opened.db.read(audit_chain, opened.session_id))
        rows = await opened.db.read(audit_chain, opened.session_id)
        assert sum("erased" in row.detail for row in rows) == BATCH + 50
        assert [row.action for row in rows][-1] == "session.erased"


class TestWhatIsUnderWay:
    @pytest.mark.parametrize(("status", "began"), [("started", None), ("unknown", None)])
    async def test_is_left_alone(self, opened: Opened, status: str, began: int | None) -> None:
        await closed(opened)
        await opened.db.transact(start_call, opened, status, began)
        assert not await opened.db.transact(erase_old_sessions, DAYS)
        assert opened.on_disk("SELECT args FROM executions") == [('{"amount":5}',)]

    async def test_goes_once_it_is_over(self, opened: Opened) -> None:
        await closed(opened)
        await opened.db.transact(start_call, opened, "unknown", 1)
        while await opened.db.transact(erase_old_sessions, DAYS):
            pass
        assert opened.on_disk("SELECT args, digest FROM executions") == [("", "0" * 64)]


class TestGuards:
    async def test_let_content_go_under_a_permit_of_the_same_session_alone(self, opened: Opened) -> None:
        await opened.db.transact(fill, opened)
        other = await opened.db.transact(open_session, opened.person, "other")

        def delete(tx: Tx, permitted: str) -> None:
            with permit_erasure(tx, permitted):
                tx.execute(events.delete())

        with pytest.raises(Exception, match="stays as it was sent"):
            await opened.db.transact(delete, other)
        await opened.db.transact(delete, opened.session_id)
        assert opened.on_disk("SELECT count(*) FROM erasure_permits") == [(0,)]

    @pytest.mark.parametrize("change", ["hash = '0'", "action = 'none'", "actor = 'nobody'", "at = 1"])
    async def test_let_no_fact_go_even_so(self, opened: Opened, change: str) -> None:
        opened.change("INSERT INTO erasure_permits (subject) VALUES (?)", opened.person.id)
        with pytest.raises(REFUSALS, match="append-only"):
            opened.change(f"UPDATE audit SET {change} WHERE scope = ?", opened.person.id)


class TestAPerson:
    async def test_goes_whole_and_stays_shut_out(self, opened: Opened) -> None:
        await opened.db.transact(fill, opened)
        assert await opened.db.transact(begin_erasure, "DANA@example.org") == opened.person.id
        assert await opened.db.transact(begin_erasure, opened.person.id) == opened.person.id
        while await opened.db.transact(erase_leaving_people):
            pass
        assert await opened.db.read(erasure_blocker, opened.person.id) is None
        assert opened.on_disk("SELECT name, email FROM people") == [("Erased", f"{opened.person.id}@erased.invalid")]
        assert opened.on_disk("SELECT count(*) FROM events") == [(0,)]
        with pytest.raises(Conflict, match="cannot be undone"):
            await opened.db.transact(enable_person, f"{opened.person.id}@erased.invalid")
        for scope in (opened.person.id, opened.session_id):
            assert chain_is_intact(await opened.db.read(audit_chain, scope))
        again = await opened.db.transact(add_person, email="dana@example.org", password_hash="-", name="Dana", role="member")
        assert again["id"] != opened.person.id

    async def test_waits_for_a_tool_that_runs_and_says_so(self, opened: Opened) -> None:
        await opened.db.transact(start_call, opened)
        await opened.db.transact(begin_erasure, opened.person.id)
        while await opened.db.transact(erase_leaving_people):
            pass
        assert "1 session is waiting" in str(await opened.db.read(erasure_blocker, opened.person.id))

    async def test_that_nobody_knows_is_refused(self, opened: Opened) -> None:
        with pytest.raises(NotFound, match="assent users list"):
            await opened.db.transact(begin_erasure, "usr_none")


class TestWhatIsLeft:
    def test_of_a_request_is_its_shape_and_a_digest(self) -> None:
        left = erased_body(BODY, "2026-11-27T00:00:00.000Z")
        assert not any(word in json.dumps(left) for word in ("canary", "Quentin", "Dana"))
        assert left["action"] == {"tool": "make_payment", "args": {}, "risk": "high", "digest": "d" * 64}
        assert left["erased"]["digest"] == digest_of(BODY)
        whole = {"id": "r", "session_id": "s", "run_id": None, "type": "confirmation", "status": "answered", "version": 1}
        rest: dict[str, Any] = {
            "created_at": "-",
            "due_at": None,
            "dead_letter": False,
            "deliveries": [],
            "response": None,
            "closed": None,
        }
        people = {"to": ["p"], "recipients": [{"id": "p", "name": "Erased"}]}
        check_frame(
            {"type": "feedback_resolved", "session_id": "s", "seq": 1, "ts": "-", "request": whole | left | people | rest}
        )

    def test_of_names_is_only_those_of_others(self) -> None:
        value = {"by": {"id": "a", "name": "Dana"}, "all": [{"id": "b", "name": "Bob"}], "name": "kept"}
        bare = {"by": {"id": "a", "name": "Erased"}, "all": [{"id": "b", "name": "Bob"}], "name": "kept"}
        assert anonymized(value, "a") == bare
        assert anonymized(value)["all"] == [{"id": "b", "name": "Erased"}]

    def test_of_an_answer_is_which_way_it_went(self) -> None:
        response = {"action": "edit", "by": {"id": "a", "name": "Dana"}, "via": "chat", "at": "-", "values": {"x": 1}}
        assert anonymized_response(response, "a") == {
            "action": "edit",
            "by": {"id": "a", "name": "Erased"},
            "via": "chat",
            "at": "-",
            "erased": digest_of(response),
        }
        assert anonymized_response(response, "b") == response
        assert anonymized_response(anonymized_response(response, "a"), "a") == anonymized_response(response, "a")

    def test_of_an_audit_entry_is_no_word_of_anybody(self) -> None:
        assert erased_detail({"decision": "approve", "digest": "d"}) is None
        left = erased_detail({"decision": "approve", "why": "canary"})
        assert left == {"decision": "approve", "erased": digest_of({"decision": "approve", "why": "canary"})}
