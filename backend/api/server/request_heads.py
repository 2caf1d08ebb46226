"""Request heads that two readers could understand differently: whoever stands before us must see the same requests as we do."""

import re

_END = re.compile(rb"\n\r?\n")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_FOLDED = re.compile(rb"\n[ \t]")
_LENGTH = re.compile(rb"\ncontent-length[ \t]*:([^\r\n]*)", re.IGNORECASE)
_ENCODING = re.compile(rb"\ntransfer-encoding[ \t]*:([^\r\n]*)", re.IGNORECASE)


def ambiguity(received: bytes) -> str | None:
    """What is ambiguous about the head that `received` begins with, or None: also while the head is not whole."""
    end = _END.search(received)
    if end is None:
        return None
    head = received[: end.end()]
    if _BARE_LF.search(head):
        return "Lines end with CR LF."
    if _FOLDED.search(head):
        return "A header must not be folded over several lines."
    lengths, encodings = _LENGTH.findall(head), _ENCODING.findall(head)
    if lengths and encodings:
        return "Send Content-Length or Transfer-Encoding, not both."
    if len(lengths) > 1 or b"," in b"".join(lengths):
        return "Send one Content-Length."
    if encodings and not head.split(b"\r\n", 1)[0].endswith(b"HTTP/1.1"):
        return "Transfer-Encoding needs HTTP/1.1."
    return None
