"""Slack's markup: convert Markdown to it, and escape untrusted text so that it cannot mention, link or notify anybody."""

import re
from collections.abc import Callable
from datetime import datetime

from channels.sanitize import clip, utf16_length, visible

_FENCE = re.compile(r"(```.*?(?:```|\Z))", re.DOTALL)
_CODE = re.compile(r"(`[^`\n]+`)")
_LINK = re.compile(r"!?\[([^\]\n]*)\]\((\S+?)(?:\s+\"[^\"\n]*\")?\)")
_BOLD = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_STRUCK = re.compile(r"~~(?=\S)(.+?)(?<=\S)~~")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_BULLET = re.compile(r"^(\s*)[-*+]\s+", re.MULTILINE)
_STAR = "\x00"


def escape(text: str) -> str:
    """Escape `text`: no mention, no link, no special command."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def literal(text: str, limit: int) -> str:
    """Escape untrusted text as one line, at most `limit` units long."""
    shown = visible(" ".join(text.split()))
    return _fit(shown, limit, escape)


def to_mrkdwn(markdown: str, limit: int) -> str:
    """Convert Markdown to mrkdwn, at most `limit` units. Links show their address; code stays as it is."""
    return _fit(visible(markdown), limit, _convert)


def link(url: str, label: str) -> str:
    """A link of our own."""
    return f"<{escape(url).replace('|', '%7C')}|{escape(label)}>"


def moment(iso: str, form: str = "{date_short_pretty} {time}") -> str:
    """A time that Slack shows in each reader's own time zone."""
    at = datetime.fromisoformat(iso)
    return f"<!date^{int(at.timestamp())}^{form}|{at:%Y-%m-%d %H:%M} UTC>"


def _fit(text: str, limit: int, write: Callable[[str], str]) -> str:
    """Return `write(text)`, clipping the text first if the result exceeds `limit`: the result itself is never cut."""
    room = limit
    while utf16_length(written := write(clip(text, room))) > limit:
        room = min(room - 1, room * limit // utf16_length(written))
    return written


def _convert(markdown: str) -> str:
    parts = _FENCE.split(markdown)
    return "".join(escape(part) if part.startswith("```") else _convert_prose(part) for part in parts)


def _convert_prose(text: str) -> str:
    parts = _CODE.split(text)
    return "".join(escape(part) if _CODE.fullmatch(part) else _convert_words(part) for part in parts)


def _convert_words(text: str) -> str:
    shown = escape(_LINK.sub(_spelt_link, text))
    shown = _HEADING.sub(rf"{_STAR}\1{_STAR}", shown)
    shown = _BOLD.sub(rf"{_STAR}\2{_STAR}", shown)
    shown = _BULLET.sub(r"\1• ", shown)
    shown = re.sub(r"(?<![*\w])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![*\w])", r"_\1_", shown)
    return _STRUCK.sub(r"~\1~", shown).replace(_STAR, "*")


def _spelt_link(found: re.Match[str]) -> str:
    label, address = found[1], found[2]
    return address if not label or label == address else f"{label} ({address})"
