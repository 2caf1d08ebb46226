"""Letters: kept once, told once, beside their request; a yes to what was read; an address that is asked to prove itself."""

from dataclasses import replace
from typing import Any

import pytest

from backend.channel_inbox import ChannelInbox
from backend.core.linking.installations import save_installation
from backend.core.linking.linked_accounts import link_account
from backend.core.mail.received_mail import UNVERIFIED, ask_to_link, list_mail
from backend.core.people.accounts import add_person
from backend.core.requests.ask import Ask, ask_people
from backend.db.queries.linked_accounts import place_of
from backend.domain.people import Person
from backend.domain.states import FeedbackType
from backend.errors import Forbidden, Invalid, NotFound, TooMany
from backend.tools.registry import registry
from channels.contract import ChannelAnswer, TextMessage
from channels.mail_contract import Proposal, ReceivedMail
from channels.oauth import Installation
from tests.support.delivery_setup import POLICY, SET_UP, URL, Outbox

ACCOUNT, MAILBOX = "email/dana", "agent@example.org"
THREAD = {"mailbox": MAILBOX, "gmail_thread": "t1"}
LETTER = ReceivedMail("email", MAILBOX, "m1", ACCOUNT, True, "unclear", "maybe", "maybe\n> quoted", sent_at=1_700_000_000_000)


@pytest.fixture
def inbox(post: Outbox) -> ChannelInbox:
    return ChannelInbox(post.opened.db, registry, POLICY, URL, 4000, plenty, plenty)


async def plenty(_person_id: str) -> None:
    """A budget that is never spent."""


def letter(id: str = "m1", **changed: Any) -> ReceivedMail:
    return replace(LETTER, id=id, **changed)


async def connect_mailbox(post: Outbox) -> None:
    await post.opened.db.transact(save_installation, post.person.id, "email", Installation(MAILBOX, MAILBOX, ""), "sealed")


class TestKeeping:
    async def test_happens_once_and_the_first_understanding_stays(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        assert await inbox.record_mail(letter(request_id=id))
        assert not await inbox.record_mail(letter(request_id=id, outcome="answer"))
        assert await inbox.has_mail("email", MAILBOX, "m1") and not await inbox.has_mail("email", MAILBOX, "m2")
        (shown,) = await post.opened.db.read(list_mail, post.person, id)
        assert (shown["outcome"], shown["text"], shown["sent_at"]) == ("unclear", "maybe", "2023-11-14T22:13:20.000Z")

    async def test_knows_the_person_only_where_the_sender_is_proven(self, post: Outbox, inbox: ChannelInbox) -> None:
        await inbox.record_mail(letter("m1"))
        await inbox.record_mail(letter("m2", verified=False, outcome="unverified"))
        assert post.opened.on_disk("SELECT id, person_id FROM mails ORDER BY id") == [("m1", post.person.id), ("m2", None)]

    async def test_of_what_nobody_vouches_for_ends_and_the_person_is_heard_all_the_same(
        self, post: Outbox, inbox: ChannelInbox
    ) -> None:
        id = await post.ask()
        forged = [letter(f"m{n}", request_id=id, verified=False, outcome="unverified") for n in range(UNVERIFIED + 1)]
        assert [await inbox.record_mail(each) for each in forged] == [True] * UNVERIFIED + [False]
        assert await inbox.record_mail(letter("hers", request_id=id))

    async def test_of_what_no_database_takes(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        assert await inbox.record_mail(letter(request_id=id, text="a\0b\ud800", whole="x" * 100_000, sender="\ud800"))
        (shown,) = await post.opened.db.read(list_mail, post.person, id)
        assert shown["text"] == "a\ufffdb?" and len(shown["whole"]) == 64_000

    async def test_about_a_request_that_never_was(self, post: Outbox, inbox: ChannelInbox) -> None:
        assert await inbox.record_mail(letter(request_id="req_unknown"))
        assert post.opened.on_disk("SELECT request_id FROM mails") == [(None,)]

    async def test_shows_nobody_elses_letters(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        await inbox.record_mail(letter(request_id=id))
        eve = await post.opened.db.transact(add_person, email="eve@example.net", password_hash="", name="Eve", role="member")
        with pytest.raises(NotFound):
            await post.opened.db.read(list_mail, Person(eve["id"], "Eve"), id)


class TestReply:
    async def test_goes_out_once_an_event(self, post: Outbox, inbox: ChannelInbox) -> None:
        for _ in range(2):
            await inbox.reply("email", ACCOUNT, TextMessage("Not clear."), THREAD, "e1")
        await post.deliver_due()
        ((words, to),) = post.email.texts
        assert (words.text, to.account, to.thread) == ("Not clear.", ACCOUNT, THREAD)

    async def test_goes_to_nobody_who_is_not_linked(self, post: Outbox, inbox: ChannelInbox) -> None:
        await inbox.reply("email", "eve@example.net", TextMessage("Not clear."), THREAD, "e1")
        await post.deliver_due()
        assert post.email.texts == []

    async def test_is_rare_about_one_request_unless_it_quotes_what_was_taken(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask(route=[{"channel": "email", "wait_seconds": 60}])
        about = TextMessage("Not clear.", about=id)
        await inbox.reply("email", ACCOUNT, about, THREAD, "e1")
        await inbox.reply("email", ACCOUNT, about, THREAD, "e2")
        await inbox.reply("email", ACCOUNT, TextMessage("Taken: approve.", about=id), THREAD, "e3", quotes=True)
        await inbox.reply("email", ACCOUNT, TextMessage("Elsewhere."), THREAD, "e4")
        await post.deliver_due()
        assert sorted(words.text for words, _ in post.email.texts) == ["Elsewhere.", "Not clear.", "Taken: approve."]
        assert {words.topic for words, _ in post.email.texts if words.about} == {"Deploy?"}

    async def test_comes_again_after_a_while(self, post: Outbox, inbox: ChannelInbox) -> None:
        await inbox.reply("email", ACCOUNT, TextMessage("Not clear."), THREAD, "e1")
        assert post.opened.change("UPDATE deliveries SET created_at = created_at - 120001 WHERE event_id = ?", "e1") == 1
        await inbox.reply("email", ACCOUNT, TextMessage("Still not clear."), THREAD, "e2")
        await post.deliver_due()
        assert len(post.email.texts) == 2


class TestProposal:
    async def test_is_the_newest_while_nothing_unclear_came_since(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        yes, no = Proposal("approve", version=1), Proposal("reject", None, "too much", 1)
        assert await inbox.pending_proposal("email", ACCOUNT, id) is None
        await inbox.record_mail(letter("m1", request_id=id, outcome="proposal", proposal=yes))
        assert await inbox.pending_proposal("email", ACCOUNT, id) == yes
        assert post.opened.change("UPDATE mails SET received_at = received_at - 10 WHERE id = ?", "m1") == 1
        await inbox.record_mail(letter("m2", request_id=id, outcome="proposal", proposal=no))
        assert await inbox.pending_proposal("email", ACCOUNT, id) == no
        assert post.opened.change("UPDATE mails SET received_at = received_at - 5 WHERE id = ?", "m2") == 1
        await inbox.record_mail(letter("m3", request_id=id))
        assert await inbox.pending_proposal("email", ACCOUNT, id) is None

    async def test_is_nobody_elses_and_is_used_up_by_the_decision(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        proposal = Proposal("approve", version=1)
        await inbox.record_mail(letter("m0", request_id=id, outcome="proposal", proposal=proposal, verified=False))
        assert await inbox.pending_proposal("email", ACCOUNT, id) is None
        await inbox.record_mail(letter("m1", request_id=id, outcome="proposal", proposal=proposal))
        assert await inbox.pending_proposal("email", "eve@example.net", id) is None
        await post.answer(id)
        assert await inbox.pending_proposal("email", ACCOUNT, id) is None

    async def test_of_another_version_does_not_count(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        proposal = Proposal("approve", version=2)
        await inbox.record_mail(letter(request_id=id, outcome="proposal", proposal=proposal))
        assert await inbox.pending_proposal("email", ACCOUNT, id) is None


class TestAnswer:
    async def test_says_when_the_mail_was_written(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask()
        await inbox.receive_answer(ChannelAnswer("email", ACCOUNT, "e1", id, "approve", sent_at=1_700_000_000_000))
        assert (await post.request(id))["response"]["sent_at"] == "2023-11-14T22:13:20.000Z"


class TestUndelivered:
    async def test_fails_the_copy_and_the_ladder_goes_on(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask(route=[{"channel": "email", "wait_seconds": 600}, {"channel": "slack", "wait_seconds": 600}])
        await post.deliver_due()
        for _ in range(2):
            await inbox.record_bounce("email", ACCOUNT, id, "No such address.")
        await post.deliver_due()
        assert await post.trail(id) == [("email", "failed"), ("slack", "sent")]
        assert await post.tries(id) == [("deliver", "returned"), ("deliver", "sent")]
        assert (await post.request(id))["deliveries"][0]["error"] == "No such address."

    async def test_of_another_account_changes_nothing(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask(route=[{"channel": "email", "wait_seconds": 600}])
        await post.deliver_due()
        await inbox.record_bounce("email", "eve@example.net", id, "No such address.")
        assert await post.trail(id) == [("email", "sent")]

    async def test_after_the_decision_changes_nothing(self, post: Outbox, inbox: ChannelInbox) -> None:
        id = await post.ask(route=[{"channel": "email", "wait_seconds": 600}])
        await post.deliver_due()
        await post.answer(id)
        await post.deliver_due()
        await inbox.record_bounce("email", ACCOUNT, id, "No such address.")
        assert await post.trail(id) == [("email", "settled")]

    async def test_of_words(self, post: Outbox, inbox: ChannelInbox) -> None:
        await inbox.reply("email", ACCOUNT, TextMessage("Not clear."), THREAD, "e1")
        await post.deliver_due()
        ((words, _),) = post.email.texts
        await inbox.record_bounce("email", ACCOUNT, words.id, "No such address.")
        assert post.opened.on_disk("SELECT status, error FROM deliveries") == [("failed", "No such address.")]


class TestAskToLink:
    async def test_writes_to_the_address_and_not_the_code(self, post: Outbox, inbox: ChannelInbox) -> None:
        await connect_mailbox(post)
        code, _ = await post.opened.db.transact(ask_to_link, post.person, "dana@example.org", SET_UP)
        await post.deliver_due()
        ((words, to),) = post.email.texts
        assert to.account == "dana@example.org" and "Dana" in words.text and code not in words.text
        assert not await inbox.is_linked("email", "dana@example.org")
        assert (await inbox.link("email", "eve@example.net", "", code)).startswith("This code is unknown")
        assert (await inbox.link("email", "dana@example.org", "", code)).startswith("Linked.")
        assert await inbox.is_linked("email", "dana@example.org") and not await inbox.is_linked("email", ACCOUNT)

    async def test_shows_a_name_and_nothing_to_follow(self, post: Outbox) -> None:
        await connect_mailbox(post)
        named = Person(post.person.id, "Bank [here](https://evil.example) <b>")
        await post.opened.db.transact(ask_to_link, named, "victim@example.org", SET_UP)
        await post.deliver_due()
        ((words, _),) = post.email.texts
        assert words.text.startswith("Bank herehttpsevilexample b asked to answer")

    async def test_is_not_a_way_to_pester(self, post: Outbox) -> None:
        await connect_mailbox(post)
        for _ in range(3):
            await post.opened.db.transact(ask_to_link, post.person, "dana@example.org", SET_UP)
            with pytest.raises(TooMany, match="less than a minute"):
                await post.opened.db.transact(ask_to_link, post.person, "dana@example.org", SET_UP)
            post.opened.change("UPDATE deliveries SET created_at = created_at - ?", 60_001)
        with pytest.raises(TooMany, match="today"):
            await post.opened.db.transact(ask_to_link, post.person, "dana@example.org", SET_UP)
        await post.opened.db.transact(ask_to_link, post.person, "other_dana@example.org", SET_UP)

    async def test_needs_a_mailbox_to_write_from(self, post: Outbox) -> None:
        with pytest.raises(Invalid, match="until an administrator connects"):
            await post.opened.db.transact(ask_to_link, post.person, "dana@example.org", SET_UP)
        with pytest.raises(Invalid, match="not set up"):
            await post.opened.db.transact(ask_to_link, post.person, "dana@example.org", frozenset({"chat"}))

    async def test_does_not_take_the_agents_own_mailbox(self, post: Outbox) -> None:
        await connect_mailbox(post)
        with pytest.raises(Forbidden, match="the agent's own"):
            await post.opened.db.transact(ask_to_link, post.person, MAILBOX, SET_UP)


class TestConversation:
    async def test_by_mail_is_one_thread_for_each_person_in_a_session(self, post: Outbox) -> None:
        eve = await post.opened.db.transact(add_person, email="eve@example.net", password_hash="", name="Eve", role="member")
        await post.opened.db.transact(link_account, eve["id"], "email", "eve@example.net", "Eve")
        route = [{"channel": "email", "wait_seconds": 600}]
        first = await post.ask(route=route, to=["eve@example.net", "dana@example.org"])
        await post.deliver_due()
        threads = {to.account: n for n, (_, to, _) in enumerate(post.email.sent, 1)}
        session_id = (await post.request(first))["session_id"]
        assert await post.opened.db.read(place_of, session_id, "email", "usr_nobody") is None
        wish = Ask(FeedbackType.CONFIRMATION, {"title": "Now?", "prompt": "", "route": route}, ["eve@example.net"], session_id)
        await post.opened.db.transact(ask_people, post.person, wish, None)
        await post.deliver_due()
        _, to, _ = post.email.sent[-1]
        assert (to.account, to.thread) == ("eve@example.net", {"n": threads["eve@example.net"]})
