"""A question on its way: every rule of the ladder, of retries, of settling and of leases, on both databases."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from backend.core.connections import leave
from backend.core.deliveries import claim_delivery, keep_sent
from backend.core.feedback import see_request
from backend.core.people import add_person
from backend.core.routing import reroute_request, retry_request
from backend.db.connections import linked_accounts
from backend.db.deliveries import due_deliveries
from backend.domain.people import Person
from backend.errors import Conflict, Forbidden
from channels.contract import Receipt
from channels.errors import ChannelError, Disconnected, Rejected, Retryable
from channels.manager import TRIES
from tests.backend.conftest import Opened
from tests.support.post import POLICY, URL, Post

SET_UP = frozenset({"chat", "slack", "email"})


@pytest.fixture
async def post(opened: Opened) -> AsyncIterator[Post]:
    """Its books are read after each test."""
    office = Post(opened)
    await office.link("slack", "email")
    yield office
    assert list(office.books().findings()) == []


class TestLadder:
    async def test_passes_the_web_chat_at_once_where_nobody_is_there(self, post: Post) -> None:
        id = await post.ask()
        await post.carry()
        assert await post.trail(id) == [("chat", "sent"), ("slack", "sent")]
        question, to, earlier = post.slack.sent[0]
        assert (question.request["id"], question.link, to.account, earlier) == (id, f"{URL}/r/{id}", "slack/dana", None)

    async def test_gives_whoever_is_there_a_moment_to_see_it(self, post: Post) -> None:
        await post.come()
        id = await post.ask()
        await post.carry()
        assert await post.trail(id) == [("chat", "sent")]
        post.pass_time("chat", 6)
        await post.carry()
        assert await post.trail(id) == [("chat", "sent"), ("slack", "sent")]

    async def test_waits_for_whoever_has_seen_it_and_then_goes_on(self, post: Post) -> None:
        await post.come()
        id = await post.ask()
        await post.opened.db.transact(see_request, post.person, id)
        post.pass_time("chat", 14 * 60)
        await post.carry()
        assert await post.trail(id) == [("chat", "seen")]
        post.pass_time("chat", 61)
        await post.carry()
        assert await post.trail(id) == [("chat", "seen"), ("slack", "sent")]

    async def test_goes_on_when_an_answer_stays_out(self, post: Post) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}, {"channel": "email", "wait_seconds": 60}])
        await post.carry()
        assert await post.trail(id) == [("slack", "sent")]
        post.pass_time("slack", 61)
        await post.carry()
        assert await post.trail(id) == [("slack", "sent"), ("email", "sent")]
        post.pass_time("email", 61)
        await post.carry()
        assert not (await post.request(id))["dead_letter"], "it reached somebody, twice"

    @pytest.mark.parametrize("error", [Rejected("channel_not_found"), Disconnected("token_revoked")])
    async def test_leaves_a_channel_at_once_that_will_never_take_it(self, post: Post, error: ChannelError) -> None:
        post.slack.failures.append(error)
        id = await post.ask()
        await post.carry()
        assert await post.trail(id) == [("chat", "sent"), ("slack", "failed"), ("email", "sent")]
        assert (await post.request(id))["deliveries"][1]["error"] == error.reason

    async def test_marks_a_connection_that_is_gone_and_builds_no_ladder_on_it(self, post: Post) -> None:
        post.slack.failures.append(Disconnected("token_revoked"))
        await post.ask()
        await post.carry()
        linked = {row.channel: row for row in await post.opened.db.read(linked_accounts, post.person.id)}
        assert (linked["slack"].status, linked["slack"].error) == ("disconnected", "token_revoked")
        second = await post.ask()
        await post.carry()
        assert await post.trail(second) == [("chat", "sent"), ("email", "sent")]

    async def test_calls_a_connection_degraded_that_did_not_take_it_and_well_again_once_it_does(self, post: Post) -> None:
        async def status() -> list[tuple[str, str | None]]:
            rows = await post.opened.db.read(linked_accounts, post.person.id)
            return [(row.status, row.error) for row in rows if row.channel == "slack"]

        post.slack.failures.append(Rejected("is_archived"))
        await post.ask()
        await post.carry()
        assert await status() == [("degraded", "is_archived")]
        await post.ask()
        await post.carry()
        assert await status() == [("connected", None)]

    async def test_says_at_once_that_no_account_is_linked(self, opened: Opened) -> None:
        office = Post(opened)
        id = await office.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        await office.carry()
        request = await office.request(id)
        assert request["dead_letter"] and "No account is linked" in request["deliveries"][0]["error"]

    async def test_says_at_once_that_a_channel_is_not_set_up_here(self, opened: Opened) -> None:
        office = Post(opened)
        id = await office.ask(route=[{"channel": "console", "wait_seconds": 60}])
        await office.carry()
        (copy,) = (await office.request(id))["deliveries"]
        assert (copy["status"], copy["error"]) == ("failed", "The channel console is not set up on this server.")


class TestRetries:
    async def test_stay_on_the_channel_and_are_all_on_record(self, post: Post) -> None:
        post.slack.failures += [Retryable("busy"), Retryable("busy")]
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        for _ in range(3):
            await post.carry()
            post.pass_time("slack", 60)
        assert await post.tries(id) == [("deliver", "failed"), ("deliver", "failed"), ("deliver", "sent")]
        assert (await post.request(id))["deliveries"][0]["attempts"] == 3

    async def test_end_and_the_next_channel_is_asked(self, post: Post) -> None:
        post.slack.failures += [Retryable("busy")] * TRIES
        id = await post.ask()
        for _ in range(TRIES):
            await post.carry()
            post.pass_time("slack", 60)
        await post.carry()
        assert await post.trail(id) == [("chat", "sent"), ("slack", "failed"), ("email", "sent")]

    async def test_honour_a_long_wait_while_the_next_channel_is_asked(self, post: Post) -> None:
        post.slack.failures.append(Retryable("slow down", after=120))
        id = await post.ask()
        await post.carry()
        assert await post.trail(id) == [("chat", "sent"), ("slack", "retry_wait"), ("email", "sent")]
        post.pass_time("slack", 119)
        await post.carry()
        assert len(post.slack.sent) == 0
        post.pass_time("slack", 2)
        await post.carry()
        assert len(post.slack.sent) == 1
        await post.answer(id)
        await post.carry()
        assert {status for _, status in await post.trail(id)} == {"settled"}

    async def test_after_an_unknown_outcome_are_told_so(self, post: Post) -> None:
        post.slack.failures.append(Retryable("time-out after the post", unknown=True))
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        await post.carry()
        post.pass_time("slack", 60)
        await post.carry()
        _, _, earlier = post.slack.sent[0]
        assert earlier is not None and earlier["request_id"] == id and earlier["since"] > 0
        assert await post.tries(id) == [("deliver", "unknown"), ("deliver", "sent")]

    async def test_look_for_what_any_earlier_one_may_have_left(self, post: Post) -> None:
        post.slack.failures += [Retryable("time-out", unknown=True), Retryable("time-out", unknown=True), Retryable("busy")]
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        for _ in range(4):
            await post.carry()
            post.pass_time("slack", 60)
        assert [outcome for _, outcome in await post.tries(id)] == ["unknown", "unknown", "failed", "sent"]
        ((first,),) = post.opened.on_disk("SELECT MIN(began_at) FROM delivery_attempts")
        _, _, earlier = post.slack.sent[0]
        assert earlier == {"request_id": id, "since": first}


class TestDeadLetter:
    async def test_is_what_every_channel_refused_with_each_reason(self, post: Post) -> None:
        post.slack.failures.append(Rejected("not_in_channel"))
        post.email.failures.append(Rejected("mailbox full"))
        id = await post.ask()
        await post.carry()
        request = await post.request(id)
        assert request["dead_letter"] and request["status"] == "pending"
        errors = [copy.get("error") for copy in request["deliveries"]]
        assert errors[1:] == ["not_in_channel", "mailbox full"]

    async def test_can_be_tried_again_along_the_same_ladder(self, post: Post) -> None:
        post.slack.failures.append(Rejected("not_in_channel"))
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        await post.carry()
        again = await post.opened.db.transact(retry_request, post.person, id)
        assert again["dead_letter"] is False
        await post.carry()
        assert await post.trail(id) == [("slack", "failed"), ("slack", "sent")]
        with pytest.raises(Conflict, match="only a dead letter"):
            await post.opened.db.transact(retry_request, post.person, id)

    async def test_comes_alive_when_somebody_sees_it(self, opened: Opened) -> None:
        office = Post(opened)
        id = await office.ask()
        office.pass_time("chat", 6)
        await office.carry()
        assert (await office.request(id))["dead_letter"]
        await opened.db.transact(see_request, office.person, id)
        assert (await office.request(id))["dead_letter"] is False

    async def test_is_not_called_while_somebody_has_the_web_app_open(self, opened: Opened) -> None:
        office = Post(opened)
        await office.come()
        id = await office.ask()
        office.pass_time("chat", 6)
        await office.carry()
        assert not (await office.request(id))["dead_letter"]
        await opened.db.transact(leave, "soc_1")
        office.pass_time("chat", 31)
        await office.carry()
        assert (await office.request(id))["dead_letter"]

    async def test_needs_that_nobody_of_those_asked_was_reached(self, post: Post) -> None:
        other = await post.opened.db.transact(add_person, email="bo@example.org", password_hash="-", name="Bo", role="member")
        id = await post.ask(to=[post.person.id, str(other["id"])])
        await post.carry()
        post.pass_time("chat", 6)
        await post.carry()
        request = await post.request(id)
        assert not request["dead_letter"], "Dana has it in Slack"


class TestReroute:
    async def test_asks_on_another_channel_now_and_keeps_what_was_sent(self, post: Post) -> None:
        id = await post.ask()
        await post.carry()
        await post.opened.db.transact(reroute_request, post.person, id, "email", SET_UP)
        await post.carry()
        assert await post.trail(id) == [("chat", "sent"), ("slack", "sent"), ("email", "sent")]
        await post.answer(id, via="slack")
        await post.carry()
        assert {status for _, status in await post.trail(id)} == {"settled"}

    async def test_drops_what_was_waiting_to_be_tried_again(self, post: Post) -> None:
        post.slack.failures.append(Retryable("busy"))
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        await post.carry()
        await post.opened.db.transact(reroute_request, post.person, id, "email", SET_UP)
        await post.carry()
        assert await post.trail(id) == [("slack", "failed"), ("email", "sent")]


class TestSettling:
    async def test_rewrites_every_copy_once(self, post: Post) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 0}, {"channel": "email", "wait_seconds": 60}])
        await post.carry()
        await post.answer(id, via="email")
        await post.carry()
        await post.carry()
        assert [question.request["status"] for question, _, _ in post.slack.settled + post.email.settled] == ["answered"] * 2
        assert post.slack.settled[0][2].ref == {"n": 1}
        assert await post.trail(id) == [("slack", "settled"), ("email", "settled")]

    async def test_sends_nothing_any_more(self, post: Post) -> None:
        id = await post.ask()
        await post.answer(id)
        await post.carry()
        assert post.slack.sent == [] and await post.trail(id) == [("chat", "settled")]

    async def test_closes_a_copy_that_was_being_sent_meanwhile(self, post: Post) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        (delivery,) = await post.opened.db.read(due_deliveries, 10)
        work = await post.opened.db.transact(claim_delivery, delivery, POLICY, URL, ("slack", "email", "chat"))
        assert work is not None
        await post.answer(id)
        await post.opened.db.transact(keep_sent, work, Receipt({"n": 7}))
        await post.carry()
        assert [receipt.ref for _, _, receipt in post.slack.settled] == [{"n": 7}]

    async def test_leaves_what_the_web_chat_is_being_told_to_whoever_tells_it(self, post: Post) -> None:
        id = await post.ask()
        await post.carry()
        await post.opened.db.transact(reroute_request, post.person, id, "chat", SET_UP)
        (delivery,) = await post.opened.db.read(due_deliveries, 10)
        work = await post.opened.db.transact(claim_delivery, delivery, POLICY, URL, ("slack", "email", "chat"))
        assert work is not None
        await post.answer(id)
        assert await post.trail(id) == [("chat", "settled"), ("slack", "sent"), ("chat", "sending")]
        await post.opened.db.transact(keep_sent, work, Receipt({"n": 7}))
        assert list(post.books().findings()) == []
        await post.carry()
        assert [receipt.ref for _, _, receipt in post.chat.settled] == [{"n": 7}]

    async def test_that_fails_for_good_is_on_record(self, post: Post) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        await post.carry()
        post.slack.failures.append(Rejected("message_not_found"))
        await post.answer(id)
        await post.carry()
        (copy,) = (await post.request(id))["deliveries"]
        assert copy["status"] == "settled" and copy["error"] == "Could not be closed: message_not_found"

    async def test_is_tried_again_while_it_may_work(self, post: Post) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        await post.carry()
        post.slack.failures.append(Retryable("busy"))
        await post.answer(id)
        await post.carry()
        post.pass_time("slack", 60)
        await post.carry()
        assert await post.trail(id) == [("slack", "settled")] and len(post.slack.settled) == 1


class TestLease:
    async def test_is_held_by_one_worker(self, post: Post) -> None:
        await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        (delivery,) = await post.opened.db.read(due_deliveries, 10)
        await asyncio.gather(*(post.carrier.carry(delivery) for _ in range(8)))
        assert len(post.slack.sent) == 1

    async def test_that_lapsed_is_taken_over_and_cannot_commit_any_more(self, post: Post) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        (delivery,) = await post.opened.db.read(due_deliveries, 10)
        stale = await post.opened.db.transact(claim_delivery, delivery, POLICY, URL, ("slack", "email", "chat"))
        assert stale is not None
        assert await post.opened.db.read(due_deliveries, 10) == []
        post.pass_time("slack", 61)
        await post.carry()
        assert post.slack.sent[0][2] is not None, "the second worker is told that a first one may have sent it"
        await post.opened.db.transact(keep_sent, stale, Receipt({"n": "stale"}))
        await post.answer(id)
        await post.carry()
        assert [receipt.ref for _, _, receipt in post.slack.settled] == [{"n": 1}]
        assert await post.tries(id) == [("deliver", "unknown"), ("deliver", "sent"), ("settle", "settled")]

    async def test_of_five_workers_that_died_is_the_end_of_the_step(self, post: Post) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}, {"channel": "email", "wait_seconds": 60}])
        for _ in range(TRIES):
            (delivery,) = await post.opened.db.read(due_deliveries, 10)
            assert await post.opened.db.transact(claim_delivery, delivery, POLICY, URL, ("slack", "email", "chat")) is not None
            post.pass_time("slack", 61)
        await post.carry()
        assert await post.trail(id) == [("slack", "failed"), ("email", "sent")]
        assert post.slack.sent == []


class TestRisk:
    async def test_too_high_for_a_channel_is_shown_there_and_decided_elsewhere(self, post: Post) -> None:
        action = {"tool": "deploy", "args": {}, "risk": "high"}
        id = await post.ask(action=action, route=[{"channel": "email", "wait_seconds": 60}])
        await post.carry()
        assert post.email.sent[0][0].decidable is False
        with pytest.raises(Forbidden, match="cannot be approved by email"):
            await post.answer(id, via="email")
        assert (await post.answer(id, action="reject", via="email"))["status"] == "answered"

    async def test_is_no_matter_for_somebody_who_is_not_asked(self, post: Post) -> None:
        other = await post.opened.db.transact(add_person, email="bo@example.org", password_hash="-", name="Bo", role="member")
        id = await post.ask(to=[str(other["id"])])
        with pytest.raises(Forbidden, match="Only Bo can answer"):
            await post.answer(id)
        assert (await post.answer(id, by=Person(str(other["id"]), "Bo")))["status"] == "answered"
