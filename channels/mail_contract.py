"""The contract of the mail channel beyond answers and messages: mails as received, and proposals that await a YES."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from channels.contract import ChannelName, Inbox, TextMessage

MailOutcome = Literal["answer", "message", "link", "proposal", "unclear", "late", "refused", "unverified", "automatic", "bounce"]
MAX_TEXT, MAX_WHOLE = 20_000, 64_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """The answer a mail seems to give. It has no effect until the same person confirms it. `version` is the version of the
    request it was read against."""

    action: str
    values: dict[str, Any] | None = None
    feedback: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A received mail as it is recorded. `id` is unique within the mailbox. `sender` is the address it claims to come from;
    `verified` says whether that was authenticated. `text` is the new part, `whole` the complete text (stored up to MAX_TEXT
    and MAX_WHOLE characters). `sent_at` (milliseconds) is its Date. `place` is its conversation, as in ChannelMessage.
    `proposal` is set if the outcome is "proposal"."""

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
    """An `Inbox` that takes mail as well. A repeat has no second effect."""

    async def is_linked(self, channel: ChannelName, account: str) -> bool:
        """Return whether the account is linked to a person who may still sign in."""
        ...

    async def record_mail(self, mail: ReceivedMail) -> bool:
        """Record the mail under the person and session that its verified sender, its request and its place lead to. Returns
        False if it was recorded before, with whatever outcome, or if it is unverified and the request has too many of those
        already."""
        ...

    async def has_mail(self, channel: ChannelName, mailbox: str, id: str) -> bool:
        """Return whether the mail was recorded before."""
        ...

    async def reply(
        self,
        channel: ChannelName,
        account: str,
        message: TextMessage,
        thread: Mapping[str, Any] | None,
        event_id: str,
        *,
        quotes: bool = False,
    ) -> None:
        """Reply once to what a linked account sent (`event_id`). Except for a reply that `quotes` an accepted answer, a person
        gets at most one reply about the same request (`message.about`) in two minutes; further ones are dropped."""
        ...

    async def pending_proposal(self, channel: ChannelName, account: str, request_id: str) -> Proposal | None:
        """Return the proposal the account was last asked to confirm, unless the request has changed or the account has sent
        an unclear reply since. Answering the request uses the proposal up."""
        ...

    async def may_interpret(self, channel: ChannelName, account: str, request_id: str) -> bool:
        """Return whether a model may be asked what a mail from the account about the request means. The number of times is
        limited, as each one costs."""
        ...

    async def record_bounce(self, channel: ChannelName, account: str, subject_id: str, reason: str) -> None:
        """Record that the mail about this request, or the text message with this id, bounced permanently."""
        ...


class MailboxReader(Protocol):
    """Reads new mail from the mailboxes of agents."""

    async def fetch_new_mail(self, account: str, cursor: str | None) -> str:
        """Hand over all mail received since `cursor` (None: from now on) and return the new cursor. If it raises one of
        `channels.errors`, mail handed over so far stays handled, and the caller uses the old cursor again."""
        ...

    async def watch(self, account: str) -> int | None:
        """Ask the provider to notify us of new mail. Returns when that expires, in milliseconds; None if push is not set up."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
