"""The contract of a channel: what the backend sends through it, and what it brings back from people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

DUPLICATE = "repeat"  # the code of a Refused for an event that was handled before: no reply is needed
ChannelName = Literal["chat", "api", "slack", "email", "console"]
Risk = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message from a known person. `event_id` is the sender's or provider's own id: a repeat with the same id has no
    effect. Without `session_id` the message opens a session, titled `topic` or by its first words. `settings` apply to the
    run it starts."""

    channel: ChannelName
    person_id: str
    content: str
    session_id: str | None = None
    event_id: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    topic: str = ""


@dataclass(frozen=True, slots=True)
class InboundAnswer:
    """A known person's answer to a feedback request. `version` is the version of the request the person saw, if known.
    `event_id` deduplicates repeats. `sent_at` (milliseconds) is when they wrote it, if that was earlier. `proof` records how
    the channel established who answered."""

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
    """Where to reach one person. `account` is the channel's id for them (`T01/U02`, `dana@example.org`), verified when it
    was linked. `thread` is the conversation to post in, in the channel's own format."""

    account: str
    thread: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A feedback request on its way to one person. `request` is its current state in the API's shape: pending when it is
    delivered, closed when the delivery is settled. `link` opens it in the web app. `decidable` is false where the risk is
    too high to decide on this channel; only the link is offered then. `context` is a line or two of background; `topic` is
    the title of the session."""

    request: Mapping[str, Any]
    link: str
    decidable: bool = True
    context: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class TextMessage:
    """A message that asks nothing: the agent's reply (Markdown), or a notice from the platform. A channel finds the message
    it sent again by `id`. `about` is the id of the request it belongs to, `version` the version of that request it shows;
    `session_id` and `topic` are those of the session."""

    text: str
    author: str = "Assent"
    id: str = ""
    about: str | None = None
    version: int | None = None
    session_id: str | None = None
    topic: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """The provider accepted a message. `ref` identifies it for later calls (a few short JSON values). Whatever people write
    in `place` belongs to the same session; `thread` is how to post there (see `ChannelMessage`)."""

    ref: Mapping[str, Any]
    place: str | None = None
    thread: Mapping[str, Any] | None = None


class Channel(Protocol):
    """One way to reach people. Each call is a single attempt: retrying, recording and giving up are up to the caller. Methods
    raise only the errors of `channels.errors`, enforce their own timeouts, and may be called from many tasks at once."""

    name: ChannelName

    async def deliver(self, question: Question, to: Address, earlier: Mapping[str, Any] | None = None) -> DeliveryReceipt:
        """Send the question to the person. `earlier` ({request_id, since}, `since` in milliseconds) is set after an attempt
        whose outcome is unknown: look for the message it may have left before sending another, if the provider allows it."""
        ...

    async def settle(
        self, question: Question, to: Address, receipt: DeliveryReceipt, earlier: Mapping[str, Any] | None = None
    ) -> None:
        """Rewrite the message behind `receipt` so that it shows the outcome and takes no answer. With `earlier`, as above,
        also rewrite any other message that attempt left behind, if the provider allows looking for it."""
        ...

    async def send_text(self, message: TextMessage, to: Address) -> DeliveryReceipt:
        """Send a message that asks nothing."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


@dataclass(frozen=True, slots=True)
class StreamedText:
    """How much of a reply the person can read so far. `ref` identifies its message. `length` (code points) is how much of
    the text a message that can only grow holds; None for a message that is rewritten as a whole. Wait `pause_s` seconds
    before the next update."""

    ref: Mapping[str, Any]
    length: int | None = None
    pause_s: float = 0.0


@runtime_checkable
class StreamingChannel(Channel, Protocol):
    """A channel that can show a reply while it is written. What it shows is provisional; `finish_reply` sends the reply."""

    async def set_typing(self, to: Address, busy: bool) -> None:
        """Show, or stop showing, that the agent is working on a reply."""
        ...

    async def show_partial(self, message: TextMessage, to: Address, shown: StreamedText | None) -> StreamedText:
        """Show the reply as far as it is written. `shown` is the result of the previous call."""
        ...

    async def finish_reply(
        self, message: TextMessage, to: Address, ref: Mapping[str, Any] | None, earlier: Mapping[str, Any] | None
    ) -> DeliveryReceipt:
        """Send the finished reply in place of what was shown: in the message behind `ref`, or in one that an earlier attempt
        may have left ({request_id: `message.id`, since}, as for `deliver`), else in a new one."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelEvent:
    """What an account did on a channel; whether it may is not checked yet. `account` is authenticated by the provider.
    `event_id` is the provider's id of the event: never reused, and a repeat has no effect."""

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
    """`place` identifies the conversation on the channel (one place, one session); `thread` is how to post there. A session
    it opens is titled `topic`, or by its first words."""

    content: str
    place: str
    thread: Mapping[str, Any]
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer counts. `question` is the request as it is now."""

    question: Question


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed. `reason` is one sentence to show to that person alone; `errors` are (field, message) pairs;
    `question` is the request as it is now (decided by somebody else, changed, ...), if the person may see it."""

    reason: str
    code: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    question: Question | None = None


class Inbox(Protocol):
    """Where a channel hands over what people did on it. The backend implements it, and what it accepts is on disk before it
    returns. A person's mistake comes back as `Refused`; the methods raise channels.errors.Retryable if the backend cannot
    record anything at the moment."""

    async def find_request(self, channel: ChannelName, account: str, request_id: str) -> Question | Refused:
        """Return the request as this account may see it, to show details or to open a form."""
        ...

    async def receive_answer(self, answer: ChannelAnswer) -> Accepted | Refused: ...

    async def open_text_request(self, channel: ChannelName, account: str, place: str) -> str | None:
        """Return the id of the open text request put to this account in that conversation, if there is exactly one: a plain
        reply there answers it."""
        ...

    async def receive_message(self, message: ChannelMessage) -> Refused | None:
        """Hand a person's message to the agent. Returns None if it was accepted."""
        ...

    async def link(self, channel: ChannelName, account: str, label: str, code: str) -> str:
        """Link the account to the person to whom `code` was issued. Returns one sentence with the result, for the sender."""
        ...

    async def disconnect(self, channel: ChannelName, account: str, reason: str) -> None:
        """Record that the account, or every account under a prefix such as the workspace `T01/`, can no longer be reached."""
        ...
