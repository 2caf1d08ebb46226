"""How the whole stands, read from the rows on both databases."""

import pytest

from backend.core.gauges import database_gauges
from backend.core.outbox.claim_delivery import claim_delivery
from backend.db import CountAttempt, MeasureDuration
from backend.db.queries.deliveries import due_deliveries
from channels.errors import Rejected, Retryable
from tests.backend.conftest import Opened
from tests.support.delivery_setup import POLICY, SET_UP, URL, Outbox

ROUTE = [{"channel": "slack", "wait_seconds": 60}]


@pytest.fixture
async def post(opened: Opened) -> Outbox:
    office = Outbox(opened)
    await office.link("slack", "email")
    return office


class TestStanding:
    async def test_of_an_empty_house_is_all_nought(self, opened: Opened) -> None:
        assert set((await opened.db.read(database_gauges)).values()) == {0}

    async def test_counts_what_waits_and_what_reached_nobody(self, post: Outbox) -> None:
        post.slack.failures.append(Rejected("not_in_channel"))
        dead, answered = await post.ask(route=ROUTE), await post.ask(route=ROUTE)
        await post.deliver_due()
        assert (await post.request(dead))["dead_letter"]
        seen = await post.opened.db.read(database_gauges)
        assert (seen["pending_requests"], seen["dead_letters"]) == (2, 1)
        await post.answer(answered)
        seen = await post.opened.db.read(database_gauges)
        assert (seen["pending_requests"], seen["dead_letters"]) == (1, 1)

    async def test_tells_how_long_a_delivery_is_due_and_a_lease_held(self, post: Outbox) -> None:
        await post.ask(route=ROUTE)
        post.pass_time("slack", 40)
        assert (await post.opened.db.read(database_gauges))["oldest_due_delivery_seconds"] >= 40
        (delivery,) = await post.opened.db.read(due_deliveries, 10)
        assert await post.opened.db.transact(claim_delivery, delivery, POLICY, URL, SET_UP) is not None
        post.pass_time("slack", 50)
        seen = await post.opened.db.read(database_gauges)
        assert seen["oldest_due_delivery_seconds"] == 0 and seen["oldest_lease_seconds"] >= 50


class TestMeasuring:
    async def test_tells_of_a_try_that_a_worker_left_behind(self, post: Outbox) -> None:
        await post.ask(route=ROUTE)
        (delivery,) = await post.opened.db.read(due_deliveries, 10)
        assert await post.opened.db.transact(claim_delivery, delivery, POLICY, URL, SET_UP) is not None
        post.pass_time("slack", 61)
        await post.deliver_due()
        told = [effect for effect in post.opened.sent if isinstance(effect, CountAttempt)]
        assert told == [CountAttempt("slack", "deliver", "unknown"), CountAttempt("slack", "deliver", "sent")]

    async def test_tells_every_try_after_it_is_on_record(self, post: Outbox) -> None:
        post.slack.failures += [Retryable("busy"), Retryable("time-out", unknown=True)]
        id = await post.ask(route=ROUTE)
        for _ in range(3):
            await post.deliver_due()
            post.pass_time("slack", 60)
        await post.answer(id, via="slack")
        await post.deliver_due()
        told = [effect for effect in post.opened.sent if isinstance(effect, CountAttempt | MeasureDuration)]
        assert [(each.verb, each.outcome) for each in told if isinstance(each, CountAttempt)] == [
            ("deliver", "failed"),
            ("deliver", "unknown"),
            ("deliver", "sent"),
            ("settle", "settled"),
        ]
        on_disk = post.opened.on_disk("SELECT verb, outcome FROM delivery_attempts ORDER BY n")
        assert on_disk == [(each.verb, each.outcome) for each in told if isinstance(each, CountAttempt)]
        assert [(each.what, each.channel) for each in told if isinstance(each, MeasureDuration)] == [
            ("time_to_deliver", "slack"),
            ("time_to_answer", "slack"),
        ]
