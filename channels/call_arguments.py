"""A call's arguments as a person may change them: of which kind each is, and which an edit changes. The same on every channel."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from channels.exact_numbers import same_json

ArgumentKind = Literal["boolean", "integer", "number", "text", "json"]


@dataclass(frozen=True, slots=True)
class Argument:
    """`kind` is what may be written in its place; `json` where that is no plain value."""

    name: str
    value: Any
    kind: ArgumentKind


def arguments_of(request: Mapping[str, Any]) -> list[Argument]:
    """In the order they were proposed."""
    action = request.get("action") or {}
    properties = (action.get("schema") or {}).get("properties") or {}
    return [Argument(name, value, _kind(value, properties.get(name) or {})) for name, value in (action.get("args") or {}).items()]


def changed_names(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Every name whose value is another one in `after`, is new there, or is gone."""
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in before or name not in after or not same_json(before[name], after[name]):
            yield name


def _kind(value: Any, schema: Mapping[str, Any]) -> ArgumentKind:
    """What the tool declares counts before how the value is written: an amount of 500 may become 499.50."""
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number" if isinstance(value, float) or schema.get("type") == "number" else "integer"
        case str():
            return "json" if "\r" in value else "text"
        case _:
            return "json"
