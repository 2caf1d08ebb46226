"""Questions and messages from the agent's mailbox: one thread per session, each mail once, and no silent loss."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any

import pytest

from backend.ids import new_id
from channels.contract import Address, DeliveryReceipt, Question, TextMessage
from channels.email.channel import EmailChannel
from channels.email.reply_tags import ReplyTags
from channels.errors import Rejected, Retryable
from tests.channels.email.connected_mailboxes import Kept, client_of
from tests.channels.email.write.sample_pages import AT, question
from tests.channels.slack.test_question_message import call
from tests.support.emulated_google import AGENT, DANA, SECOND, Google, text_of
from tests.support.faulty_proxy import Fault
from tests.support.google_faults import GoogleFaults, refused

TAGS = ReplyTags(b"k" * 32)
TO = Address(DANA)


@pytest.fixture
async def channel(kept: Kept, faults: GoogleFaults) -> AsyncIterator[EmailChannel]:
    made = EmailChannel(client_of(kept, faults.url, timeout_s=3), TAGS, "https://assent.example")
    yield made
    await made.close()


def asked(type: str = "confirmation", **more: Any) -> Question:
    """A question that no other test asks."""
    id = new_id("req")
    title = more.pop("title", f"Pay {id}?")
    return question(type, id=id, session_id=more.pop("session_id", new_id("ses")), title=title, **more)


def ended(question_: Question, **more: Any) -> Question:
    return Question({**question_.request, **more}, question_.link)


def kept_receipt(receipt: DeliveryReceipt) -> DeliveryReceipt:
    """As it comes back from the database: `ref` alone."""
    return DeliveryReceipt(dict(receipt.ref))


def mails(google: Google, about: Question) -> list[EmailMessage]:
    return [mail for mail in google.mails(DANA) if str(about.request["id"]) in str(mail["References"])]


def sends(faults: GoogleFaults) -> int:
    return sum(name == "send" for name, _ in faults.calls)


class TestDeliver:
    async def test_brings_the_question_with_a_tag_that_replies_return(self, channel: EmailChannel, google: Google) -> None:
        one = asked(action=call({"amount": 500}))
        receipt = await channel.deliver(one, TO)
        mail = google.mail(DANA, lambda each: each["Message-ID"] == receipt.ref["message_id"])
        assert "amount  500" in text_of(mail)
        for header in ("Message-ID", "References", "Reply-To"):
            assert TAGS.read(str(mail[header]), DANA) == one.request["id"]
        assert receipt.place == f"{AGENT}/{receipt.ref['gmail_thread']}" and receipt.ref["mailbox"] == AGENT
        assert mail["Subject"] == f"[Action needed] {one.request['title']} [#{one.request['session_id'][-4:].upper()}]"

    async def test_keeps_a_session_in_one_thread(self, channel: EmailChannel, google: Google) -> None:
        first = asked(topic="Refund of order 8123")
        receipt = await channel.deliver(first, TO)
        second = asked(topic="Refund of order 8123", session_id=first.request["session_id"])
        later = await channel.deliver(second, Address(DANA, receipt.thread))
        assert later.ref["gmail_thread"] == receipt.ref["gmail_thread"] and later.place == receipt.place
        mail = google.mail(DANA, lambda each: each["Message-ID"] == later.ref["message_id"])
        assert mail["In-Reply-To"] == receipt.ref["message_id"]
        assert mail["References"].split()[0] == f"<{first.request['session_id']}@assent.example>"
        assert mail["Subject"].startswith("Re: [Action needed] Refund of order 8123 [#")
        assert later.thread is not None and later.thread["references"] == [r.ref["message_id"] for r in (receipt, later)]

    async def test_goes_on_in_the_thread_that_a_person_began(self, channel: EmailChannel, google: Google) -> None:
        thread = {"mailbox": AGENT, "gmail_thread": None, "subject": "RE: re: Lunch", "references": ["<dana.1@example.org>"]}
        receipt = await channel.deliver(one := asked(), Address(DANA, thread))
        (mail,) = mails(google, one)
        assert mail["Subject"] == "Re: Lunch" and mail["In-Reply-To"] == "<dana.1@example.org>"
        assert receipt.ref["subject"] == "Lunch"

    async def test_finds_what_an_earlier_try_sent(self, channel: EmailChannel, google: Google, faults: GoogleFaults) -> None:
        one = asked()
        await channel._client.position(AGENT)
        faults.script("send", Fault(after=True, hang=True))
        with pytest.raises(Retryable) as caught:
            await channel.deliver(one, TO)
        assert caught.value.unknown
        await channel.deliver(one, TO, {"request_id": one.request["id"], "since": 0})
        assert sends(faults) == 1 and len(mails(google, one)) == 1

    async def test_sends_again_what_an_earlier_try_did_not(
        self, channel: EmailChannel, google: Google, faults: GoogleFaults
    ) -> None:
        one = asked()
        faults.script("send", refused(503, "backendError"))
        with pytest.raises(Retryable):
            await channel.deliver(one, TO)
        await channel.deliver(one, TO, {"request_id": one.request["id"], "since": 1_000})
        assert sends(faults) == 2 and len(mails(google, one)) == 1

    async def test_does_not_send_again_while_it_cannot_look(self, channel: EmailChannel, faults: GoogleFaults) -> None:
        faults.script("list", refused(429, "rateLimitExceeded", Retry_After="9"))
        with pytest.raises(Retryable) as caught:
            await channel.deliver(asked(), TO, {"request_id": "req_1", "since": 0})
        assert caught.value.unknown and caught.value.after == 9 and sends(faults) == 0

    async def test_leaves_a_thread_that_gmail_does_not_know_any_more(self, channel: EmailChannel, faults: GoogleFaults) -> None:
        thread = {"mailbox": AGENT, "gmail_thread": "gone", "subject": "Old", "references": ["<a@b.example>"]}
        faults.script("send", refused(404, "notFound", "Requested entity was not found."))
        receipt = await channel.deliver(asked(), Address(DANA, thread))
        assert receipt.ref["gmail_thread"] != "gone" and sends(faults) == 2

    async def test_goes_on_from_another_mailbox_where_one_is_lost(
        self, channel: EmailChannel, kept: Kept, google: Google
    ) -> None:
        await kept.connect(google, SECOND)
        receipt = await channel.deliver(first := asked(), TO)
        await kept.mark_disconnected(AGENT, "withdrawn")
        second = asked(session_id=first.request["session_id"])
        later = await channel.deliver(second, Address(DANA, receipt.thread))
        assert (receipt.ref["mailbox"], later.ref["mailbox"]) == (AGENT, SECOND)
        assert mails(google, second)[0]["In-Reply-To"] == receipt.ref["message_id"]

    async def test_without_a_mailbox_moves_on_and_blames_no_address(
        self, channel: EmailChannel, kept: Kept, google: Google
    ) -> None:
        google.revoke()
        for _ in range(2):  # lost by the first try, not connected at the second
            with pytest.raises(Rejected) as caught:
                await channel.deliver(asked(), TO)
            assert caught.value.code == "no_mailbox"
        assert [mailbox for mailbox, _ in kept.lost] == [AGENT]

    async def test_to_an_address_that_is_none_is_refused(self, channel: EmailChannel, faults: GoogleFaults) -> None:
        with pytest.raises(Rejected):
            await channel.deliver(asked(), Address("dänä@example.org"))
        assert sends(faults) == 0


class TestSettle:
    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({"status": "expired", "due_at": AT, "response": {"action": "reject"}}, "No answer by 14:03 UTC"),
            ({"status": "cancelled"}, "Withdrawn"),
        ],
    )
    async def test_tells_once_who_could_still_answer(
        self, channel: EmailChannel, google: Google, more: dict[str, Any], said: str
    ) -> None:
        one = asked()
        receipt = await channel.deliver(one, TO)
        for _ in range(2):
            await channel.settle(ended(one, **more), TO, kept_receipt(receipt))
        first, closed = mails(google, one)
        assert said in text_of(closed) and "APPROVE" not in text_of(closed)
        assert closed["In-Reply-To"] == first["Message-ID"] and closed["Subject"] == f"Re: {first['Subject']}"

    async def test_is_silent_where_somebody_decided(self, channel: EmailChannel, faults: GoogleFaults) -> None:
        one = asked()
        receipt = await channel.deliver(one, TO)
        response = {"action": "approve", "by": {"id": "u", "name": "Dana"}, "via": "slack", "at": AT}
        await channel.settle(ended(one, status="answered", response=response), TO, kept_receipt(receipt))
        assert sends(faults) == 1


class TestSay:
    async def test_says_the_agent_s_words_in_the_session_s_thread_once(self, channel: EmailChannel, google: Google) -> None:
        receipt = await channel.deliver(one := asked(), TO)
        words = TextMessage("Paid **500**.", "Assent agent", id=new_id("dlv"), session_id=one.request["session_id"])
        said = [await channel.send_text(words, Address(DANA, receipt.thread)) for _ in range(2)]
        (mail,) = [each for each in google.mails(DANA) if each["Message-ID"] == said[0].ref["message_id"]]
        assert "Paid 500." in text_of(mail) and "Assent agent" in text_of(mail) and text_of(mail).count("Pay") == 0
        assert TAGS.read(str(mail["Message-ID"]), DANA) == one.request["session_id"]
        assert said[1].ref == said[0].ref and said[0].ref["gmail_thread"] == receipt.ref["gmail_thread"]

    async def test_says_two_words_of_a_session_as_two_mails(self, channel: EmailChannel) -> None:
        one, two = [
            await channel.send_text(TextMessage(word, id=new_id("dlv"), session_id="ses_1"), TO) for word in ("one", "two")
        ]
        assert one.ref["message_id"] != two.ref["message_id"]

    async def test_belongs_to_the_request_it_is_about(self, channel: EmailChannel, google: Google) -> None:
        words = TextMessage("Already approved.", id=new_id("dlv"), about="req_about")
        receipt = await channel.send_text(words, TO)
        mail = google.mail(DANA, lambda each: each["Message-ID"] == receipt.ref["message_id"])
        assert TAGS.read(str(mail["Message-ID"]), DANA) == "req_about" and mail["Subject"] == "Already approved."

    async def test_needs_neither_session_nor_id(self, channel: EmailChannel, google: Google) -> None:
        receipt = await channel.send_text(TextMessage("A test from Assent."), TO)
        assert "A test" in text_of(google.mail(DANA, lambda each: each["Message-ID"] == receipt.ref["message_id"]))


class TestHost:
    @pytest.mark.parametrize(
        ("url", "host"),
        [("https://assent.example", "assent.example"), ("http://localhost:8000", "mail.example.com"), ("", "mail.example.com")],
    )
    async def test_of_message_ids_is_one_that_exists(self, kept: Kept, google: Google, url: str, host: str) -> None:
        channel = EmailChannel(client_of(kept, google.url), TAGS, url)
        receipt = await channel.deliver(asked(), TO)
        assert str(receipt.ref["message_id"]).endswith(f"@{host}>")
        await channel.close()
