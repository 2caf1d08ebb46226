"""Build the mail to send from a page: headers that hold a thread together and that no untrusted text can add to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from channels.email.write.page import Page, render_html, render_text
from channels.errors import Rejected

SENDER_NAME = "Assent"
MAX_REFERENCES = 12
# Python encodes a word longer than a line, and our Message-IDs may be (RFC 5322 allows 998 characters).
UNFOLDED = SMTP.clone(max_line_length=900)


@dataclass(frozen=True, slots=True)
class Envelope:
    """`references` are the Message-IDs of the thread, oldest first; `in_reply_to` is the one being answered."""

    mailbox: str
    to: str
    subject: str
    message_id: str
    references: tuple[str, ...] = ()
    in_reply_to: str | None = None
    reply_to: str | None = None


def build_mail(envelope: Envelope, page: Page) -> bytes:
    """Return the complete mail. Raises Rejected for an address that mail cannot be sent to."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(SENDER_NAME, addr_spec=envelope.mailbox)
    mail["To"] = _recipient(envelope.to)
    if envelope.reply_to:
        mail["Reply-To"] = Address(SENDER_NAME, addr_spec=envelope.reply_to)
    mail["Subject"] = " ".join(envelope.subject.split())
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = envelope.message_id
    if envelope.in_reply_to:
        mail["In-Reply-To"] = envelope.in_reply_to
    if envelope.references:
        mail["References"] = " ".join(trim_references(envelope.references))
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(render_text(page), cte="quoted-printable")
    mail.add_alternative(render_html(page), subtype="html", cte="quoted-printable")
    return mail.as_bytes(policy=UNFOLDED)


def trim_references(references: Sequence[str]) -> tuple[str, ...]:
    """Keep the first, which identifies the thread, and the newest."""
    return tuple(references) if len(references) <= MAX_REFERENCES else (references[0], *references[1 - MAX_REFERENCES :])


def _recipient(address: str) -> Address:
    local, _, domain = address.rpartition("@")
    try:
        if local.isascii() and local and domain:
            return Address(username=local, domain=domain.encode("idna").decode("ascii"))
    except (ValueError, IndexError):  # from the standard library for an invalid address
        raise _bad() from None
    raise _bad()


def _bad() -> Rejected:
    return Rejected("Mail cannot be sent to this address.", "bad_address")
