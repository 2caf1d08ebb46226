"""Parse a bounce: which of our mails was not delivered, to whom, and whether that is permanent."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from channels.email.read.mime import Headers, decode_header_value

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_ADDRESS = re.compile(r"[^\s<>;,\"()]{1,64}@[A-Za-z0-9.-]{1,253}")
_MESSAGE_ID = re.compile(r"^(?:message-id|in-reply-to|references)\s*:\s*(.*)", re.IGNORECASE | re.MULTILINE)
_ID = re.compile(r"<[^<>\s]{1,500}>")
MAX_LOOKED_AT = 64_000


@dataclass(frozen=True, slots=True)
class Bounce:
    """`recipient` (lower case) and `status` (such as `5.1.1`) are empty if the report does not state them. `permanent` is
    false for a mere delay. `about` holds all Message-IDs found in the bounce, ours among them."""

    recipient: str
    permanent: bool
    status: str
    about: tuple[str, ...]


def bounce_of(headers: Headers, message: Message) -> Bounce:
    """Never raises. What the report does not state stays empty, and only an explicit failure is permanent."""
    fields = dict(_status_fields(message))
    text = "\n".join(_texts(message))
    recipient = _ADDRESS.search(fields.get("final-recipient", "") or fields.get("original-recipient", ""))
    failed = _ADDRESS.search(decode_header_value(headers.first("x-failed-recipients")))
    action = fields.get("action", "").strip().lower()
    found = _STATUS.search(fields.get("status", "")) or (_STATUS.search(text) if not action else None)
    status = found[0] if found else ""
    named = recipient or failed
    return Bounce(
        recipient=named[0].lower() if named else "",
        permanent=action == "failed" and not status.startswith("2") if action else _failed(status, failed is not None),
        status=status,
        about=tuple(dict.fromkeys(_about(headers, text))),
    )


def _failed(status: str, named: bool) -> bool:
    return status.startswith("5") or (named and not status)


def _status_fields(message: Message) -> Iterator[tuple[str, str]]:
    """The fields of the first recipient the report says failed, else of the first one."""
    blocks = [
        block for part in _leaves(message) if part.get_content_type() == "message/delivery-status" for block in _blocks(part)
    ]
    about_someone = [block for block in blocks if "final-recipient" in block or "original-recipient" in block]
    failed = [block for block in about_someone if block.get("action", "").strip().lower() == "failed"]
    yield from next(iter(failed or about_someone), {}).items()


def _blocks(part: Message) -> Iterator[dict[str, str]]:
    payload = part.get_payload()
    if isinstance(payload, list):
        for block in payload:
            if isinstance(block, Message):
                yield {name.lower(): str(value) for name, value in reversed(list(block.raw_items()))}
    else:
        for text in re.split(r"\n\s*\n", str(payload)[:MAX_LOOKED_AT]):
            yield {
                name.strip().lower(): value for name, colon, value in (line.partition(":") for line in text.split("\n")) if colon
            }


def _leaves(message: Message, depth: int = 0) -> Iterator[Message]:
    yield message
    payload = message.get_payload()
    if isinstance(payload, list) and depth < 5:
        for part in payload:
            if isinstance(part, Message):
                yield from _leaves(part, depth + 1)


def _texts(message: Message) -> Iterator[str]:
    """All text of the bounce, including the headers of the returned mail."""
    for part in _leaves(message):
        if part is not message:
            yield "\n".join(f"{name}: {value}" for name, value in part.raw_items())[:MAX_LOOKED_AT]
        if not part.is_multipart() and part.get_content_maintype() == "text":
            raw = part.get_payload(decode=True)
            yield raw[:MAX_LOOKED_AT].decode("utf-8", "replace") if isinstance(raw, bytes) else ""


def _about(headers: Headers, text: str) -> Iterator[str]:
    for name in ("in-reply-to", "references"):
        yield from _ID.findall(headers.first(name))
    for line in _MESSAGE_ID.findall(text):
        yield from _ID.findall(line)
