"""`name: value` lines as a form's values or a call's arguments, typed as they are asked for."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from channels.email.words import folded

Errors = tuple[tuple[str, str], ...]
Field = Mapping[str, Any]
_LINK = re.compile(r"(\S+)\s*<(?:mailto:|https?://)[^>]*>")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{1,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?")
_YES_NO = {"yes": True, "true": True, "y": True, "no": False, "false": False, "n": False}


class NoLines(ValueError):
    """The text is not made of `name: value` lines; the message says which line is not."""


def values_of(lines: Sequence[str], fields: Sequence[Field]) -> tuple[dict[str, Any], Errors]:
    """What was filled in, by field name, with an error for each line that does not fit. Empty values are left out.
    Raises NoLines."""
    given, errors = _pairs(lines, fields)
    values: dict[str, Any] = {}
    for field in fields:
        name = str(field["name"])
        if not given.get(name, "").strip():
            continue
        try:
            values[name] = _KINDS.get(field["type"], _text)(given[name], field)
        except ValueError as error:
            errors.append((name, str(error)))
    return values, tuple(errors)


def fields_of_args(args: Mapping[str, Any]) -> list[Field]:
    """A call's arguments as fields: each keeps the type it has."""
    return [{"name": name, "type": _type_of(value)} for name, value in args.items()]


def _pairs(lines: Sequence[str], fields: Sequence[Field]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    given: dict[str, str] = {}
    errors: list[tuple[str, str]] = []
    long = {str(field["name"]) for field in fields if field["type"] == "long_text"}
    last = ""
    for line in lines:
        if not line.strip() and last not in long:
            continue
        name, value = _split(line, fields)
        if name is None:
            if last not in long:
                raise NoLines(line.strip())
            given[last] += "\n" + line
        elif name not in {str(field["name"]) for field in fields}:
            errors.append((name, "is not asked for"))
        elif name in given:
            errors.append((name, "is given twice"))
        else:
            given[name], last = value, name
    return given, errors


def _split(line: str, fields: Sequence[Field]) -> tuple[str | None, str]:
    """(field's name, value); a name nobody asked for as it was written; None where the line is none of that form."""
    for name in sorted((str(field["name"]) for field in fields), key=len, reverse=True):
        for at, character in enumerate(line):
            if character in ":：=" and folded(line[:at]) == folded(name):
                return name, line[at + 1 :].strip()
    head, colon, value = line.replace("：", ":", 1).partition(":")
    return (head.strip(), value.strip()) if colon and re.fullmatch(r"[\s*_]*\w[\w .-]{0,40}[*_]*", head) else (None, "")


def _type_of(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "text"
        case _:
            return "json"


def _text(text: str, _field: Field) -> str:
    return text.strip()


def _plain(text: str, _field: Field) -> str:
    """Without the link that mail programs put behind an address."""
    found = _LINK.fullmatch(text.strip())
    return found[1] if found else text.strip().removeprefix("<").removesuffix(">")


def _integer(text: str, _field: Field) -> int:
    if not _INTEGER.fullmatch(text.strip()):
        raise ValueError("must be a whole number such as 12")
    return int(text)


def _number(text: str, _field: Field) -> int | float:
    plain = text.strip()
    if not _NUMBER.fullmatch(plain) or abs(float(plain)) == float("inf"):
        raise ValueError("must be a number such as 12.50")
    return int(plain) if _INTEGER.fullmatch(plain) else float(plain)


def _boolean(text: str, _field: Field) -> bool:
    if folded(text) not in _YES_NO:
        raise ValueError("must be yes or no")
    return _YES_NO[folded(text)]


def _enum(text: str, field: Field) -> Any:
    return option_of(text, field["options"])


def _multi_enum(text: str, field: Field) -> list[Any]:
    return [option_of(piece, field["options"]) for piece in re.split(r"[,;、，]", text) if piece.strip()]


def _date(text: str, _field: Field) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise ValueError("must be a date such as 2026-03-31") from None


def _datetime(text: str, _field: Field) -> str:
    try:
        return datetime.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise ValueError("must be a date and time such as 2026-03-31T14:00") from None


def _json(text: str, _field: Field) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("must be JSON") from None


def option_of(text: str, options: Iterable[Mapping[str, Any]]) -> Any:
    """The value of the one option that is called so. Raises ValueError."""
    known = [(option["value"], folded(str(option["label"])), folded(str(option["value"]))) for option in options]
    found = {value for value, *names in known if folded(text) in names}
    if len(found) != 1:
        raise ValueError("must be one of: " + ", ".join(str(value) for value, *_ in known))
    return found.pop()


_KINDS: dict[str, Callable[[str, Field], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "enum": _enum,
    "multi_enum": _multi_enum,
    "date": _date,
    "datetime": _datetime,
    "email": _plain,
    "url": _plain,
    "json": _json,
}
