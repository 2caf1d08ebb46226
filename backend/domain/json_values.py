"""JSON that every part of the system can keep, send and digest."""

import re
from typing import Any

from channels.exact_numbers import MAX_DIGITS, read_json

MAX_DEPTH = 32
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LEAST = -(10**MAX_DIGITS)
_MOST = 10**MAX_DIGITS


def check_storable(value: Any, depth: int = 0) -> Any:
    """`value`, if it is JSON that a database can keep: no NUL, no lone surrogates, no NaN, no absurd nesting or digits.
    Raises ValueError saying what is in the way."""
    if depth > MAX_DEPTH:
        raise ValueError(f"is nested deeper than {MAX_DEPTH} levels")
    match value:
        case str():
            if _UNSTORABLE.search(value):
                raise ValueError("holds a character that cannot be kept (NUL or half of a surrogate pair)")
        case float():
            if value != value or value in (float("inf"), float("-inf")):
                raise ValueError("holds a number that is not finite")
        case bool() | None:
            pass
        case int():
            if not _LEAST < value < _MOST:
                raise ValueError(f"holds a number with more than {MAX_DIGITS} digits")
        case dict():
            for name, item in value.items():
                check_storable(name, depth + 1)
                check_storable(item, depth + 1)
        case list():
            for item in value:
                check_storable(item, depth + 1)
    return value


def parse_json(text: str) -> Any:
    """Strict JSON whose values can be kept as they were written. Raises ValueError."""
    return check_storable(read_json(text))
