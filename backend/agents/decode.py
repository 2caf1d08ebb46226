"""What a model wrote, as a step or a reading: strict about shapes, forgiving about wrapping, wary of its size and depth."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Discriminator, TypeAdapter, ValidationError

from backend.agents.contract import Reading, Thread
from backend.domain.json_values import keepable
from backend.domain.steps import AskChoice, AskForm, AskText, CallTool, Field, Option, Reply, Review, Step
from channels.exact import read_json, same_json

TEXT_LIMIT = 100_000  # characters of one decision
BRACKETS = 64  # what a lenient parser is given at most: its cost grows fast with open brackets
REPEATS = 2  # how often the same call may be made for one message
CHOICES = ("enum", "multi_enum")
_JSON_TYPES = ("number", "integer", "boolean", "multi_enum")

_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL | re.IGNORECASE)
_STEPS: TypeAdapter[Step] = TypeAdapter(
    Annotated[CallTool | AskText | AskChoice | AskForm | Review | Reply, Discriminator("kind")]
)
_READING = TypeAdapter(Reading)

LenientParser = Callable[[str], dict[str, Any]]
"""Reads JSON as models write it when they do not quite write JSON; raises ValueError."""


class Unreadable(Exception):
    """The text is not what was asked for; the message says why, in words that help the next try."""


def read_step(text: str, lenient: LenientParser) -> Step:
    """The step a model's answer holds. Raises Unreadable."""
    data = read_object(text, lenient)
    if data.get("kind") == "tool":
        data["args"] = _json_object(data.get("args"), "args")
    try:
        step = _STEPS.validate_python(_without_nulls(data))
    except ValidationError as error:
        raise Unreadable(_explain(error, tagged=True)) from None
    return _checked(step)


def read_reading(text: str, lenient: LenientParser) -> Reading:
    """The reading a model's answer holds. Raises Unreadable."""
    data = read_object(text, lenient)
    data["values"] = _json_object(data.get("values") or {}, "values")
    try:
        return _READING.validate_python({"feedback": "", **_without_nulls(data)})
    except ValidationError as error:
        raise Unreadable(_explain(error, tagged=False)) from None


def read_object(text: str, lenient: LenientParser) -> dict[str, Any]:
    """The one JSON object in a model's answer, bare, fenced, or sloppily written. Raises Unreadable."""
    if not text.strip():
        raise Unreadable("the answer was empty")
    if len(text) > TEXT_LIMIT:
        raise Unreadable(f"the answer had {len(text):,} characters, more than {TEXT_LIMIT:,}")
    fenced = _FENCE.match(text)
    try:
        data = read_json(fenced.group(1) if fenced else text)
    except json.JSONDecodeError:
        data = _leniently(text, lenient)
    except ValueError as error:  # JSON, but not exact: a lenient reader would round it
        raise Unreadable(f"the answer cannot be used: {error}") from None
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    if not isinstance(data, dict):
        raise Unreadable("the answer was not one JSON object")
    return _storable(data)


def repeats(step: Step, thread: Thread) -> str | None:
    """Why this call must not be proposed again, or None: since the person last spoke it was turned down, or made twice."""
    if not isinstance(step, CallTool):
        return None
    entries = thread.entries[_after_last_user(thread) :]
    calls = [index for index, entry in enumerate(entries) if entry.kind == "call" and _is_call(entry.body, step)]
    outcomes = [next((later.body.get("status") for later in entries[at:] if later.kind == "result"), None) for at in calls]
    if "rejected" in outcomes:
        return f"the same call of {step.tool} was rejected already"
    return f"the same call of {step.tool} was made {len(calls)} times already" if len(calls) >= REPEATS else None


def _after_last_user(thread: Thread) -> int:
    spoken = (index for index in range(len(thread.entries) - 1, -1, -1) if thread.entries[index].kind == "user")
    return max(next(spoken, -1) + 1, thread.start)


def _is_call(body: dict[str, Any], step: CallTool) -> bool:
    return body.get("tool") == step.tool and same_json(body.get("args"), step.args)


def _leniently(text: str, lenient: LenientParser) -> Any:
    if text.count("{") + text.count("[") > BRACKETS:
        raise Unreadable("the answer was not valid JSON")
    try:
        return lenient(text)
    except ValueError:
        raise Unreadable("the answer was not one JSON object of the shapes asked for") from None


def _json_object(value: Any, name: str) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = read_json(value or "{}")
        except json.JSONDecodeError:
            raise Unreadable(f'"{name}" was not a JSON object') from None
        except ValueError as error:
            raise Unreadable(f'"{name}" cannot be used: {error}') from None
    if not isinstance(value, dict):
        raise Unreadable(f'"{name}" was not a JSON object')
    return _storable(value)


def _storable(data: dict[str, Any]) -> dict[str, Any]:
    """JSON as databases and digests have it."""
    try:
        keepable(data)
    except ValueError as error:
        raise Unreadable(f"the answer {error}") from None
    return data


def _without_nulls(data: dict[str, Any]) -> dict[str, Any]:
    """A null where a default exists means the default; arguments and values keep theirs."""
    return {
        name: [_without_nulls(item) if isinstance(item, dict) else item for item in value] if isinstance(value, list) else value
        for name, value in data.items()
        if value is not None
    }


def _explain(error: ValidationError, *, tagged: bool) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"][tagged:])
    return f"{where}: {first['msg']}" if where else first["msg"]


def _checked(step: Step) -> Step:
    match step:
        case CallTool() if not step.tool:
            raise Unreadable('"tool" was empty')
        case AskText() | AskChoice() | AskForm() | Review() if not step.title.strip():
            raise Unreadable('"title" was empty')
    match step:
        case AskChoice():
            _check_options(step.options, "options")
        case AskForm():
            _check_fields(step.fields)
            return replace(step, fields=tuple(_typed_suggestion(each) for each in step.fields))
        case Review() if not step.checkpoint.strip():
            raise Unreadable('"checkpoint" was empty')
    return step


def _check_fields(fields: tuple[Field, ...]) -> None:
    names = [each.name.strip() for each in fields]
    if not names or not all(names) or len(set(names)) < len(names):
        raise Unreadable("a form needs fields with names that are not empty and not used twice")
    for each in fields:
        if each.type in CHOICES:
            _check_options(each.options, f"the options of {each.name}")


def _typed_suggestion(field: Field) -> Field:
    """BAML's parser gives a suggestion as text; one that is not of the field's type is dropped."""
    if not isinstance(field.value, str) or field.type not in _JSON_TYPES:
        return field
    try:
        return replace(field, value=read_json(field.value))
    except ValueError:
        return replace(field, value=None)


def _check_options(options: tuple[Option, ...], name: str) -> None:
    values = [each.value for each in options]
    if not values or not all(value.strip() for value in values) or len(set(values)) < len(values):
        raise Unreadable(f"{name} need values that are not empty and not used twice")
