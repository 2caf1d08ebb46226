"""Display names: reject invisible characters and names that read like the agent's or the platform's."""

import re
import unicodedata
from functools import lru_cache

MAX_LENGTH = 100
MAX_MARKS = 3  # combining marks per letter; more would overlap the lines around
BRAND = "assent"
# Names by which the platform refers to itself, the agent or the reader.
RESERVED = (
    "admin",
    "administrator",
    "agent",
    "ai agent",
    "ai assistant",
    "assistant",
    "bot",
    "nobody",
    "operator",
    "platform",
    "program",
    "slackbot",
    "system",
    "the agent",
    "the platform",
    "the system",
    "you",
)
# Letters and marks that render as nothing.
FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
# Characters that look like each Latin letter: letters of other scripts, digits, signs. NFKC folds compatibility forms.
LOOKALIKES = {
    "a": "аαɑ4@ʌ∀ꓮᎪᗅᗩⲁ",
    "b": "вβьʙ8ꓐᏴ",
    "c": "сϲꓚᏟⲥ",
    "d": "ԁɖꓓᎠ",
    "e": "еєεҽ3ꓰᎬⲉ",
    "g": "ɡցɢꓖᏀ",
    "h": "нһհʜꓧᎻⲏ",
    "i": "іιıɪɩlӏ1!|ꓲꓡᏞᎥⲓ",
    "j": "јϳꓙᎫ",
    "k": "кκꓗᏦⲕ",
    "m": "мʍꓟᎷⲙ",
    "n": "пηոɴꓠⲛ",
    "o": "оοσօө0ꓳⲟ",
    "p": "рρꓑᏢⲣ",
    "q": "ԛ",
    "r": "гʀꓣᏒ",
    "s": "ѕ5$ꓢᏚ",
    "t": "тτ7†ꓔᎢⲧ",
    "u": "υսμцꓴ",
    "v": "νѵꓦᏙ",
    "w": "ωԝшꓪᎳ",
    "x": "хχꓫ",
    "y": "уүγʏყꓬⲩ",
    "z": "ζꓜᏃ",
}
# Greek capitals that look like other letters than their small forms do.
CAPITALS = str.maketrans("ΗΜΝ", "HMN")
# Variants of a Latin letter: stroked, turned, small capital, squared.
_VARIANT = re.compile(r"(?:[A-Z]+ )*(?:LATIN|INDICATOR SYMBOL)(?: [A-Z]+)* ([A-Z])(?: WITH .*)?")
_FOLD = str.maketrans({character: letter for letter, characters in LOOKALIKES.items() for character in characters})


def check_name(text: str) -> str:
    """The name in normal form (NFC, single spaces). Raises ValueError saying what is wrong with it."""
    if has_invisible(text.strip()):
        raise ValueError("must not contain characters that are invisible or change the direction of text")
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or not any(unicodedata.category(character)[0] in "LN" for character in name):
        raise ValueError("must contain at least one letter or digit")
    if len(name) > MAX_LENGTH:
        raise ValueError(f"must be at most {MAX_LENGTH} characters")
    if _stacks_marks(name):
        raise ValueError("must not stack combining marks on one letter")
    if reads_like_platform(name):
        raise ValueError("reads like the name of the agent or of the platform")
    return name


def name_from_email(email: str) -> str:
    """A name for a person who gave none: the local part of their address, or the whole address if that is not allowed."""
    try:
        return check_name(email.partition("@")[0])
    except ValueError:
        return email


def clean_name(text: str, otherwise: str) -> str:
    """A provider's name without invisible characters; `otherwise` if nothing is left."""
    kept = "".join(" " if _is_invisible(character) else character for character in unicodedata.normalize("NFC", text))
    return " ".join(kept.split())[:MAX_LENGTH].strip() or otherwise


def reads_like_platform(name: str) -> bool:
    """Whether a reader could mistake the name for the agent's or the platform's."""
    return any(BRAND in reading or reading in _RESERVED for reading in _readings(name))


def _readings(name: str) -> set[str]:
    """The ways to read the name: lower-case letters and digits with look-alikes folded, and signs such as `!` read as letters
    or skipped."""
    composed = unicodedata.normalize("NFKC", name).translate(CAPITALS).casefold()
    plain = "".join(map(_base_letter, unicodedata.normalize("NFKD", composed)))
    return {_letters(plain.translate(_FOLD)), _letters(_letters(plain).translate(_FOLD))}


@lru_cache(maxsize=10_000)
def _base_letter(character: str) -> str:
    if unicodedata.category(character)[0] == "M":
        return ""
    dressed = None if ord(character) in _FOLD else _VARIANT.fullmatch(unicodedata.name(character, ""))
    return dressed[1].lower() if dressed else character


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).replace("rn", "m").replace("vv", "w")


_RESERVED = {reading for name in RESERVED for reading in _readings(name)}


def has_invisible(text: str) -> bool:
    return any(map(_is_invisible, text))


def _is_invisible(character: str) -> bool:
    if character in FILLERS or "\ufe00" <= character <= "\ufe0f" or "\U000e0000" <= character <= "\U000e0fff":
        return True
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def _stacks_marks(name: str) -> bool:
    run = 0
    for character in unicodedata.normalize("NFD", name):
        run = run + 1 if unicodedata.category(character)[0] == "M" else 0
        if run > MAX_MARKS:
            return True
    return False
