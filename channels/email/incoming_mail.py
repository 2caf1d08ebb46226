"""A mail on its way in: as fetched from the mailbox, as parsed, and as the rest of the product records it."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from channels.email.read.parsed_mail import ParsedMail, topic_of
from channels.mail_contract import MailOutcome, Proposal, ReceivedMail


class HistoryExpired(Exception):
    """The history of the mailbox no longer reaches back to the cursor."""


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail as Gmail delivers it: `id`, `thread` and `labels` are Gmail's, `raw` is all of it as it incoming."""

    id: str
    thread: str
    labels: frozenset[str]
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """A parsed mail. `id` and `gmail_thread` are Gmail's."""

    mailbox: str
    id: str
    gmail_thread: str
    mail: ParsedMail

    @property
    def event_id(self) -> str:
        """The same for one mail, however often and into however many mailboxes it is delivered. For a verified sender it
        derives from the Message-ID they chose, within their own address; for all others it is Gmail's id."""
        if not self.mail.verified or not self.mail.message_id:
            return f"{self.mailbox} {self.id}"
        return hashlib.sha256(f"{self.mail.sender}\n{self.mail.message_id}".encode(errors="surrogatepass")).hexdigest()

    @property
    def place(self) -> str:
        return f"{self.mailbox}/{self.gmail_thread}"

    @property
    def topic(self) -> str:
        return topic_of(self.mail.subject)

    @property
    def thread(self) -> dict[str, Any]:
        """How to reply in the thread."""
        before = [*reversed(self.mail.ids), *([self.mail.message_id] if self.mail.message_id else [])]
        return {
            "mailbox": self.mailbox,
            "gmail_thread": self.gmail_thread,
            "subject": self.mail.subject,
            "references": before,
        }

    def received_mail(
        self, outcome: MailOutcome, request_id: str | None = None, proposal: Proposal | None = None
    ) -> ReceivedMail:
        """The mail as it is recorded."""
        mail = self.mail
        return ReceivedMail(
            channel="email",
            mailbox=self.mailbox,
            id=self.event_id,
            sender=mail.sender,
            verified=mail.verified,
            outcome=outcome,
            text=mail.new_text,
            whole=mail.whole,
            sent_at=mail.sent_at,
            request_id=request_id,
            place=self.place,
            proposal=proposal,
        )
