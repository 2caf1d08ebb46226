"""Authenticate the sender of a mail by the DMARC result of our own receiving server (A48, A49)."""

import re

from channels.email.grammar.decision_words import name_words
from channels.email.read.mime import Headers, decode_header_value

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = rf"({_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
# One address with an optional display name: no list, group or comment, and nothing ambiguous.
_FROM = re.compile(rf'\s*(?:"(?:[^"\\]|\\.)*"\s*<{_ADDRESS}>|[^"<>@,;:()\\]*<{_ADDRESS}>|{_ADDRESS})\s*')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*dmarc\s*=\s*([A-Za-z]+)\b(.*)", re.IGNORECASE | re.DOTALL)
_HEADER_FROM = re.compile(r"\bheader\.from\s*=\s*([A-Za-z0-9.-]+)", re.IGNORECASE)
_NESTING = 20
MAX_VALUE = 4000


def sender_of(headers: Headers) -> str:
    """Return the address in From, in lower case; empty unless there is exactly one."""
    claimed = headers.all("from")
    found = _FROM.fullmatch(claimed[0]) if len(claimed) == 1 and len(claimed[0]) < 2000 else None
    return next((address for address in found.groups() if address), "").lower() if found else ""


def names_of(headers: Headers) -> frozenset[str]:
    """Return the words of the display name and of the local part of the address."""
    name, _, domain = decode_header_value(headers.first("from")).rpartition("@")
    return name_words(name.replace("<", " ")) if domain else frozenset()


def is_verified(headers: Headers, sender: str, authserv_id: str) -> bool:
    """Return whether DMARC passed for the sender's domain at our own receiving server. Only the topmost
    Authentication-Results counts, if it is our server's and no foreign server handled the mail after it."""
    verdict = _own_verdict(headers, authserv_id)
    results = [found for part in verdict for found in [_RESULT.fullmatch(part)] if found]
    if not sender or len(results) != 1 or results[0][1].lower() != "pass":
        return False
    domains = _HEADER_FROM.findall(results[0][2])
    return len(domains) == 1 and domains[0].lower() == sender.rpartition("@")[2]


def _own_verdict(headers: Headers, authserv_id: str) -> list[str]:
    """The results in the topmost Authentication-Results; empty unless our own server wrote it."""
    for name, value in headers.fields:
        if name == "received" and not _is_own_hop(value, authserv_id):
            return []
        if name == "authentication-results":
            server, *results = _plain(value).split(";")
            return results if (server.split() or [""])[0].lower() == authserv_id.lower() else []
    return []


def _is_own_hop(received: str, authserv_id: str) -> bool:
    """Whether our own server received the mail in this hop, or passed it on internally (such a hop names no `from`)."""
    words = _plain(received).lower().split()
    if "from" not in words:
        return True
    return words.count("by") == 1 and words[words.index("by") + 1 :][:1] == [authserv_id.lower()]


def _plain(value: str) -> str:
    """Strip quoted strings and comments, which may contain the sender's own text. Empty if they are not closed, or the
    value is longer than any server writes."""
    rest = _QUOTED.sub("?", value) if len(value) <= MAX_VALUE else "("
    for _ in range(_NESTING):
        rest, found = _COMMENT.subn(" ", rest)
        if not found:
            break
    return "" if any(sign in rest for sign in '()"') else rest
