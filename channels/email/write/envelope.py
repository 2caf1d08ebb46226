"""A page as a mail that can be sent: its headers hold together a thread, and nothing of others can add one."""

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
# Python writes a word longer than a line as an encoded one, and our Message-IDs are that long (RFC 5322 allows 998).
UNFOLDED = SMTP.clone(max_line_length=900)


@dataclass(frozen=True, slots=True)
class Envelope:
    """`references` are Message-IDs, oldest first, that hold the thread together; `in_reply_to` is the one that is answered."""

    mailbox: str
    to: str
    subject: str
    message_id: str
    references: tuple[str, ...] = ()
    in_reply_to: str | None = None
    reply_to: str | None = None


def build_mail(envelope: Envelope, page: Page) -> bytes:
    """The whole mail. Raises Rejected for an address that no mail can be sent to."""
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
    """The first, which names the thread, and the newest."""
    return tuple(references) if len(references) <= MAX_REFERENCES else (references[0], *references[1 - MAX_REFERENCES :])


def _recipient(address: str) -> Address:
    local, _, domain = address.rpartition("@")
    try:
        if local.isascii() and local and domain:
            return Address(username=local, domain=domain.encode("idna").decode("ascii"))
    except (ValueError, IndexError):  # what the standard library makes of an address that is none
        raise _bad() from None
    raise _bad()


def _bad() -> Rejected:
    return Rejected("No mail can be sent to this address.", "bad_address")
