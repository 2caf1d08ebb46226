"""Parse numbers exactly or refuse them: what people type on any channel, and the JSON that agents and programs send.
`frontend/src/lib/exact-json.ts` does the same; `tests/support/number_cases.json` tests both."""

import json
import re
from decimal import Decimal
from typing import Any

BLANKS = " \t\r\n"
MAX_DIGITS = 100
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"(-?[1-9][0-9]{0,2})\.([0-9]{3})")
_MAX_QUOTED = 60


def read_integer(text: str) -> int:
    """Parse a whole number of up to 100 digits. Raises ValueError quoting the input."""
    plain = text.strip(BLANKS)
    if not _INTEGER.fullmatch(plain):
        raise ValueError(f"must be a whole number in plain digits such as 1200; {_quoted(text)} is not")
    return _whole(plain)


def read_number(text: str) -> int | float:
    """Parse a number. Raises ValueError quoting the input, also if it is ambiguous (1.200) or cannot be stored exactly."""
    plain = text.strip(BLANKS)
    if not _NUMBER.fullmatch(plain):
        raise ValueError(f"must be a number such as 1200 or 12.5; {_quoted(text)} is not")
    if _INTEGER.fullmatch(plain):
        return _whole(plain)
    grouped = _THOUSANDS.fullmatch(plain)
    if grouped:
        raise ValueError(f"{_quoted(text)} may mean thousands: write {grouped[1]}{grouped[2]}, or {plain}0")
    return normalize_number(_decimal(plain))


def normalize_number(number: int | float) -> int | float:
    """Turn 500.0 into 500: one amount must have one digest."""
    return int(number) if isinstance(number, float) and number.is_integer() and abs(number) < 2**53 else number


def read_json(text: str) -> Any:
    """Parse strict JSON with exact numbers. Raises ValueError saying why it cannot: invalid JSON, a duplicate key in an
    object, or a number that cannot be stored exactly."""
    try:
        return json.loads(
            text, parse_int=_whole, parse_float=_decimal, parse_constant=_refuse_constant, object_pairs_hook=_object
        )
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def read_typed_json(text: str) -> Any:
    """The same for what a person typed: the ValueError is worded for that person."""
    try:
        return read_json(text)
    except json.JSONDecodeError:
        raise ValueError("must be JSON") from None


def same_json(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1, 1.0 and true are equal in Python, but three different arguments."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _whole(text: str) -> int:
    if len(text) - text.startswith("-") > MAX_DIGITS:
        raise ValueError(f"{_quoted(text)} has more than {MAX_DIGITS} digits")
    return int(text)


def _decimal(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{_quoted(text)} is too large")
    digits = re.split("[eE]", text)[0]
    exact = not digits.strip("-0.") if number == 0 else Decimal(repr(number)) == Decimal(text)
    if not exact:
        raise ValueError(f"{_quoted(text)} has more digits than can be kept; the nearest is {number!r}")
    return number


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{_quoted(twice)} appears twice in one object")
    return made


def _quoted(text: str) -> str:
    return f'"{text}"' if len(text) <= _MAX_QUOTED else f'"{text[:_MAX_QUOTED]}…"'
