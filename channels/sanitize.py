"""Sanitize untrusted text for display: nothing in it can hide, reorder or push out of view what a person must see."""

import json
import re
import unicodedata
from typing import Any

ALLOWED_CONTROLS = "\n\t"
# The joiner and the variation selector within emoji.
_JOINERS = "\u200d\ufe0f"
_PLAIN_NAME = re.compile(r"\w+(?:[ .:/-]\w+)*")
_PADDING = re.compile(r" {4,}|\n{3,}")


def visible(text: str) -> str:
    """Escape every invisible character (⟨U+202E⟩) and replace long runs of blanks by their number (⟨40 spaces⟩)."""
    return _PADDING.sub(_count_blanks, escape_invisible(text))


def escape_invisible(text: str) -> str:
    """Escape every invisible character. The result for a prefix stays the same as the text grows, as a stream requires."""
    return "".join(_escape_character(character, text, place) for place, character in enumerate(text))


def name_text(name: str) -> str:
    """A name on one line: unchanged if it is plain words, else quoted and escaped."""
    return name if _PLAIN_NAME.fullmatch(name) and visible(name) == name else value_text(name)


def value_text(value: Any) -> str:
    """A value on one line, complete: escaped JSON."""
    return visible(json.dumps(value, ensure_ascii=False))


def clip(text: str, limit: int) -> str:
    """Cut `text` to at most `limit` UTF-16 code units, as providers count them, with an ellipsis where it was cut."""
    if utf16_length(text) <= limit:
        return text
    room, kept = limit - 1, 0
    for place, character in enumerate(text):
        kept += utf16_length(character)
        if kept > room:
            return text[:place].rstrip() + "…"
    return text


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _escape_character(character: str, text: str, place: int) -> str:
    if character.isascii() and (character.isprintable() or character in ALLOWED_CONTROLS):
        return character
    if character in _JOINERS and place and unicodedata.category(text[place - 1]) in ("So", "Sk"):
        return character
    hidden = unicodedata.category(character)[0] in "CZ" or unicodedata.category(character) == "Cf" or _is_filler(character)
    return f"⟨U+{ord(character):04X}⟩" if hidden or character == "⟨" else character


def _is_filler(character: str) -> bool:
    """Letters and marks that render as nothing."""
    return character in "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800" or "\ufe00" <= character <= "\ufe0f"


def _count_blanks(run: re.Match[str]) -> str:
    return f"⟨{len(run[0])} spaces⟩" if run[0][0] == " " else f"\n⟨{len(run[0])} line breaks⟩\n"
