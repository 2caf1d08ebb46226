"""What a channel of letters brings besides answers and words: each mail as it came, and readings that wait for a yes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from channels.contract import ChannelName, Inbox, TextMessage

MailOutcome = Literal["answer", "message", "link", "proposal", "unclear", "late", "refused", "unverified", "automatic", "bounce"]
MAX_TEXT, MAX_WHOLE = 20_000, 64_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a mail seems to answer; nothing until the same person says yes. `version` is the request's, as it was read."""

    action: str
    values: dict[str, Any] | None = None
    feedback: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail as it is kept. `id` is never used twice in its mailbox. `sender` is who it claims to be from; `verified` says
    whether we believe that. `text` is what is new in it, `whole` all of it in plain text (kept up to TEXT_LENGTH and
    WHOLE_LENGTH characters). `sent_at` (milliseconds) is its own date. `place` is its conversation, as in ChannelMessage.
    `proposal` is kept where its outcome is "proposal"."""

    channel: ChannelName
    mailbox: str
    id: str
    sender: str
    verified: bool
    outcome: MailOutcome
    text: str
    whole: str
    sent_at: int | None = None
    request_id: str | None = None
    place: str | None = None
    proposal: Proposal | None = None


class MailInbox(Inbox, Protocol):
    """An inbox for letters. What it accepts is on disk before it returns; a repeat has no second effect. Everything raises
    channels.errors.Retryable when it cannot record now."""

    async def is_linked(self, channel: ChannelName, account: str) -> bool:
        """Whether the account is linked to somebody who may still sign in."""
        ...

    async def record_mail(self, mail: ReceivedMail) -> bool:
        """Keep the mail; who sent it and which session it belongs to follow from its sender (if verified), its request and
        its place. False: it was kept before, with this outcome or another, and the first stays; or nobody vouches for it, and
        there are many of that kind about the request."""
        ...

    async def has_mail(self, channel: ChannelName, mailbox: str, id: str) -> bool:
        """Whether it was kept before."""
        ...

    async def reply(
        self,
        channel: ChannelName,
        account: str,
        words: TextMessage,
        thread: Mapping[str, Any] | None,
        event_id: str,
        *,
        quotes: bool = False,
    ) -> None:
        """Tell a linked account something about what it sent (`event_id`), once. Unless it `quotes` an answer that was taken,
        at most one such reply goes to a person about the same request (`words.about`) in two minutes; the rest are dropped."""
        ...

    async def proposal(self, channel: ChannelName, account: str, request_id: str) -> Proposal | None:
        """What the account was asked to confirm last, while the request is as it was then and nothing unclear was written
        since. Answering uses it up."""
        ...

    async def may_interpret(self, channel: ChannelName, account: str, request_id: str) -> bool:
        """Whether a model may be asked what the account's mail about the request means: each time costs, so it ends."""
        ...

    async def record_bounce(self, channel: ChannelName, account: str, subject_id: str, reason: str) -> None:
        """What was sent to the account about the request, or as the words of that id, came back for good."""
        ...


class MailboxReader(Protocol):
    """A mailbox of ours, looked into from time to time."""

    async def fetch_new_mail(self, account: str, cursor: str | None) -> str:
        """Take in all that is new since `cursor` (None: from now on); the new cursor. Raises one of `channels.errors`: then
        what was taken in stays so, and the old cursor is used again."""
        ...

    async def watch(self, account: str) -> int | None:
        """Ask the provider to ring when something comes; until when it will, in milliseconds. None: no ringing is set up."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
