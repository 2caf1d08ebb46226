"""A worker's hand: what a channel said is kept, though the database be away for a moment."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from backend.core.outbox.delivery_results import record_failure, record_sent, record_settled
from backend.db.queries.deliveries import due_deliveries
from backend.worker import retry_unavailable
from backend.worker.deliver import Deliverer
from backend.worker.lease_clock import LeaseTimer
from channels.errors import Rejected
from tests.backend.conftest import Opened
from tests.support.delivery_setup import Outbox
from tests.support.unavailable_database import UnavailableDatabase
from tests.support.waiting import wait_for

ROUTE = [{"channel": "slack", "wait_seconds": 60}]


@pytest.fixture
async def post(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    monkeypatch.setattr(retry_unavailable, "RETRY_S", 0)
    office = Outbox(opened)
    await office.link("slack")
    return office


async def carry_while_away(post: Outbox, use_case: Callable[..., Any], times: int) -> None:
    """Carry what is due with a database that does not take `use_case` so many times."""
    (delivery,) = await post.opened.db.read(due_deliveries, 10)
    hand = post.deliverer
    await Deliverer(UnavailableDatabase(hand.db, use_case, times), hand.channels, hand.policy, hand.url).deliver(delivery)


class TestWhatCameOfATry:
    async def test_is_kept_once_the_database_is_back_and_sent_once(self, post: Outbox) -> None:
        id = await post.ask(route=ROUTE)
        await carry_while_away(post, record_sent, 3)
        assert await post.trail(id) == [("slack", "sent")]
        await post.answer(id)
        await carry_while_away(post, record_settled, 3)
        assert await post.trail(id) == [("slack", "settled")]
        assert (len(post.slack.sent), len(post.slack.settled)) == (1, 1)
        assert list(post.books().findings()) == []

    async def test_is_kept_too_where_it_failed(self, post: Outbox) -> None:
        post.slack.failures.append(Rejected("channel_not_found"))
        id = await post.ask(route=ROUTE)
        await carry_while_away(post, record_failure, 3)
        assert await post.trail(id) == [("slack", "failed")]

    async def test_is_kept_however_long_the_database_is_away(self, post: Outbox) -> None:
        id = await post.ask(route=ROUTE)
        await carry_while_away(post, record_sent, 1000)
        assert await post.trail(id) == [("slack", "sent")]
        assert await post.tries(id) == [("deliver", "sent")]


class TestAWorkerThatWasStopped:
    async def test_before_it_sends_leaves_it_to_whoever_has_it_now(self, post: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
        id = await post.ask(route=ROUTE)
        (delivery,) = await post.opened.db.read(due_deliveries, 10)
        monkeypatch.setattr(LeaseTimer, "left", lambda self: -1.0)
        await post.deliverer.deliver(delivery)
        assert post.slack.sent == [] and await post.trail(id) == [("slack", "sending")]

    async def test_in_order_while_it_sends_hands_over(self, post: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
        id = await post.ask(route=ROUTE)
        (delivery,) = await post.opened.db.read(due_deliveries, 10)
        begun, never = asyncio.Event(), asyncio.Event()

        async def hang(*_: object) -> None:
            begun.set()
            await never.wait()

        monkeypatch.setattr(post.slack, "deliver", hang)
        work = asyncio.create_task(post.deliverer.deliver(delivery))
        await wait_for(begun.wait())
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wait_for(work)
        assert await post.trail(id) == [("slack", "retry_wait")]
        assert await post.opened.db.read(due_deliveries, 10) == [delivery]
