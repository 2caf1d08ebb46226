"""A worker's hand: what a channel said is kept, though the database be away for a moment."""

from collections.abc import Callable
from typing import Any

import pytest

from backend.core.deliveries import keep_failure, keep_sent, keep_settled
from backend.db.deliveries import due_deliveries
from backend.errors import Unavailable
from backend.worker import carry
from backend.worker.carry import Carrier
from channels.errors import Rejected
from tests.backend.conftest import Opened
from tests.support.away import Away
from tests.support.post import Post

ROUTE = [{"channel": "slack", "wait_seconds": 60}]


@pytest.fixture
async def post(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> Post:
    monkeypatch.setattr(carry, "KEEP_AGAIN_S", 0)
    office = Post(opened)
    await office.link("slack")
    return office


async def carry_while_away(post: Post, use_case: Callable[..., Any], times: int) -> None:
    """Carry what is due with a database that does not take `use_case` so many times."""
    (delivery,) = await post.opened.db.read(due_deliveries, 10)
    hand = post.carrier
    await Carrier(Away(hand.db, use_case, times), hand.channels, hand.policy, hand.url).carry(delivery)


class TestWhatCameOfATry:
    async def test_is_kept_once_the_database_is_back_and_sent_once(self, post: Post) -> None:
        id = await post.ask(route=ROUTE)
        await carry_while_away(post, keep_sent, 3)
        assert await post.trail(id) == [("slack", "sent")]
        await post.answer(id)
        await carry_while_away(post, keep_settled, 3)
        assert await post.trail(id) == [("slack", "settled")]
        assert (len(post.slack.sent), len(post.slack.settled)) == (1, 1)
        assert list(post.books().findings()) == []

    async def test_is_kept_too_where_it_failed(self, post: Post) -> None:
        post.slack.failures.append(Rejected("channel_not_found"))
        id = await post.ask(route=ROUTE)
        await carry_while_away(post, keep_failure, 3)
        assert await post.trail(id) == [("slack", "failed")]

    async def test_is_left_to_the_next_lease_where_the_database_stays_away(self, post: Post) -> None:
        id = await post.ask(route=ROUTE)
        with pytest.raises(Unavailable):
            await carry_while_away(post, keep_sent, 1000)
        assert await post.trail(id) == [("slack", "sending")]
        post.pass_time("slack", 61)
        await post.carry()
        assert await post.tries(id) == [("deliver", "unknown"), ("deliver", "sent")]
