"""Detect request heads that a proxy in front of us could parse differently than we do."""

import re

_END = re.compile(rb"\n\r?\n")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_FOLDED = re.compile(rb"\n[ \t]")
_LENGTH = re.compile(rb"\ncontent-length[ \t]*:([^\r\n]*)", re.IGNORECASE)
_ENCODING = re.compile(rb"\ntransfer-encoding[ \t]*:([^\r\n]*)", re.IGNORECASE)


def ambiguity(received: bytes) -> str | None:
    """What is ambiguous about the request head at the start of `received`; None if nothing is, or while it is incomplete."""
    end = _END.search(received)
    if end is None:
        return None
    head = received[: end.end()]
    if _BARE_LF.search(head):
        return "Lines must end with CR LF."
    if _FOLDED.search(head):
        return "A header must not be folded over several lines."
    lengths, encodings = _LENGTH.findall(head), _ENCODING.findall(head)
    if lengths and encodings:
        return "Send Content-Length or Transfer-Encoding, not both."
    if len(lengths) > 1 or b"," in b"".join(lengths):
        return "Send only one Content-Length."
    if encodings and not head.split(b"\r\n", 1)[0].endswith(b"HTTP/1.1"):
        return "Transfer-Encoding needs HTTP/1.1."
    return None
