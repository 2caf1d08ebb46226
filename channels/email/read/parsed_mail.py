"""A raw mail, read: who claims to have sent it and whether that is proven, what sort it is, and what is new in it.
Pure, decides nothing, and never raises, whatever the mail is made of."""

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
    """`sender`: the one address in From, lower case; empty if there is not exactly one; `names`: the words of the name and
    the address there. `verified`: DMARC passed for it at
    our own receiver. `ids` are the mails it answers, nearest first, `<...>` each; `to` the addresses it went to. `new_text`
    is what the sender wrote now; `certain` is false where that is doubtful, and then it decides nothing. `whole` is all
    of the text. `sent_at` is the Date it claims, in milliseconds."""

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
        """Where a tag of ours may stand, nearest first, for `Tags.read`."""
        return " ".join((*self.ids, *self.to))


def read_mail(raw: bytes, mailbox: str, authserv_id: str = AUTHSERV_ID) -> ParsedMail:
    """`mailbox`: the agent's own address, into which the mail incoming; `authserv_id`: what our receiver calls itself."""
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
    """A subject without the signs of a reply or a forward before it."""
    return _REPLY.sub("", subject).strip()


def _sign(subject: str) -> tuple[str, ...]:
    """The subject as we wrote it, where it is long enough to be a sign of our mail."""
    topic = topic_of(subject)
    return (topic,) if len(topic) >= MIN_TOPIC else ()


def _ids(headers: Headers) -> tuple[str, ...]:
    answered = [*_ids_in(headers.first("in-reply-to")), *reversed(_ids_in(headers.first("references")))]
    return tuple(dict.fromkeys(answered))[:MAX_IDS]


def _ids_in(value: str) -> list[str]:
    """Programs that fold at 78 characters write an identifier longer than that as encoded words."""
    return _ID.findall(decode_header_value(value) if "=?" in value else value)


def _sent_at(date: str) -> int | None:
    try:
        at = parsedate_to_datetime(date)
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
