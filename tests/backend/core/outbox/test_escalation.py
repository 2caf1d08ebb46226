"""The ladder of a question: on which channel it is asked next, and what is called a dead letter, on both databases."""

import pytest

from backend.core.linking.presence import end_presence
from backend.core.people.accounts import add_person
from backend.core.requests.mark_seen import mark_request_seen
from backend.core.requests.reroute import retry_request
from backend.db.queries.linked_accounts import linked_accounts
from backend.errors import Conflict
from channels.errors import ChannelError, Disconnected, Rejected
from tests.backend.conftest import Opened
from tests.support.delivery_setup import URL, Outbox


class TestLadder:
    async def test_passes_the_web_chat_at_once_where_nobody_is_there(self, post: Outbox) -> None:
        id = await post.ask()
        await post.deliver_due()
        assert await post.trail(id) == [("chat", "sent"), ("slack", "sent")]
        question, to, earlier = post.slack.sent[0]
        assert (question.request["id"], question.link, to.account, earlier) == (id, f"{URL}/r/{id}", "slack/dana", None)

    async def test_gives_whoever_is_there_a_moment_to_see_it(self, post: Outbox) -> None:
        await post.come()
        id = await post.ask()
        await post.deliver_due()
        assert await post.trail(id) == [("chat", "sent")]
        post.pass_time("chat", 6)
        await post.deliver_due()
        assert await post.trail(id) == [("chat", "sent"), ("slack", "sent")]

    async def test_waits_for_whoever_has_seen_it_and_then_goes_on(self, post: Outbox) -> None:
        await post.come()
        id = await post.ask()
        await post.opened.db.transact(mark_request_seen, post.person, id)
        post.pass_time("chat", 14 * 60)
        await post.deliver_due()
        assert await post.trail(id) == [("chat", "seen")]
        post.pass_time("chat", 61)
        await post.deliver_due()
        assert await post.trail(id) == [("chat", "seen"), ("slack", "sent")]

    async def test_goes_on_when_an_answer_stays_out(self, post: Outbox) -> None:
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}, {"channel": "email", "wait_seconds": 60}])
        await post.deliver_due()
        assert await post.trail(id) == [("slack", "sent")]
        post.pass_time("slack", 61)
        await post.deliver_due()
        assert await post.trail(id) == [("slack", "sent"), ("email", "sent")]
        post.pass_time("email", 61)
        await post.deliver_due()
        assert not (await post.request(id))["dead_letter"], "it reached somebody, twice"

    @pytest.mark.parametrize("error", [Rejected("channel_not_found"), Disconnected("token_revoked")])
    async def test_leaves_a_channel_at_once_that_will_never_take_it(self, post: Outbox, error: ChannelError) -> None:
        post.slack.failures.append(error)
        id = await post.ask()
        await post.deliver_due()
        assert await post.trail(id) == [("chat", "sent"), ("slack", "failed"), ("email", "sent")]
        assert (await post.request(id))["deliveries"][1]["error"] == error.reason

    async def test_marks_a_connection_that_is_gone_and_builds_no_ladder_on_it(self, post: Outbox) -> None:
        post.slack.failures.append(Disconnected("token_revoked"))
        await post.ask()
        await post.deliver_due()
        linked = {row.channel: row for row in await post.opened.db.read(linked_accounts, post.person.id)}
        assert (linked["slack"].status, linked["slack"].error) == ("disconnected", "token_revoked")
        second = await post.ask()
        await post.deliver_due()
        assert await post.trail(second) == [("chat", "sent"), ("email", "sent")]

    async def test_calls_a_connection_degraded_that_did_not_take_it_and_well_again_once_it_does(self, post: Outbox) -> None:
        async def status() -> list[tuple[str, str | None]]:
            rows = await post.opened.db.read(linked_accounts, post.person.id)
            return [(row.status, row.error) for row in rows if row.channel == "slack"]

        post.slack.failures.append(Rejected("is_archived"))
        await post.ask()
        await post.deliver_due()
        assert await status() == [("degraded", "is_archived")]
        await post.ask()
        await post.deliver_due()
        assert await status() == [("connected", None)]

    async def test_says_at_once_that_no_account_is_linked(self, opened: Opened) -> None:
        office = Outbox(opened)
        id = await office.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        await office.deliver_due()
        request = await office.request(id)
        assert request["dead_letter"] and "No account is linked" in request["deliveries"][0]["error"]

    async def test_says_at_once_that_a_channel_is_not_set_up_here(self, opened: Opened) -> None:
        office = Outbox(opened)
        id = await office.ask(route=[{"channel": "console", "wait_seconds": 60}])
        await office.deliver_due()
        (copy,) = (await office.request(id))["deliveries"]
        assert (copy["status"], copy["error"]) == ("failed", "The channel console is not set up on this server.")


class TestDeadLetter:
    async def test_is_what_every_channel_refused_with_each_reason(self, post: Outbox) -> None:
        post.slack.failures.append(Rejected("not_in_channel"))
        post.email.failures.append(Rejected("mailbox full"))
        id = await post.ask()
        await post.deliver_due()
        request = await post.request(id)
        assert request["dead_letter"] and request["status"] == "pending"
        errors = [copy.get("error") for copy in request["deliveries"]]
        assert errors[1:] == ["not_in_channel", "mailbox full"]

    async def test_can_be_tried_again_along_the_same_ladder(self, post: Outbox) -> None:
        post.slack.failures.append(Rejected("not_in_channel"))
        id = await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        await post.deliver_due()
        again = await post.opened.db.transact(retry_request, post.person, id)
        assert again["dead_letter"] is False
        await post.deliver_due()
        assert await post.trail(id) == [("slack", "failed"), ("slack", "sent")]
        with pytest.raises(Conflict, match="could not be delivered"):
            await post.opened.db.transact(retry_request, post.person, id)

    async def test_comes_alive_when_somebody_sees_it(self, opened: Opened) -> None:
        office = Outbox(opened)
        id = await office.ask()
        office.pass_time("chat", 6)
        await office.deliver_due()
        assert (await office.request(id))["dead_letter"]
        await opened.db.transact(mark_request_seen, office.person, id)
        assert (await office.request(id))["dead_letter"] is False

    async def test_is_not_called_while_somebody_has_the_web_app_open(self, opened: Opened) -> None:
        office = Outbox(opened)
        await office.come()
        id = await office.ask()
        office.pass_time("chat", 6)
        await office.deliver_due()
        assert not (await office.request(id))["dead_letter"]
        await opened.db.transact(end_presence, "soc_1")
        office.pass_time("chat", 31)
        await office.deliver_due()
        assert (await office.request(id))["dead_letter"]

    async def test_needs_that_nobody_of_those_asked_was_reached(self, post: Outbox) -> None:
        other = await post.opened.db.transact(add_person, email="bo@example.org", password_hash="-", name="Bo", role="member")
        id = await post.ask(to=[post.person.id, str(other["id"])])
        await post.deliver_due()
        post.pass_time("chat", 6)
        await post.deliver_due()
        request = await post.request(id)
        assert not request["dead_letter"], "Dana has it in Slack"
