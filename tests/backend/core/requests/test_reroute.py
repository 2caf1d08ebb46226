"""Routing by hand: a request is asked on another channel because a person said so, on both databases."""

from backend.core.requests.reroute import reroute_request
from channels.errors import Retryable
from tests.support.delivery_setup import SET_UP, Outbox


class TestReroute:
    async def test_asks_on_another_channel_now_and_keeps_what_was_sent(self, post: Outbox) -> None:
        id = await post.ask()
        await post.deliver_due()
        await post.opened.db.transact(reroute_request, post.person, id, "email", SET_UP)
        await post.deliver_due()
        assert await post.trail(id) == [("chat", "sent"), ("slack", "sent"), ("email", "sent")]
        await post.answer(id, via="slack")
        await post.deliver_due()
        assert {status for _, status in await post.trail(id)} == {"settled"}

    async def test_drops_what_was_waiting_to_be_tried_again(self, post: Outbox) -> None:
        post.slack.failures.append(Retryable("busy"))
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        await post.deliver_due()
        await post.opened.db.transact(reroute_request, post.person, id, "email", SET_UP)
        await post.deliver_due()
        assert await post.trail(id) == [("slack", "failed"), ("email", "sent")]
