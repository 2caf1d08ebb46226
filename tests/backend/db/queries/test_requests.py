"""Lists of requests: each once, in whole order, by how they stand now; and never by reading all there are."""

from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from backend.core.decisions.withdraw import cancel_request
from backend.core.inbound import receive_answer
from backend.core.requests.ask import Ask, ask_people
from backend.db import Tx
from backend.db.queries import requests
from backend.db.queries.recipients import requests_seen_by, update_recipient
from backend.domain.policy import Policy
from backend.domain.states import FeedbackType
from backend.tools.registry import registry
from channels.contract import InboundAnswer
from tests.backend.conftest import Opened, OpenedSqlite

MANY = 2 * requests.PAGE + 20


async def ask(opened: Opened, title: str = "Deploy?") -> str:
    question = Ask(FeedbackType.CONFIRMATION, {"title": title, "prompt": "", "route": []})
    request: Any = await opened.db.transact(ask_people, opened.person, question, None)
    return str(request["id"])


def leave(tx: Tx, request_id: str, person_id: str, role: str) -> None:
    update_recipient(tx, request_id, person_id, role, status="left")


def page_of(tx: Tx, person_id: str, status: str | None, before: tuple[int, str] | None) -> requests.RequestPage:
    return requests.list_requests(tx, person_id, status=status, session_id=None, before=before)


async def listed(opened: Opened, status: str | None = None) -> list[list[str]]:
    """The ids on each page."""
    pages: list[list[str]] = []
    before: tuple[int, str] | None = None
    while before is not None or not pages:
        page = await opened.db.read(page_of, opened.person.id, status, before)
        pages.append([row.id for row in page.rows])
        at, _, id = page.next.partition("-")
        before = (int(at), id) if page.next else None
    return pages


class TestListRequests:
    async def test_gives_each_once_the_newest_first(self, opened: Opened) -> None:
        for _ in range(MANY):
            await ask(opened)
        opened.tamper("UPDATE feedback_requests SET created_at = created_at / 100 * 100")
        opened.tamper("UPDATE recipients SET asked_at = asked_at / 100 * 100")
        pages = await listed(opened)
        assert list(map(len, pages)) == [requests.PAGE, requests.PAGE, 20]
        in_order = opened.on_disk("SELECT id FROM feedback_requests ORDER BY created_at DESC, id DESC")
        assert [id for page in pages for id in page] == [id for (id,) in in_order]

    async def test_follows_how_they_stand(self, opened: Opened) -> None:
        answered, cancelled, pending = [await ask(opened) for _ in range(3)]
        answer = InboundAnswer("api", opened.person.id, answered, "approve")
        await opened.db.transact(receive_answer, opened.person, answer, registry, Policy({}))
        await opened.db.transact(cancel_request, opened.person, cancelled, "api")
        for status, ids in {"answered": [answered], "cancelled": [cancelled], "pending": [pending], "expired": []}.items():
            assert await listed(opened, status) == [ids]
        assert await listed(opened) == [[pending, cancelled, answered]]

    async def test_leaves_out_what_is_not_theirs_any_more(self, opened: Opened) -> None:
        kept, lost = [await ask(opened) for _ in range(2)]
        for role in ("owner", "decider"):
            await opened.db.transact(leave, lost, opened.person.id, role)
        assert await listed(opened, "pending") == [[kept]]

    @pytest.mark.parametrize("status", ["pending", None])
    async def test_reads_no_further_than_a_page(self, opened_sqlite: OpenedSqlite, status: str | None) -> None:
        page = requests_seen_by("person", status=status, before=(10, "id")).limit(51)
        sql = page.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in opened_sqlite.on_disk(f"EXPLAIN QUERY PLAN {sql}")]
        assert len(plan) == 1, f"nothing is sorted or looked through: {plan}"
        assert "COVERING INDEX" in plan[0] and "asked_at" in plan[0]
