"""The text of a mail, from its text parts only and within size limits. Attachments are never opened."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from channels.email.read.html_text import text_of_html
from channels.email.read.mime import MAX_DEPTH

MAX_TEXT = 100_000
_TEXTS = ("text/plain", "text/html")
# Codecs that decode to something other than what a mail program shows.
_NOT_CHARSETS = ("unicode_escape", "raw_unicode_escape", "utf-7", "punycode", "idna", "undefined")


@dataclass(frozen=True, slots=True)
class MailBody:
    """`certain` is false if the text may differ from what the sender saw."""

    text: str
    certain: bool = True


def body_of(message: Message) -> MailBody:
    """Return the plain text if there is one, else the text the HTML shows. Sibling parts are concatenated."""
    found = list(_bodies(message))
    text = "\n".join(each.text for each in found)
    certain = all(each.certain for each in found) and len(text) <= MAX_TEXT and "\ufffd" not in text and "\0" not in text
    return MailBody(text[:MAX_TEXT].replace("\0", "\ufffd"), certain)


def _bodies(part: Message, depth: int = 0) -> Iterator[MailBody]:
    payload = part.get_payload()
    if not isinstance(payload, list):
        if part.get_content_type() in _TEXTS and not _is_attachment(part):
            yield _read(part)
    elif part.get_content_maintype() == "multipart" and depth < MAX_DEPTH:
        inner = [list(_bodies(each, depth + 1)) for each in payload if isinstance(each, Message)]
        if part.get_content_subtype() == "alternative":
            inner = [next((each for each in inner if any(body.text.strip() for body in each)), [])]
        for each in inner:
            yield from each


def _is_attachment(part: Message) -> bool:
    return str(part.get("content-disposition", "")).strip().lower().startswith("attachment")


def _read(part: Message) -> MailBody:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return MailBody("", certain=False)
    text = raw.decode(_charset(part), "replace").lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if part.get_content_type() == "text/html":
        shown, certain = text_of_html(text[:MAX_TEXT])
        return MailBody(shown, certain and len(text) <= MAX_TEXT)
    flowed = _param(part, "format").lower() == "flowed" and len(text) <= MAX_TEXT
    return MailBody(_unflow(text) if flowed else text)


def _charset(part: Message) -> str:
    try:
        known = codecs.lookup(_param(part, "charset") or "utf-8").name
        b"a".decode(known, "replace")
    except (LookupError, ValueError, UnicodeError):
        return "utf-8"
    return "ascii" if known in _NOT_CHARSETS else known


def _param(part: Message, name: str) -> str:
    """A parameter of Content-Type; empty if it is missing or malformed."""
    try:
        value = part.get_param(name)
    except (ValueError, LookupError, TypeError, IndexError):
        return ""
    return value if isinstance(value, str) else ""


def _unflow(text: str) -> str:
    """Join flowed lines (RFC 3676): a line that ends with a space continues on the next one."""
    lines: list[str] = []
    flowing = False
    for line in text.split("\n"):
        if flowing and not line.startswith(">") and line != "-- ":
            lines[-1] += line.removeprefix(" ")
        else:
            lines.append(line.removeprefix(" "))
        flowing = line.endswith(" ") and line != "-- " and not line.startswith(">")
    return "\n".join(lines)
