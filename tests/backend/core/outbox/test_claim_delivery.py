"""A copy on its way: every rule of retries, of settling, of leases and of risk, on both databases."""

import asyncio

import pytest

from backend.core.outbox.claim_delivery import claim_delivery
from backend.core.outbox.delivery_results import record_sent, release_delivery
from backend.core.people.accounts import add_person
from backend.core.requests.reroute import reroute_request
from backend.db.queries.deliveries import due_deliveries
from backend.domain.people import Person
from backend.errors import Forbidden
from channels.contract import DeliveryReceipt
from channels.errors import Rejected, Retryable
from channels.escalation import MAX_ATTEMPTS
from tests.support.delivery_setup import POLICY, SET_UP, URL, Outbox


class TestRetries:
    async def test_stay_on_the_channel_and_are_all_on_record(self, post: Outbox) -> None:
        post.slack.failures += [Retryable("busy"), Retryable("busy")]
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        for _ in range(3):
            await post.deliver_due()
            post.pass_time("slack", 60)
        assert await post.tries(id) == [("deliver", "failed"), ("deliver", "failed"), ("deliver", "sent")]
        assert (await post.request(id))["deliveries"][0]["attempts"] == 3

    async def test_end_and_the_next_channel_is_asked(self, post: Outbox) -> None:
        post.slack.failures += [Retryable("busy")] * MAX_ATTEMPTS
        id = await post.ask()
        for _ in range(MAX_ATTEMPTS):
            await post.deliver_due()
            post.pass_time("slack", 60)
        await post.deliver_due()
        assert await post.trail(id) == [("chat", "sent"), ("slack", "failed"), ("email", "sent")]

    async def test_honour_a_long_wait_while_the_next_channel_is_asked(self, post: Outbox) -> None:
        post.slack.failures.append(Retryable("slow down", after=120))
        id = await post.ask()
        await post.deliver_due()
        assert await post.trail(id) == [("chat", "sent"), ("slack", "retry_wait"), ("email", "sent")]
        post.pass_time("slack", 119)
        await post.deliver_due()
        assert len(post.slack.sent) == 0
        post.pass_time("slack", 2)
        await post.deliver_due()
        assert len(post.slack.sent) == 1
        await post.answer(id)
        await post.deliver_due()
        assert {status for _, status in await post.trail(id)} == {"settled"}

    async def test_after_an_unknown_outcome_are_told_so(self, post: Outbox) -> None:
        post.slack.failures.append(Retryable("time-out after the post", unknown=True))
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        await post.deliver_due()
        post.pass_time("slack", 60)
        await post.deliver_due()
        _, _, earlier = post.slack.sent[0]
        assert earlier is not None and earlier["request_id"] == id and earlier["since"] > 0
        assert await post.tries(id) == [("deliver", "unknown"), ("deliver", "sent")]

    async def test_look_for_what_any_earlier_one_may_have_left(self, post: Outbox) -> None:
        post.slack.failures += [Retryable("time-out", unknown=True), Retryable("time-out", unknown=True), Retryable("busy")]
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        for _ in range(4):
            await post.deliver_due()
            post.pass_time("slack", 60)
        assert [outcome for _, outcome in await post.tries(id)] == ["unknown", "unknown", "failed", "sent"]
        ((first,),) = post.opened.on_disk("SELECT MIN(began_at) FROM delivery_attempts")
        _, _, earlier = post.slack.sent[0]
        assert earlier == {"request_id": id, "since": first}
        await post.answer(id)
        await post.deliver_due()
        assert [left for *_, left in post.slack.settled] == [earlier]


class TestSettling:
    async def test_rewrites_every_copy_once(self, post: Outbox) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 0}, {"channel": "email", "wait_seconds": 60}])
        await post.deliver_due()
        await post.answer(id, via="email")
        await post.deliver_due()
        await post.deliver_due()
        assert [question.request["status"] for question, *_ in post.slack.settled + post.email.settled] == ["answered"] * 2
        assert post.slack.settled[0][2].ref == {"n": 1}
        assert await post.trail(id) == [("slack", "settled"), ("email", "settled")]

    async def test_sends_nothing_any_more(self, post: Outbox) -> None:
        id = await post.ask()
        await post.answer(id)
        await post.deliver_due()
        assert post.slack.sent == [] and await post.trail(id) == [("chat", "settled")]

    async def test_closes_a_copy_that_was_being_sent_meanwhile(self, post: Outbox) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        (delivery,) = await post.opened.db.read(due_deliveries, 10)
        work = await post.opened.db.transact(claim_delivery, delivery, POLICY, URL, SET_UP)
        assert work is not None
        await post.answer(id)
        await post.opened.db.transact(record_sent, work, DeliveryReceipt({"n": 7}))
        await post.deliver_due()
        assert [receipt.ref for _, _, receipt, _ in post.slack.settled] == [{"n": 7}]

    async def test_leaves_what_the_web_chat_is_being_told_to_whoever_tells_it(self, post: Outbox) -> None:
        id = await post.ask()
        await post.deliver_due()
        await post.opened.db.transact(reroute_request, post.person, id, "chat", SET_UP)
        (delivery,) = await post.opened.db.read(due_deliveries, 10)
        work = await post.opened.db.transact(claim_delivery, delivery, POLICY, URL, SET_UP)
        assert work is not None
        await post.answer(id)
        assert await post.trail(id) == [("chat", "settled"), ("slack", "sent"), ("chat", "sending")]
        await post.opened.db.transact(record_sent, work, DeliveryReceipt({"n": 7}))
        assert list(post.books().findings()) == []
        await post.deliver_due()
        assert [receipt.ref for _, _, receipt, _ in post.chat.settled] == [{"n": 7}]

    async def test_that_fails_for_good_is_on_record(self, post: Outbox) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        await post.deliver_due()
        post.slack.failures.append(Rejected("message_not_found"))
        await post.answer(id)
        await post.deliver_due()
        (copy,) = (await post.request(id))["deliveries"]
        assert copy["status"] == "settled" and copy["error"] == "Could not be updated: message_not_found"

    async def test_is_tried_again_while_it_may_work(self, post: Outbox) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        await post.deliver_due()
        post.slack.failures.append(Retryable("busy"))
        await post.answer(id)
        await post.deliver_due()
        post.pass_time("slack", 60)
        await post.deliver_due()
        assert await post.trail(id) == [("slack", "settled")] and len(post.slack.settled) == 1


class TestLease:
    async def test_is_held_by_one_worker(self, post: Outbox) -> None:
        await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        (delivery,) = await post.opened.db.read(due_deliveries, 10)
        await asyncio.gather(*(post.deliverer.deliver(delivery) for _ in range(8)))
        assert len(post.slack.sent) == 1

    async def test_that_lapsed_is_taken_over_and_cannot_commit_any_more(self, post: Outbox) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        (delivery,) = await post.opened.db.read(due_deliveries, 10)
        stale = await post.opened.db.transact(claim_delivery, delivery, POLICY, URL, SET_UP)
        assert stale is not None
        assert await post.opened.db.read(due_deliveries, 10) == []
        post.pass_time("slack", 61)
        await post.deliver_due()
        assert post.slack.sent[0][2] is not None, "the second worker is told that a first one may have sent it"
        await post.opened.db.transact(record_sent, stale, DeliveryReceipt({"n": 1}))
        assert await post.tries(id) == [("deliver", "unknown"), ("deliver", "sent")]

    @pytest.mark.parametrize("decided", [False, True], ids=["before the decision", "after it"])
    async def test_that_lapsed_while_a_message_went_out_leaves_two_to_be_closed(self, post: Outbox, decided: bool) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        (delivery,) = await post.opened.db.read(due_deliveries, 10)
        slept = await post.opened.db.transact(claim_delivery, delivery, POLICY, URL, SET_UP)
        assert slept is not None
        post.pass_time("slack", 61)
        await post.deliver_due()
        if decided:
            await post.answer(id)
            await post.deliver_due()
        await post.opened.db.transact(record_sent, slept, DeliveryReceipt({"n": "late"}))
        if not decided:
            assert list(post.books().findings()) == []
            await post.answer(id)
        await post.deliver_due()
        assert sorted(str(receipt.ref["n"]) for _, _, receipt, _ in post.slack.settled) == ["1", "late"]
        assert await post.trail(id) == [("slack", "settled")] * 2
        assert list(post.books().findings()) == []

    async def test_of_five_workers_that_died_is_the_end_of_the_step(self, post: Outbox) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}, {"channel": "email", "wait_seconds": 60}])
        for _ in range(MAX_ATTEMPTS):
            (delivery,) = await post.opened.db.read(due_deliveries, 10)
            assert await post.opened.db.transact(claim_delivery, delivery, POLICY, URL, SET_UP) is not None
            post.pass_time("slack", 61)
        await post.deliver_due()
        assert await post.trail(id) == [("slack", "failed"), ("email", "sent")]
        assert post.slack.sent == []


class TestAWorkerThatEnds:
    async def test_in_the_middle_of_a_try_takes_none_of_the_tries_away(self, post: Outbox) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        post.slack.failures += [Retryable("busy")] * (MAX_ATTEMPTS - 1)
        for _ in range(MAX_ATTEMPTS - 1):
            (delivery,) = await post.opened.db.read(due_deliveries, 10)
            assert await post.opened.db.transact(claim_delivery, delivery, POLICY, URL, SET_UP) is not None
            post.pass_time("slack", 61)
            await post.deliver_due()
            post.pass_time("slack", 61)
        await post.deliver_due()
        assert await post.trail(id) == [("slack", "sent")]

    async def test_in_order_hands_its_try_over_and_that_is_no_death(self, post: Outbox) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        for _ in range(MAX_ATTEMPTS + 1):
            (delivery,) = await post.opened.db.read(due_deliveries, 10)
            work = await post.opened.db.transact(claim_delivery, delivery, POLICY, URL, SET_UP)
            assert work is not None
            await post.opened.db.transact(release_delivery, work)
            assert delivery in post.opened.rung
        await post.deliver_due()
        assert await post.trail(id) == [("slack", "sent")]
        assert post.slack.sent[0][2] is not None, "one of them may have sent it"


class TestRisk:
    async def test_too_high_for_a_channel_is_shown_there_and_decided_elsewhere(self, post: Outbox) -> None:
        action = {"tool": "deploy", "args": {}, "risk": "high"}
        id = await post.ask(action=action, route=[{"channel": "email", "wait_seconds": 60}])
        await post.deliver_due()
        assert post.email.sent[0][0].decidable is False
        with pytest.raises(Forbidden, match="cannot be approved by email"):
            await post.answer(id, via="email")
        assert (await post.answer(id, action="reject", via="email"))["status"] == "answered"

    async def test_is_no_matter_for_somebody_who_is_not_asked(self, post: Outbox) -> None:
        other = await post.opened.db.transact(add_person, email="bo@example.org", password_hash="-", name="Bo", role="member")
        id = await post.ask(to=[str(other["id"])])
        refusal = await post.answer(id)
        assert isinstance(refusal, Forbidden) and "Only Bo can answer" in refusal.detail
        assert (await post.answer(id, by=Person(str(other["id"]), "Bo")))["status"] == "answered"
