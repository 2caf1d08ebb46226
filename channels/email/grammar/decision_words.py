"""The keywords that decide by mail, in their exact forms, and what may surround them."""

import re
import unicodedata

from channels.email.grammar.phrases import DOUBTS, FAREWELLS, any_of

# The spellings of each action on the first line. Nothing else decides.
ACTIONS: dict[str, str] = {
    "approve": "approve",
    "approved": "approve",
    "i approve": "approve",
    "reject": "reject",
    "rejected": "reject",
    "i reject": "reject",
    "decline": "decline",
    "continue": "continue",
    "stop": "stop",
    "skip": "skip",
    "revise": "revise",
    "yes": "yes",
}
WITH_REASON = ("reject", "decline")
_POLITE = re.compile(r"(?:please )?(.*?)(?:,? (?:please|thanks|thank you|many thanks))?", re.DOTALL)
_EDGES = " \t\u00a0\u3000\ufeff\u200b\u200e\u200f"
_MARKUP = "*_\"'“”„«»`"
_ENDS = ".!,;:。！，"
_BIDI_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_DOUBT, _FAREWELL = any_of(DOUBTS), any_of(FAREWELLS)
_CONNECTORS = frozenset(
    ["of", "and", "for", "the", "at", "de", "del", "la", "le", "von", "van", "der", "und", "für", "et", "y", "e", "di", "da"]
)
MAX_SIGNATURE_LINES = 5
MAX_SIGNATURE_LINE = 60


def normalize(text: str) -> str:
    """Normalize `text` for comparison: NFKC, case-folded, without surrounding blanks, quotes and punctuation."""
    plain = unicodedata.normalize("NFKC", text.strip(_EDGES)).casefold()
    while plain != (shorter := plain.strip(_EDGES).strip(_MARKUP).rstrip(_ENDS)):
        plain = shorter
    return " ".join(plain.split())


def action_of(text: str) -> str | None:
    """Return the action if `text` consists of its keyword alone, politely or not."""
    found = _POLITE.fullmatch(normalize(text))
    return ACTIONS.get(normalize(found[1])) if found else None


def split_action(line: str) -> tuple[str, str] | None:
    """Return (action, rest) of a line such as `reject: too expensive`; None if it does not start with a keyword."""
    plain = unicodedata.normalize("NFKC", line).strip(_EDGES).lstrip(_MARKUP + _EDGES)
    found = re.match(r"([A-Za-z]+)(?:[*_\"'”»`]*\s*[:,;.!-]\s*|[*_\"'”»`]*\s+(?:[-–—:]\s*)?|$)(.*)", plain, re.DOTALL)
    action = ACTIONS.get(found[1].casefold()) if found else None
    return (action, found[2].strip(_EDGES)) if found and action else None


def expresses_doubt(text: str) -> bool:
    """Return whether anything in `text` questions, conditions or takes back an answer."""
    return _DOUBT.search(unicodedata.normalize("NFKC", text)) is not None or has_bidi_override(text)


def has_bidi_override(text: str) -> bool:
    """Return whether bidirectional control characters make `text` look different from what it is."""
    return _BIDI_OVERRIDES.search(text) is not None


def without_signature(lines: list[str], names: frozenset[str]) -> list[str]:
    """Strip the closing and the sender's own name from the end. `names`: the normalized words of that name."""
    filled = [place for place, line in enumerate(lines) if line.strip(_EDGES)]
    return next((lines[:place] for place in filled[-MAX_SIGNATURE_LINES - 1 :] if _is_signature(lines[place:], names)), lines)


def are_blank(lines: list[str]) -> bool:
    return not any(line.strip(_EDGES) for line in lines)


def _is_signature(lines: list[str], names: frozenset[str]) -> bool:
    """A closing such as "Best regards", followed by the name and a few lines such as a phone number; or the name alone.
    Anything else may change the meaning of the answer."""
    kept = [line for line in lines if line.strip(_EDGES)]
    if not kept or not lines[0].strip(_EDGES):
        return False
    if not _FAREWELL.fullmatch(normalize(kept[0]).rstrip(" ,")):
        return len(kept) == 1 and _is_own_name(kept[0], names)
    under = kept[1:]
    return not under or (len(under) <= MAX_SIGNATURE_LINES and _is_own_name(under[0], names) and all(map(_is_name, under[1:])))


def _is_own_name(line: str, names: frozenset[str]) -> bool:
    words = name_words(line)
    return bool(words) and words <= names


def name_words(text: str) -> frozenset[str]:
    """Return the normalized words of a name or an address, without keywords, which are nobody's name."""
    return frozenset(re.findall(r"[^\W\d_]+", normalize(text))) - ACTIONS.keys()


def _is_name(line: str) -> bool:
    """A name, a title, a number or an address: unlike in a sentence, every word is capitalized, if its script has capitals."""
    return len(line) <= MAX_SIGNATURE_LINE and not expresses_doubt(line) and all(_is_name_word(word) for word in line.split())


def _is_name_word(word: str) -> bool:
    bare = word.strip("()[],|–—-·:/&")
    return not bare[:1].islower() or bare in _CONNECTORS or any(sign in bare[:-1] for sign in "@.")
