"""How many statements the busiest use cases take: on SQLite each costs CPU, on PostgreSQL also the way to the server."""

from collections.abc import Callable
from typing import Any

import pytest

from backend.api.routes.feedback import list_page
from backend.core.inbound import receive_answer
from backend.core.requests.ask import Ask, ask_people
from backend.db import Tx
from backend.domain.policy import Policy
from backend.domain.states import FeedbackType
from backend.tools.registry import registry
from channels.contract import InboundAnswer
from tests.backend.conftest import Opened

Counted = Callable[[], int]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """How many statements were run since the last call."""
    run: list[Any] = []
    execute = Tx.execute

    def count(tx: Tx, statement: Any, parameters: Any = None) -> Any:
        run.append(statement)
        return execute(tx, statement, parameters)

    def since() -> int:
        number = len(run)
        run.clear()
        return number

    monkeypatch.setattr(Tx, "execute", count)
    return since


async def test_an_ask_and_its_answer_take_few(opened: Opened, counted: Counted) -> None:
    question = Ask(FeedbackType.CONFIRMATION, {"title": "Deploy?", "prompt": "", "route": []})
    request: Any = await opened.db.transact(ask_people, opened.person, question, None)
    assert counted() == 9
    answer = InboundAnswer("api", opened.person.id, request["id"], "approve")
    decided: Any = await opened.db.transact(receive_answer, opened.person, answer, registry, Policy({}))
    assert decided["status"] == "answered"
    assert counted() == 11


async def test_a_page_of_requests_takes_as_many_as_one_request(opened: Opened, counted: Counted) -> None:
    question = Ask(FeedbackType.CONFIRMATION, {"title": "Deploy?", "prompt": "", "route": []})
    for many in (1, 20):
        for _ in range(many):
            await opened.db.transact(ask_people, opened.person, question, None)
        counted()
        page = await opened.db.read(list_page, opened.person, "pending", None, None)
        assert len(page["items"]) == 1 + (many > 1) * many
        assert counted() == 4
