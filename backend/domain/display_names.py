"""What a person may be called: nothing invisible, nothing that reads like the agent's name or the platform's."""

import re
import unicodedata
from functools import lru_cache

MAX_LENGTH = 100
MAX_MARKS = 3  # one letter over another; more of them paint over the lines around
BRAND = "assent"
# Of the rest, what the platform calls itself, the agent, or the reader.
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
# Letters and marks that are drawn as nothing.
FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
# What is read as each Latin letter: letters of other scripts, and digits. Compatibility forms are folded by NFKC.
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
# A Latin letter in another dress: stroked, turned, a small capital, in a square.
_VARIANT = re.compile(r"(?:[A-Z]+ )*(?:LATIN|INDICATOR SYMBOL)(?: [A-Z]+)* ([A-Z])(?: WITH .*)?")
_FOLD = str.maketrans({character: letter for letter, characters in LOOKALIKES.items() for character in characters})


def check_name(text: str) -> str:
    """The name as it is kept: in normal form, blanks joined. Raises ValueError saying what is in the way."""
    if has_invisible(text.strip()):
        raise ValueError("must not hold invisible characters, or any that change the direction of text")
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or not any(unicodedata.category(character)[0] in "LN" for character in name):
        raise ValueError("must hold at least one letter or digit")
    if len(name) > MAX_LENGTH:
        raise ValueError(f"must be at most {MAX_LENGTH} characters")
    if _stacks_marks(name):
        raise ValueError("must not pile marks on one letter")
    if reads_like_platform(name):
        raise ValueError("reads like the name of the agent or of the platform; use another")
    return name


def name_from_email(email: str) -> str:
    """Of somebody who gives no name: the first part of their address, else all of it, which is taken for nobody else's."""
    try:
        return check_name(email.partition("@")[0])
    except ValueError:
        return email


def clean_name(text: str, otherwise: str) -> str:
    """A name that a provider gives, made fit to be shown; `otherwise` where nothing is left."""
    kept = "".join(" " if _is_invisible(character) else character for character in unicodedata.normalize("NFC", text))
    return " ".join(kept.split())[:MAX_LENGTH].strip() or otherwise


def reads_like_platform(name: str) -> bool:
    """Whether a reader could take it for the agent's or the platform's own."""
    return any(BRAND in reading or reading in _RESERVED for reading in _readings(name))


def _readings(name: str) -> set[str]:
    """What the eye makes of it: letters and digits alone, in lower case, look-alikes folded into one; `!` and the like are
    read as letters, or passed over."""
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
