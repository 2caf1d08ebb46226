"""Parse a raw mail: who sent it and whether that is verified, what kind of mail it is, and what is new in it. Pure, and it
never raises, whatever the mail contains."""

import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from channels.email.read.authentication import is_verified, names_of, sender_of
from channels.email.read.body import body_of
from channels.email.read.bounces import Bounce, bounce_of
from channels.email.read.classify import MailKind, is_away_message, kind_of
from channels.email.read.mime import Headers, decode_header_value, open_mail
from channels.email.read.quoting import new_text_of

AUTHSERV_ID = "mx.google.com"
MAX_WHOLE = 64_000
MAX_IDS = 100
MIN_TOPIC = 12
_ID = re.compile(r"<[^<>\s]{1,500}>")
_ADDRESS = re.compile(r"[^\s<>,;:\"()]{1,320}@[A-Za-z0-9.-]{1,253}")
_REPLY = re.compile(
    r"^\s*((re|aw|antw|antwort|sv|vs|rv|rif|r|ref|res|odp|ynt|tr|fw|fwd|wg|отв|回复|答复|回覆|답장|رد)\s*(\[\d+\])?\s*[:：]\s*)+",
    re.IGNORECASE,
)
_TO_US = ("delivered-to", "to", "cc", "x-original-to")


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """`sender` is the address in From, in lower case; empty unless there is exactly one. `names` are the words of the name and
    address there. `verified`: DMARC passed for the sender at our own server. `ids` are the Message-IDs it answers (`<...>`),
    nearest first; `to` its recipients. `new_text` is what the sender wrote now; `certain` is false if that is doubtful, and
    then the mail decides nothing. `whole` is the complete text. `sent_at` is its Date, in milliseconds."""

    kind: MailKind
    sender: str
    names: frozenset[str]
    verified: bool
    subject: str
    message_id: str
    ids: tuple[str, ...]
    to: tuple[str, ...]
    new_text: str
    certain: bool
    whole: str
    sent_at: int | None
    bounce: Bounce | None = None

    @property
    def tagged(self) -> str:
        """Everything that may contain a reply tag, nearest first, for `ReplyTags.read`."""
        return " ".join((*self.ids, *self.to))


def read_mail(raw: bytes, mailbox: str, authserv_id: str = AUTHSERV_ID) -> ParsedMail:
    """Parse a mail received in `mailbox`. `authserv_id` is the name of our server in Authentication-Results."""
    opened = open_mail(raw)
    headers, sender = opened.headers, sender_of(opened.headers)
    subject, body = decode_header_value(headers.first("subject"))[:500], body_of(opened.message)
    new_text = new_text_of(body.text, (mailbox, *_sign(subject)))
    kind = kind_of(headers, opened.message, sender, mailbox)
    return ParsedMail(
        kind="automatic" if kind == "human" and is_away_message(subject, new_text.text) else kind,
        sender=sender,
        names=names_of(headers),
        verified=is_verified(headers, sender, authserv_id),
        subject=subject,
        message_id=next(iter(_ID.findall(headers.first("message-id"))), ""),
        ids=_ids(headers),
        to=tuple(address for name in _TO_US for value in headers.all(name) for address in _ADDRESS.findall(value))[:MAX_IDS],
        new_text=new_text.text,
        certain=new_text.certain and body.certain and opened.complete,
        whole=body.text[:MAX_WHOLE],
        sent_at=_sent_at(headers.first("date")),
        bounce=bounce_of(headers, opened.message) if kind == "bounce" else None,
    )


def topic_of(subject: str) -> str:
    """Strip reply and forward prefixes from a subject."""
    return _REPLY.sub("", subject).strip()


def _sign(subject: str) -> tuple[str, ...]:
    """The subject as we wrote it, if it is long enough to identify our mail in a quotation."""
    topic = topic_of(subject)
    return (topic,) if len(topic) >= MIN_TOPIC else ()


def _ids(headers: Headers) -> tuple[str, ...]:
    answered = [*_ids_in(headers.first("in-reply-to")), *reversed(_ids_in(headers.first("references")))]
    return tuple(dict.fromkeys(answered))[:MAX_IDS]


def _ids_in(value: str) -> list[str]:
    """Programs that fold lines at 78 characters write longer ids as encoded words."""
    return _ID.findall(decode_header_value(value) if "=?" in value else value)


def _sent_at(date: str) -> int | None:
    try:
        at = parsedate_to_datetime(date)
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
