"""Split a raw mail into headers and parts, within limits on size and nesting."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import compat32

MAX_RAW = 2_000_000  # anything beyond belongs to an attachment, or is more than anyone reads
MAX_PARTS = 300
MAX_DEPTH = 30
MAX_HEADERS = 1000
MAX_HEAD = 250_000
MAX_VALUE = 4000
_FOLD = re.compile(r"\r?\n(?=[ \t])|\r?\n\Z")
_HEAD_ENDS = re.compile(rb"\n\r?\n")
_CONTROLS = dict.fromkeys((*range(32), 127), " ")


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields from top to bottom, unfolded; names in lower case."""

    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.fields if known == name]

    def first(self, name: str) -> str:
        """Return the topmost field of that name, or an empty string."""
        return next(iter(self.all(name)), "")


@dataclass(frozen=True, slots=True)
class OpenedMail:
    """`complete` is false if the mail was truncated or not split because it is too large or too deeply nested."""

    headers: Headers
    message: Message
    complete: bool


def open_mail(raw: bytes) -> OpenedMail:
    """Never raises: a mail that cannot be parsed has no readable body."""
    shown = raw[:MAX_RAW] if _HEAD_ENDS.search(raw, 0, MAX_HEAD) or len(raw) <= MAX_HEAD else b""
    folded = shown.lower()
    tangled = max(folded.count(b"content-type:"), folded.count(b"\n--")) > MAX_PARTS or folded.count(b"boundary") > MAX_DEPTH
    message: Message = (BytesHeaderParser if tangled else BytesParser)(policy=compat32).parsebytes(shown)
    return OpenedMail(Headers(tuple(_fields(message))), message, complete=len(raw) == len(shown) and not tangled)


def decode_header_value(value: str) -> str:
    """Decode the encoded words of a header value, on one line."""
    try:
        pieces = [_piece(text, charset) for text, charset in decode_header(value[:MAX_VALUE])]
    except (HeaderParseError, LookupError, ValueError):
        pieces = [value[:MAX_VALUE]]
    return " ".join("".join(pieces).translate(_CONTROLS).split())


def _fields(message: Message) -> Iterator[tuple[str, str]]:
    for name, value in list(message.raw_items())[:MAX_HEADERS]:
        unfolded = _FOLD.sub("", str(value))
        yield (
            name.lower(),
            unfolded.encode("ascii", "surrogateescape" if _is_raw(unfolded) else "replace").decode("utf-8", "replace"),
        )


def _is_raw(value: str) -> bool:
    return all(ord(character) < 128 or "\udc80" <= character <= "\udcff" for character in value)


def _piece(text: bytes | str, charset: str | None) -> str:
    if isinstance(text, str):
        return text
    return text.decode("utf-8" if charset in (None, "unknown-8bit") else str(charset), "replace")
