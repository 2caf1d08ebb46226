"""The arguments of a tool call as people edit them, on every channel: the kind of each, and which ones an edit changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from channels.exact_numbers import same_json

ArgumentKind = Literal["boolean", "integer", "number", "text", "json"]


@dataclass(frozen=True, slots=True)
class Argument:
    """`kind` says what may replace the value; `json` for anything but a plain value."""

    name: str
    value: Any
    kind: ArgumentKind


def arguments_of(request: Mapping[str, Any]) -> list[Argument]:
    """Return the arguments of the proposed call, in order."""
    action = request.get("action") or {}
    properties = (action.get("schema") or {}).get("properties") or {}
    return [Argument(name, value, _kind(value, properties.get(name) or {})) for name, value in (action.get("args") or {}).items()]


def changed_names(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield the name of every argument that was changed, added or removed."""
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in before or name not in after or not same_json(before[name], after[name]):
            yield name


def _kind(value: Any, schema: Mapping[str, Any]) -> ArgumentKind:
    """The type the tool declares comes before the type of the value: an amount of 500 may become 499.50."""
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number" if isinstance(value, float) or schema.get("type") == "number" else "integer"
        case str():
            return "json" if "\r" in value else "text"
        case _:
            return "json"
