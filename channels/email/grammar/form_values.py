"""Parse `name: value` lines into the typed values of a form or the edited arguments of a call."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from channels.call_arguments import arguments_of
from channels.email.grammar.decision_words import normalize
from channels.exact_numbers import BLANKS, read_integer, read_number, read_typed_json

Errors = tuple[tuple[str, str], ...]
Field = Mapping[str, Any]
_LINK = re.compile(r"(\S+)\s*<(?:mailto:|https?://)[^>]*>")
AMBIGUOUS_NAME = "matches several names that look alike in a mail: change it in the web app"
NO_VALUE = "has no value: write one, or leave out the line"
_YES_NO = {"yes": True, "true": True, "y": True, "no": False, "false": False, "n": False}


class NotFieldLines(ValueError):
    """A line is not of the form `name: value`; the message quotes it."""


def values_of(lines: Sequence[str], fields: Sequence[Field]) -> tuple[dict[str, Any], Errors]:
    """Return the values filled in, by field name, and an error for each invalid line. Empty values are left out.
    Raises NotFieldLines."""
    given, errors = _pairs(lines, fields)
    filled = {name: text for name, text in given.items() if text.strip()}
    return _read(filled, fields, errors)


def edits_of(lines: Sequence[str], request: Mapping[str, Any]) -> tuple[dict[str, Any], Errors]:
    """Return the changed arguments, by name, and an error for each invalid line. A line without a value is an error as well:
    it may mean anything. Raises NotFieldLines."""
    fields = [{"name": each.name, "type": each.kind} for each in arguments_of(request)]
    given, errors = _pairs(lines, fields)
    errors += [(name, NO_VALUE) for name, text in given.items() if not text.strip()]
    return _read({name: text for name, text in given.items() if text.strip()}, fields, errors)


def _read(given: Mapping[str, str], fields: Sequence[Field], errors: list[tuple[str, str]]) -> tuple[dict[str, Any], Errors]:
    values: dict[str, Any] = {}
    for field in fields:
        name = str(field["name"])
        if name not in given:
            continue
        try:
            values[name] = _READERS.get(field["type"], _text)(given[name], field)
        except ValueError as error:
            errors.append((name, str(error)))
    return values, tuple(errors)


def _pairs(lines: Sequence[str], fields: Sequence[Field]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    given: dict[str, str] = {}
    errors: list[tuple[str, str]] = []
    long = {str(field["name"]) for field in fields if field["type"] == "long_text"}
    last = ""
    names = _names_as_compared(fields)
    for line in lines:
        if not line.strip() and last not in long:
            continue
        name, value = _split(line, names)
        if name is None:
            if last not in long:
                raise NotFieldLines(line.strip())
            given[last] += "\n" + line
        elif name == AMBIGUOUS_NAME:
            errors.append((line.strip(), AMBIGUOUS_NAME))
        elif name not in {str(field["name"]) for field in fields}:
            errors.append((name, "is not one of the fields"))
        elif name in given:
            errors.append((name, "is given twice"))
        else:
            given[name], last = value, name
    return given, errors


def _split(line: str, names: Mapping[str, str]) -> tuple[str | None, str]:
    """Return (field name, value). `names` maps normalized names to field names. An unknown name is returned as written; the
    name is None if the line is not of that form."""
    heads = (at for at, character in enumerate(line[: _room_for(names)]) if character in ":：=")
    found = [(head, at) for at in heads if (head := normalize(line[:at])) in names]
    if found:
        head, at = max(found, key=lambda each: len(each[0]))
        name = names[head]
        return name, line[at + 1 :].strip(BLANKS)
    head, colon, value = line.replace("：", ":", 1).partition(":")
    return (head.strip(), value.strip(BLANKS)) if colon and re.fullmatch(r"[\s*_]*\w[\w .-]{0,40}[*_]*", head) else (None, "")


def _names_as_compared(fields: Sequence[Field]) -> dict[str, str]:
    """Map normalized names to field names. Two fields with the same normalized name are ambiguous."""
    names = [str(field["name"]) for field in fields]
    count = Counter(map(normalize, names))
    return {normalize(name): name if count[normalize(name)] == 1 else AMBIGUOUS_NAME for name in names}


def _room_for(names: Mapping[str, str]) -> int:
    """How far into a line its name may reach, including what a person may put around it."""
    return 4 * max(map(len, names), default=0) + 100


def _text(text: str, _field: Field) -> str:
    return text.strip(BLANKS)


def _plain(text: str, _field: Field) -> str:
    """Strip the link that mail programs add after an address."""
    found = _LINK.fullmatch(text.strip())
    return found[1] if found else text.strip().removeprefix("<").removesuffix(">")


def _integer(text: str, field: Field) -> Any:
    return field["value"] if _is_suggestion(text, field) else read_integer(text)


def _number(text: str, field: Field) -> Any:
    return field["value"] if _is_suggestion(text, field) else read_number(text)


def _is_suggestion(text: str, field: Field) -> bool:
    """Whether the suggested value came back unchanged, so that nobody typed it."""
    return field.get("value") is not None and text.strip(BLANKS) == str(field["value"])


def _boolean(text: str, _field: Field) -> bool:
    if normalize(text) not in _YES_NO:
        raise ValueError("must be yes or no")
    return _YES_NO[normalize(text)]


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
    return read_typed_json(text)


def option_of(text: str, options: Iterable[Mapping[str, Any]]) -> Any:
    """Return the value of the option with this label or value. Raises ValueError unless exactly one matches."""
    known = [(option["value"], normalize(str(option["label"])), normalize(str(option["value"]))) for option in options]
    found = {value for value, *names in known if normalize(text) in names}
    if len(found) != 1:
        raise ValueError("must be one of: " + ", ".join(str(value) for value, *_ in known))
    return found.pop()


_READERS: dict[str, Callable[[str, Field], Any]] = {
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
