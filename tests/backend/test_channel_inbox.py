"""Words that come in through a channel: whose they are, where they belong, and that each counts once."""

import asyncio
from typing import Any

import pytest

from backend.channel_inbox import ChannelInbox
from backend.core.linking.link_codes import issue_code
from backend.core.people.accounts import add_person, disable_person
from backend.core.runs.lifecycle import end_run
from backend.core.sessions.sessions import close_session
from backend.db import Tx
from backend.db.queries import runs, sessions
from backend.db.queries.linked_accounts import linked_accounts
from backend.domain.people import Person
from backend.domain.states import RunStatus
from backend.tools.registry import registry
from channels.contract import DUPLICATE, Accepted, ChannelAnswer, ChannelMessage, Question, Refused
from tests.backend.conftest import Opened
from tests.support.delivery_setup import POLICY, URL, Outbox

ACCOUNT = "slack/dana"
HERE: dict[str, Any] = {"account": ACCOUNT, "place": "T1/D1/1.0", "thread": {"channel": "D1", "ts": "1.0"}}


@pytest.fixture
async def post(opened: Opened) -> Outbox:
    office = Outbox(opened)
    await office.link("slack")
    return office


@pytest.fixture
def inbox(opened: Opened) -> ChannelInbox:
    return ChannelInbox(opened.db, registry, POLICY, URL, 4000, plenty, plenty)


async def plenty(_person_id: str) -> None:
    """A budget that is never spent."""


def said(event: str, content: str, **where: Any) -> ChannelMessage:
    return ChannelMessage(channel="slack", event_id=event, content=content, **{**HERE, **where})


def answered(request_id: str, event: str = "e1", action: str = "approve", account: str = ACCOUNT, **more: Any) -> ChannelAnswer:
    return ChannelAnswer(channel="slack", account=account, event_id=event, request_id=request_id, action=action, **more)


async def messages(opened: Opened) -> list[tuple[str, str]]:
    rows = opened.on_disk("SELECT session_id, content FROM messages ORDER BY created_at, id")
    return [(str(session), str(content)) for session, content in rows]


class TestMessage:
    async def test_opens_a_session_and_goes_on_in_it_in_the_same_place(self, post: Outbox, inbox: ChannelInbox) -> None:
        assert await inbox.receive_message(said("e1", "hello")) is None
        assert await inbox.receive_message(said("e2", "and more")) is None
        assert await inbox.receive_message(said("e3", "elsewhere", place="T1/D1/2.0")) is None
        (first, _), (second, _), (third, _) = await messages(post.opened)
        assert first == second != third

    async def test_that_comes_twice_counts_once(self, post: Outbox, inbox: ChannelInbox) -> None:
        for _ in range(3):
            assert await inbox.receive_message(said("e1", "hello")) is None
        assert len(await messages(post.opened)) == 1

    async def test_in_the_place_of_a_closed_session_opens_another(self, post: Outbox, inbox: ChannelInbox) -> None:
        await inbox.receive_message(said("e1", "hello"))
        ((first, _),) = await messages(post.opened)
        await post.opened.db.transact(close_session, post.person, first)
        await inbox.receive_message(said("e2", "again"))
        assert len({session for session, _ in await messages(post.opened)}) == 2

    async def test_that_comes_again_after_its_session_was_closed_opens_no_other(self, post: Outbox, inbox: ChannelInbox) -> None:
        await inbox.receive_message(said("e1", "hello"))
        await inbox.receive_message(said("e2", "and more"))
        ((first, _), _) = await messages(post.opened)
        await post.opened.db.transact(close_session, post.person, first)
        assert await inbox.receive_message(said("e2", "and more")) is None
        assert len(await messages(post.opened)) == 2

    async def test_that_comes_again_in_other_words_or_another_place_counts_once(self, post: Outbox, inbox: ChannelInbox) -> None:
        await inbox.receive_message(said("message T1/D1/1.0", "pay 50 to Bob"))
        assert await inbox.receive_message(said("message T1/D1/1.0", "pay 500 to Bob")) is None
        assert await inbox.receive_message(said("message T1/D1/1.0", "pay 50 to Bob", place="T1/D1/2.0")) is None
        assert len(await messages(post.opened)) == 1

    async def test_that_comes_many_times_at_once_counts_once(self, post: Outbox, inbox: ChannelInbox) -> None:
        await asyncio.gather(*(inbox.receive_message(said("message T1/D1/1.0", "pay 50 to Bob")) for _ in range(8)))
        assert len(await messages(post.opened)) == 1

    async def test_that_was_taken_as_an_answer_is_not_heard_as_a_message_too(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        assert isinstance(await inbox.receive_answer(answered(id)), Accepted)
        event = answered(id).event_id
        assert await inbox.receive_message(said(event, "42")) is None
        assert await messages(post.opened) == []

    async def test_that_was_heard_as_a_message_is_not_taken_as_an_answer_later(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        await inbox.receive_message(said(answered(id).event_id, "42"))
        heard = await inbox.receive_answer(answered(id))
        assert isinstance(heard, Refused) and heard.code == DUPLICATE
        assert (await post.request(id))["status"] == "pending"

    async def test_that_answered_one_question_does_not_answer_the_next(self, post: Outbox, inbox: ChannelInbox) -> None:
        assert isinstance(await inbox.receive_answer(answered(await post.ask())), Accepted)
        other = await post.ask()
        heard = await inbox.receive_answer(answered(other))
        assert isinstance(heard, Refused) and heard.code == DUPLICATE
        assert (await post.request(other))["status"] == "pending"

    async def test_is_answered_where_it_was_said_and_in_the_web_app_s_record(self, post: Outbox, inbox: ChannelInbox) -> None:
        await inbox.receive_message(said("e1", "hello"))
        ((session, _),) = await messages(post.opened)

        def finish(tx: Tx) -> None:
            row = runs.active_run(tx, session)
            assert row is not None
            end_run(tx, row, RunStatus.COMPLETED, content="**Hi**")

        await post.opened.db.transact(finish)
        await post.deliver_due()
        ((words, to),) = post.slack.texts
        assert (words.text, to.account, to.thread) == ("**Hi**", ACCOUNT, {"channel": "D1", "ts": "1.0"})
        listed = await post.opened.db.read(sessions.list_messages, session, None)
        assert [row.content for row in listed] == ["**Hi**", "hello"]

    async def test_of_somebody_unknown_is_refused_and_told_how_to_link(self, post: Outbox, inbox: ChannelInbox) -> None:
        refused = await inbox.receive_message(said("e1", "hello", account="slack/eve"))
        assert refused is not None and refused.code == "not_linked" and "Settings" in refused.reason
        assert await messages(post.opened) == []

    async def test_that_is_too_long_is_refused_whole(self, post: Outbox, inbox: ChannelInbox) -> None:
        refused = await inbox.receive_message(said("e1", "x" * 4001))
        assert refused is not None and refused.code == "too_long"
        assert await messages(post.opened) == []


class TestAnswer:
    async def test_decides_and_shows_the_request_as_it_is_now(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        taken = await inbox.receive_answer(answered(id))
        assert isinstance(taken, Accepted) and taken.question.request["response"]["via"] == "slack"

    async def test_that_comes_twice_is_told_the_same(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        assert isinstance(await inbox.receive_answer(answered(id)), Accepted)
        assert isinstance(await inbox.receive_answer(answered(id)), Accepted)
        assert post.opened.on_disk("SELECT count(*) FROM feedback_responses") == [(1,)]

    async def test_that_comes_late_is_kept_and_told_who_decided(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        await post.answer(id, action="reject")
        late = await inbox.receive_answer(answered(id))
        assert isinstance(late, Refused) and late.code == "already_decided" and "Dana in the web app" in late.reason
        assert late.question is not None and late.question.request["status"] == "answered"
        assert post.opened.on_disk("SELECT count(*) FROM feedback_responses") == [(2,)]

    async def test_of_somebody_else_s_account_changes_nothing(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        refused = await inbox.receive_answer(answered(id, account="slack/eve"))
        assert isinstance(refused, Refused) and refused.code == "not_linked" and refused.question is None
        assert (await post.request(id))["status"] == "pending"

    async def test_that_does_not_fit_says_which_field(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        refused = await inbox.receive_answer(answered(id, action="submit"))
        assert isinstance(refused, Refused) and refused.code == "invalid" and refused.question is not None

    @pytest.mark.parametrize("value", [float("nan"), "half a pair \ud800", "\x00", 10**101])
    async def test_that_cannot_be_kept_is_refused_and_nothing_is(self, post: Outbox, inbox: ChannelInbox, value: Any) -> None:
        id = await post.ask(action={"tool": "deploy", "args": {"n": 1}, "risk": "low"})
        refused = await inbox.receive_answer(answered(id, action="edit", values={"n": value}))
        assert isinstance(refused, Refused) and refused.code == "invalid"
        assert (await post.request(id))["status"] == "pending"

    async def test_to_an_older_version_is_refused(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        refused = await inbox.receive_answer(answered(id, version=7))
        assert isinstance(refused, Refused) and refused.code == "version_conflict"

    async def test_of_a_disabled_person_is_nobody_s(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        await post.opened.db.transact(disable_person, "dana@example.org")
        refused = await inbox.receive_answer(answered(id))
        assert isinstance(refused, Refused) and refused.code == "not_linked"


class TestFind:
    async def test_shows_only_what_the_account_s_person_may_see(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        found = await inbox.find_request("slack", ACCOUNT, id)
        assert isinstance(found, Question) and found.request["id"] == id
        other = await post.opened.db.transact(add_person, email="bo@example.org", password_hash="-", name="Bo", role="member")
        code, _ = await post.opened.db.transact(issue_code, Person(str(other["id"]), "Bo"), "slack")
        await inbox.link("slack", "slack/bo", "@bo", code)
        hidden = await inbox.find_request("slack", "slack/bo", id)
        assert isinstance(hidden, Refused) and hidden.code == "not_found"


class TestOpenText:
    async def test_is_the_only_question_for_words_in_its_place(self, post: Outbox, inbox: ChannelInbox) -> None:
        slack = [{"channel": "slack", "wait_seconds": 60}]
        id = await post.ask(type="text", route=slack)
        await post.deliver_due()
        assert await inbox.open_text_request("slack", ACCOUNT, "slack/dana/1") == id
        assert await inbox.open_text_request("slack", ACCOUNT, "slack/dana/2") is None
        assert await inbox.open_text_request("slack", "slack/eve", "slack/dana/1") is None
        await post.answer(id, action="decline")
        assert await inbox.open_text_request("slack", ACCOUNT, "slack/dana/1") is None


class TestLink:
    async def test_ties_the_account_to_whoever_was_given_the_code_once(self, opened: Opened, inbox: ChannelInbox) -> None:
        code, _ = await opened.db.transact(issue_code, opened.person, "slack")
        assert (await inbox.link("slack", "T1/U1", "@dana", code.lower())).startswith("Linked.")
        (row,) = await opened.db.read(linked_accounts, opened.person.id)
        assert (row.channel, row.account, row.status) == ("slack", "T1/U1", "connected")
        assert "unknown, used or older" in await inbox.link("slack", "T1/U2", "@eve", code)

    async def test_does_not_take_an_account_from_somebody_else(self, post: Outbox, inbox: ChannelInbox) -> None:
        other = await post.opened.db.transact(add_person, email="bo@example.org", password_hash="-", name="Bo", role="member")
        code, _ = await post.opened.db.transact(issue_code, Person(str(other["id"]), "Bo"), "slack")
        assert "linked to somebody else" in await inbox.link("slack", ACCOUNT, "@dana", code)
        assert len(await post.opened.db.read(linked_accounts, post.person.id)) == 1

    async def test_of_another_channel_is_not_good_here(self, opened: Opened, inbox: ChannelInbox) -> None:
        code, _ = await opened.db.transact(issue_code, opened.person, "email")
        assert "unknown, used or older" in await inbox.link("slack", "T1/U1", "@dana", code)


class TestDisconnect:
    async def test_of_a_whole_workspace_marks_every_account_in_it(self, opened: Opened, inbox: ChannelInbox) -> None:
        code, _ = await opened.db.transact(issue_code, opened.person, "slack")
        await inbox.link("slack", "T1/U1", "@dana", code)
        await inbox.disconnect("slack", "T10/", "uninstalled")
        (row,) = await opened.db.read(linked_accounts, opened.person.id)
        assert row.status == "connected"
        await inbox.disconnect("slack", "T1/", "The app was removed from the workspace.")
        (row,) = await opened.db.read(linked_accounts, opened.person.id)
        assert (row.status, row.error) == ("disconnected", "The app was removed from the workspace.")
