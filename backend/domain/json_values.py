"""JSON that every part of the system can store, send and digest."""

import re
from typing import Any

from channels.exact_numbers import MAX_DIGITS, read_json

MAX_DEPTH = 32
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LEAST = -(10**MAX_DIGITS)
_MOST = 10**MAX_DIGITS


def check_storable(value: Any, depth: int = 0) -> Any:
    """Return `value` if every database can store it: no NUL, lone surrogates or NaN, and limited nesting and digits. Raises
    ValueError saying what is wrong."""
    if depth > MAX_DEPTH:
        raise ValueError(f"is nested deeper than {MAX_DEPTH} levels")
    match value:
        case str():
            if _UNSTORABLE.search(value):
                raise ValueError("contains a character that cannot be stored (NUL or half of a surrogate pair)")
        case float():
            if value != value or value in (float("inf"), float("-inf")):
                raise ValueError("contains a number that is not finite")
        case bool() | None:
            pass
        case int():
            if not _LEAST < value < _MOST:
                raise ValueError(f"contains a number with more than {MAX_DIGITS} digits")
        case dict():
            for name, item in value.items():
                check_storable(name, depth + 1)
                check_storable(item, depth + 1)
        case list():
            for item in value:
                check_storable(item, depth + 1)
    return value


def parse_json(text: str) -> Any:
    """Parse strict JSON whose values can be stored exactly. Raises ValueError."""
    return check_storable(read_json(text))
