"""Words of others made fit to be shown: nothing in them can hide, turn round or push aside what a person must see."""

import json
import re
import unicodedata
from typing import Any

ALLOWED_CONTROLS = "\n\t"
# Characters that join or tint emoji, and nothing else.
_JOINERS = "\u200d\ufe0f"
_PLAIN_NAME = re.compile(r"\w+(?:[ .:/-]\w+)*")
_PADDING = re.compile(r" {4,}|\n{3,}")


def visible(text: str) -> str:
    """`text` with every invisible character spelt out (⟨U+202E⟩) and long runs of blanks counted (⟨40 spaces⟩)."""
    return _PADDING.sub(_count_blanks, escape_invisible(text))


def escape_invisible(text: str) -> str:
    """`text` with every invisible character spelt out; what more text does to the end of it changes nothing before."""
    return "".join(_escape_character(character, text, place) for place, character in enumerate(text))


def name_text(name: str) -> str:
    """A name on one line: as it is where it is plain words, else in quotes with nothing in it invisible."""
    return name if _PLAIN_NAME.fullmatch(name) and visible(name) == name else value_text(name)


def value_text(value: Any) -> str:
    """A value on one line, whole: JSON, with nothing in it invisible."""
    return visible(json.dumps(value, ensure_ascii=False))


def clip(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units, the count of the providers' own; a cut shows as an ellipsis."""
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
    """Letters and marks that are drawn as nothing."""
    return character in "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800" or "\ufe00" <= character <= "\ufe0f"


def _count_blanks(run: re.Match[str]) -> str:
    return f"⟨{len(run[0])} spaces⟩" if run[0][0] == " " else f"\n⟨{len(run[0])} line breaks⟩\n"
