"""The contract of a channel: one suite, run on every channel."""

import asyncio
import io
import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from backend.adapters.open_tabs import OpenTabs
from backend.db.transaction import person_topic
from backend.messaging.stream.memory import MemoryStream
from channels.chat.channel import ChatChannel
from channels.console.channel import ConsoleChannel
from channels.contract import Address, Channel, DeliveryReceipt, Question, TextMessage
from channels.email.channel import EmailChannel
from channels.email.reply_tags import ReplyTags
from channels.errors import ChannelError, Disconnected, Rejected
from channels.slack.channel import SlackChannel
from channels.slack.client import SlackClient
from channels.testing import RecordingChannel
from tests.channels.email.connected_mailboxes import BACK, Kept, client_of
from tests.support.emulated_google import DANA as CUSTOMER
from tests.support.emulated_google import Google, run_google, text_of
from tests.support.slack import DANA, TEAM, TOKEN, Slack, slack, slack_server

__all__ = ["slack", "slack_server"]

TO = Address("dana")
PENDING: dict[str, Any] = {
    "id": "req_1",
    "session_id": "ses_1",
    "type": "confirmation",
    "status": "pending",
    "version": 1,
    "title": "Run make_payment?",
    "prompt": "Bob is waiting.",
    "requested_by": "Assent agent",
    "requester": {"kind": "agent", "id": None, "name": "Assent agent"},
    "action": {"tool": "make_payment", "args": {"amount": 500, "to": "Bob \u202eevil"}, "risk": "high", "digest": "0" * 64},
    "allowed_actions": ["approve", "reject"],
    "on_timeout": "reject",
    "due_at": "2026-11-21T15:10:00.000Z",
    "response": None,
}
DECIDED = {
    **PENDING,
    "status": "answered",
    "response": {
        "action": "approve",
        "by": {"id": "usr_1", "name": "Dana"},
        "via": "slack",
        "at": "2026-11-21T14:03:00.000Z",
    },
}
ASKED = Question(PENDING, "https://assent.example/r/req_1")
SETTLED = Question(DECIDED, "https://assent.example/r/req_1")


@dataclass
class Case:
    """A channel, and everything it has sent so far as text. `rewrites`: what it sent can say later how the request ended."""

    channel: Channel
    sent: Callable[[], str]
    to: Address = TO
    rewrites: bool = True


@dataclass
class Refusing(Case):
    """A channel whose provider can be made to refuse for good."""

    refuse: Callable[[], None] = field(kw_only=True)


def console() -> Refusing:
    out = io.StringIO()
    return Refusing(ConsoleChannel(out), out.getvalue, refuse=out.close)


def chat() -> Case:
    frames: list[str] = []
    stream = MemoryStream()
    stream.subscribe([person_topic(TO.account)], lambda text, _: frames.append(text))
    return Case(ChatChannel(OpenTabs(stream)), lambda: "\n".join(frames))


def recording() -> Refusing:
    channel = RecordingChannel()
    return Refusing(
        channel,
        lambda: json.dumps([str(item) for item in (*channel.sent, *channel.settled, *channel.texts)]),
        refuse=lambda: channel.failures.append(Rejected("refused")),
    )


class Workspace:
    """The token of a workspace, until it is withdrawn."""

    def __init__(self) -> None:
        self.token: str | None = TOKEN

    async def bot_token(self, team: str) -> str | None:
        return self.token


def in_slack(peer: Slack) -> Refusing:
    workspace = Workspace()
    return Refusing(
        SlackChannel(SlackClient(workspace, peer.api_url)),
        lambda: json.dumps(peer.messages(peer.dm()), ensure_ascii=False),
        Address(f"{TEAM}/{DANA}"),
        refuse=lambda: setattr(workspace, "token", None),
    )


async def by_mail(google: Google) -> Refusing:
    mailboxes = Kept()
    await mailboxes.connect(google)
    client = client_of(mailboxes, google.url)
    before = len(google.mails(CUSTOMER))
    return Refusing(
        EmailChannel(client, ReplyTags(secrets.token_bytes(32)), "https://assent.example"),
        lambda: "\n".join(text_of(mail) for mail in google.mails(CUSTOMER)[before:]),
        Address(CUSTOMER),
        rewrites=False,
        refuse=mailboxes.tokens.clear,
    )


CAN_REFUSE: dict[str, Callable[[], Refusing]] = {"console": console, "recording": recording}
CASES: dict[str, Callable[[], Case]] = {"chat": chat, **CAN_REFUSE}


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with run_google(BACK) as running:
        yield running


@pytest.fixture(params=[*CASES, "slack", "email"])
async def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Case]:
    made: Case
    match request.param:
        case "slack":
            made = in_slack(request.getfixturevalue("slack"))
        case "email":
            monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the peer is on this machine
            made = await by_mail(request.getfixturevalue("google"))
        case name:
            made = CASES[name]()
    yield made
    await made.channel.close()


class TestChannel:
    async def test_gives_a_receipt_that_can_be_kept(self, case: Case) -> None:
        receipt = await case.channel.deliver(ASKED, case.to)
        assert json.loads(json.dumps(dict(receipt.ref))) == dict(receipt.ref)

    async def test_says_what_is_asked_of_whom(self, case: Case) -> None:
        await case.channel.deliver(ASKED, case.to)
        sent = case.sent()
        assert "Run make_payment?" in sent and "make_payment" in sent and "500" in sent

    async def test_settles_what_it_delivered_and_says_who_decided_where_it_can(self, case: Case) -> None:
        receipt = await case.channel.deliver(ASKED, case.to)
        await case.channel.settle(SETTLED, case.to, DeliveryReceipt(json.loads(json.dumps(dict(receipt.ref)))))
        assert ("Dana" in case.sent()) == case.rewrites

    async def test_says_words(self, case: Case) -> None:
        await case.channel.send_text(TextMessage("Paid **500** to Bob.", "Assent agent"), case.to)
        assert "Paid" in case.sent() and "500" in case.sent() and "to Bob." in case.sent()

    async def test_takes_many_at_once(self, case: Case) -> None:
        receipts = await asyncio.gather(*(case.channel.deliver(ASKED, case.to) for _ in range(30)))
        assert len(receipts) == 30

    async def test_after_an_unknown_try_still_delivers(self, case: Case) -> None:
        await case.channel.deliver(ASKED, case.to, {"request_id": "req_1", "since": 0})
        assert "make_payment" in case.sent()

    @pytest.mark.parametrize("case", [*CAN_REFUSE, "slack", "email"], indirect=True)
    async def test_raises_what_to_do_and_nothing_else(self, case: Refusing) -> None:
        case.refuse()
        with pytest.raises(ChannelError) as caught:
            await case.channel.deliver(ASKED, case.to)
        assert isinstance(caught.value, Rejected | Disconnected) and caught.value.reason

    async def test_can_be_closed_twice(self, case: Case) -> None:
        await case.channel.close()
        await case.channel.close()


class TestConsole:
    async def test_shows_what_reorders_text_and_every_argument_whole(self) -> None:
        case = console()
        await case.channel.deliver(ASKED, TO)
        assert "to: Bob ⟨U+202E⟩evil" in case.sent() and "\u202e" not in case.sent()
        assert "Answer by 15:10 UTC. Without an answer by then: rejected." in case.sent()
        assert "https://assent.example/r/req_1" in case.sent()
