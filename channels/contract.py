"""What a channel is: one way of carrying words to a person, and the form in which words come back from any of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

DUPLICATE = "repeat"  # the code of what was heard before: nobody needs to be told
ChannelName = Literal["chat", "api", "slack", "email", "console"]
Risk = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """Something a known person said. `event_id` is the sender's or provider's own id of it: the same id again is the
    same word. Without `session_id` it opens a session, called `topic` or by its first words. `settings` are the starter's
    wishes for the run."""

    channel: ChannelName
    person_id: str
    content: str
    session_id: str | None = None
    event_id: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    topic: str = ""


@dataclass(frozen=True, slots=True)
class InboundAnswer:
    """A known person's answer to a feedback request. `version` is the request's as the person saw it, if known;
    `event_id` makes a repeat harmless. `sent_at` (milliseconds) is when they wrote it, where that was earlier. `proof` says
    for the record what it rests on that it was them."""

    channel: ChannelName
    person_id: str
    request_id: str
    action: str
    values: dict[str, Any] | None = None
    feedback: str | None = None
    version: int | None = None
    event_id: str | None = None
    sent_at: int | None = None
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """Where one person is reached: `account` is the channel's own name for them (`T01/U02`, `dana@example.org`), proven to
    be theirs when it was linked; `thread` is a place within the channel to speak in, in the channel's own words."""

    account: str
    thread: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A feedback request on its way to one person. `request` is the request in the API's shape, as it is now: pending when
    it is delivered, decided when its copy is settled. `link` opens it in the web app. `decidable` is false where the risk
    is too high for this channel: then only the link is offered. `context` says in a line or two what led to it; `topic` is
    the session's title."""

    request: Mapping[str, Any]
    link: str
    decidable: bool = True
    context: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class TextMessage:
    """Something said to a person that asks nothing: the agent's reply (Markdown), or a notice of the platform. By `id` a
    channel finds it again. `about` is the id of the request it belongs to, and `version` the one of it that is shown;
    `session_id` and `topic` are the session's."""

    text: str
    author: str = "Assent"
    id: str = ""
    about: str | None = None
    version: int | None = None
    session_id: str | None = None
    topic: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """Proof that the provider took a message: `ref` is what finds it again (a few short JSON values). What is said in
    `place` later belongs to the message's session; `thread` is how to speak there (see `ChannelMessage`)."""

    ref: Mapping[str, Any]
    place: str | None = None
    thread: Mapping[str, Any] | None = None


class Channel(Protocol):
    """One way of carrying words. Each call is one try: whoever calls repeats, records and gives up. Every method raises
    one of `channels.errors` and nothing else, within its own time limits, and may be called from many tasks at once."""

    name: ChannelName

    async def deliver(self, question: Question, to: Address, earlier: Mapping[str, Any] | None = None) -> DeliveryReceipt:
        """Put the question before the person. `earlier` is given after a try whose outcome is unknown ({request_id, since},
        `since` in milliseconds): look for what it left, if the provider can tell, before sending again."""
        ...

    async def settle(
        self, question: Question, to: Address, receipt: DeliveryReceipt, earlier: Mapping[str, Any] | None = None
    ) -> None:
        """Rewrite the copy behind `receipt` so that it says how the request ended and can be answered no more. `earlier` as
        above: whatever else such a try left there, unseen or too late, is rewritten too, if the provider can tell."""
        ...

    async def send_text(self, words: TextMessage, to: Address) -> DeliveryReceipt:
        """Tell the person something."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class StreamedText:
    """How far a reply can be read while it is being written: `ref` finds its message again, `length` is how much of the
    text (code points) is in a message that only grows, None where it is rewritten whole. Rest `pause_s` before more."""

    ref: Mapping[str, Any]
    length: int | None = None
    pause_s: float = 0.0


@runtime_checkable
class StreamingChannel(Channel, Protocol):
    """A channel on which a reply can be read while it is being written. What it shows is passing: `finish` says the reply."""

    async def set_typing(self, to: Address, busy: bool) -> None:
        """Let the person see that the agent is at work for them, or no longer is."""
        ...

    async def show_partial(self, words: TextMessage, to: Address, shown: StreamedText | None) -> StreamedText:
        """Show the reply as far as it is; `shown` is what the last call returned."""
        ...

    async def finish_reply(
        self, words: TextMessage, to: Address, ref: Mapping[str, Any] | None, earlier: Mapping[str, Any] | None
    ) -> DeliveryReceipt:
        """Say the reply in place of what was shown: in the message behind `ref`, or in one that an earlier try may have left
        ({request_id: its `words.id`, since}, as for `deliver`), else in a new one."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelEvent:
    """What somebody did on a channel, before anyone knows whether they may: `account` is the provider's proof of who it
    was, `event_id` the provider's own id of the event (never reused; a repeat has no second effect)."""

    channel: ChannelName
    account: str
    event_id: str


@dataclass(frozen=True, slots=True)
class ChannelAnswer(ChannelEvent):
    request_id: str
    action: str
    values: dict[str, Any] | None = None
    feedback: str | None = None
    version: int | None = None
    sent_at: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelMessage(ChannelEvent):
    """`place` names the conversation on the channel (one place, one session); `thread` is how to speak there. A session
    that it opens is called `topic`, or by its first words."""

    content: str
    place: str
    thread: Mapping[str, Any]
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer decided; `question` is the request as it is now."""

    question: Question


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed. `reason` is one sentence to show to that person alone; `errors` are (field, message); `question`
    is the request as it is now, where the person may see it (decided by somebody else, changed, ...)."""

    reason: str
    code: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    question: Question | None = None


class Inbox(Protocol):
    """Where a channel brings what people did on it. The backend implements it; everything it accepts is on disk before it
    returns. Raises nothing for what people do wrong; raises channels.errors.Retryable when it cannot record now."""

    async def find(self, channel: ChannelName, account: str, request_id: str) -> Question | Refused:
        """The request as this account may see it, for showing details or opening a form."""
        ...

    async def answer(self, said: ChannelAnswer) -> Accepted | Refused: ...

    async def open_text_request(self, channel: ChannelName, account: str, place: str) -> str | None:
        """The id of the only open text question put to this account in that conversation, if there is exactly one: a plain
        reply there is its answer."""
        ...

    async def message(self, said: ChannelMessage) -> Refused | None:
        """Hand the agent a person's word; None: it was taken."""
        ...

    async def link(self, channel: ChannelName, account: str, label: str, code: str) -> str:
        """Tie the account to the signed-in person who was given `code`; one sentence that says what came of it."""
        ...

    async def disconnect(self, channel: ChannelName, account: str, reason: str) -> None:
        """The account (or every account under it, such as a whole workspace `T01/`) can be reached no more."""
        ...
