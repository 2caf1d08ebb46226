"""Decode a model's answer into a step: strict about its shape, lenient about the text and objects around it."""

import json
import re
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Discriminator, TypeAdapter, ValidationError

from backend.domain.steps import (
    AskChoice,
    AskForm,
    AskText,
    CallSeveral,
    CallTool,
    Decision,
    Field,
    Option,
    Reply,
    Review,
    Step,
)
from backend.engines.contract import Thread
from backend.engines.extract_json import JsonPiece, Object, has_text_between
from backend.engines.model_answer import UnreadableAnswer, explain, json_object, json_pieces, without_nulls
from channels.exact_numbers import read_json, same_json

MAX_REPEATS = 2  # times the same call may be made for one message
MAX_CALLS = 8  # calls per answer
CHOICES = ("enum", "multi_enum")
_JSON_TYPES = ("number", "integer", "boolean", "multi_enum")
_REASON = 2_000  # characters of text that may become a reason
# The names that providers' tool calls, and models trained on them, use for the parts of a call.
_TOOL_NAMES = ("tool", "name", "tool_name", "function")
_ARGS_NAMES = ("args", "arguments", "parameters", "input", "action_input", "tool_input")
_KNOWN = {"kind", "tool", "args", "reason", "title", "prompt", "options", "multiple", "fields", "checkpoint", "artifact"}
# Names of objects that may wrap a step; any other name may mean that the step is not meant.
_ENVELOPE = re.compile(r"(?:next_)?steps?|actions?|(?:tool_|function_)?calls?|answer|response|result|output")
_CALL_METADATA = {"id", "type", "index"}  # of a provider's tool call, without meaning for the step
_STEPS: TypeAdapter[Step] = TypeAdapter(
    Annotated[CallTool | AskText | AskChoice | AskForm | Review | Reply, Discriminator("kind")]
)


def decode_step(text: str) -> Decision:
    """Decode the step or the several calls in a model's answer; text around them is kept with the step. Raises
    UnreadableAnswer."""
    pieces = [_open_envelopes(piece) for piece in json_pieces(text)]
    given = [item for piece in pieces for item in piece.objects]
    if len(given) > 1:
        pieces = [_drop_unless_step(piece) for piece in pieces]
        given = [item for piece in pieces for item in piece.objects]
    if not given:
        raise UnreadableAnswer("the answer held several objects, none of which is a step with its kind")
    return _with_surrounding_text(_one_decision([_decode_one(item) for item in given], pieces), pieces)


def why_repeated(step: Decision, thread: Thread) -> str | None:
    """Why this call must not be proposed again: since the person's last message it was rejected or made twice. Else None."""
    if isinstance(step, CallSeveral):
        return next((reason for call in step.calls if (reason := why_repeated(call, thread))), None)
    if not isinstance(step, CallTool):
        return None
    entries = thread.entries[_after_last_user(thread) :]
    calls = [index for index, entry in enumerate(entries) if entry.kind == "call" and _is_call(entry.body, step)]
    outcomes = [next((later.body.get("status") for later in entries[at:] if later.kind == "result"), None) for at in calls]
    if "rejected" in outcomes:
        return f"the same call of {step.tool} was rejected already"
    return f"the same call of {step.tool} was made {len(calls)} times already" if len(calls) >= MAX_REPEATS else None


def _after_last_user(thread: Thread) -> int:
    spoken = (index for index in range(len(thread.entries) - 1, -1, -1) if thread.entries[index].kind == "user")
    return max(next(spoken, -1) + 1, thread.start)


def _is_call(body: dict[str, Any], step: CallTool) -> bool:
    return body.get("tool") == step.tool and same_json(body.get("args"), step.args)


def _open_envelopes(piece: JsonPiece) -> JsonPiece:
    """The piece with steps taken out of an envelope such as {"steps": [...]} or {"tool_calls": [...]}."""
    return replace(piece, objects=tuple(step for item in piece.objects for step in _open_envelope(item)))


def _drop_unless_step(piece: JsonPiece) -> JsonPiece:
    """Of several objects, treat those that are not steps as text that the model quotes."""
    return piece if any(_looks_like_step(item) for item in piece.objects) else JsonPiece(piece.text, thought=piece.thought)


def _open_envelope(item: Object) -> list[Object]:
    if len(item) == 1 and not _looks_like_step(item):
        ((name, inner),) = item.items()
        inside = inner if isinstance(inner, list) else [inner]
        if _ENVELOPE.fullmatch(name) and inside and all(isinstance(each, dict) and _looks_like_step(each) for each in inside):
            return inside
    return [item]


def _looks_like_step(item: Object) -> bool:
    return "kind" in item or _find_call(item) is not None


def _find_call(item: Object) -> tuple[str, str, Object] | None:
    """The keys under which an object without a kind names its tool and arguments, and the object that has them."""
    if item.get("type") == "function" and isinstance(item.get("function"), dict):
        if not item.keys().isdisjoint({*_TOOL_NAMES, *_ARGS_NAMES} - {"function"}):
            return None  # a call within a call
        item = item["function"]
    names = [name for name in _TOOL_NAMES if isinstance(item.get(name), str)]
    args = [name for name in _ARGS_NAMES if isinstance(item.get(name), dict | str)]
    return (names[0], args[0], item) if len(names) == len(args) == 1 and names != args else None


def _as_call(item: Object) -> Object:
    """Convert a tool call from a provider's form to ours."""
    if item.get("kind", "tool") not in ("tool", "tool_call", "function"):
        return item
    found = _find_call(item)
    if found is None:
        _refuse_two_names(item)
        return item
    name, args, source = found
    rest = {key: value for key, value in source.items() if key not in (name, args, *_CALL_METADATA)}
    return {**rest, "kind": "tool", "tool": source[name], "args": source[args]}


def _refuse_two_names(item: Object) -> None:
    for names in (_TOOL_NAMES, _ARGS_NAMES):
        used = [name for name in names if item.get(name) is not None]
        if len(used) > 1:
            raise UnreadableAnswer(f"the call had {' and '.join(used)}; give one of them")


def _decode_one(item: Object) -> Step:
    data = _as_call(item)
    words: list[str] = []
    if data.get("kind") == "tool":
        data = {**data, "args": json_object(data.get("args"), "args", words)}
    extra = {name: value for name, value in data.items() if name not in _KNOWN}
    known = {name: value for name, value in data.items() if name in _KNOWN}
    try:
        step = _STEPS.validate_python(without_nulls(known))
    except ValidationError as error:
        raise UnreadableAnswer(explain(error, tagged=True)) from None
    if extra:
        words.append(json.dumps(extra, ensure_ascii=False))
    return replace(_check_step(step), beside="\n".join(words))


def _one_decision(steps: list[Step], pieces: list[JsonPiece]) -> Decision:
    """Combine the steps of one answer into one decision. Raises UnreadableAnswer if they are ambiguous."""
    calls = [step for step in steps if isinstance(step, CallTool)]
    if len(steps) == 1:
        if calls:
            _refuse_if_quoted(pieces)
        return steps[0]
    if not calls and all(step == steps[0] for step in steps):
        return steps[0]  # repeated, which asks or replies only once
    if len(calls) > 1 and isinstance(steps[-1], Reply) and len(calls) == len(steps) - 1:
        steps = steps[:-1]  # after calls, the engine is asked for the next step anyway
    if len(calls) == 1 and steps[0] is calls[0] and all(isinstance(step, Reply) for step in steps[1:]):
        _refuse_if_quoted(pieces)
        return calls[0]
    if len(calls) < len(steps):
        raise UnreadableAnswer("the answer held several steps; give one, or several tool calls in one JSON array")
    if len(calls) > MAX_CALLS:
        raise UnreadableAnswer(f"the answer held {len(calls)} tool calls, more than {MAX_CALLS}; give the first of them")
    keys = [json.dumps([call.tool, call.args], sort_keys=True) for call in calls]
    if len(set(keys)) < len(keys):
        raise UnreadableAnswer(f"the answer held the same call of {calls[0].tool} twice; give it once")
    _refuse_if_quoted(pieces)
    return CallSeveral(tuple(calls))


def _refuse_if_quoted(pieces: list[JsonPiece]) -> None:
    """Refuse a call that the model may only be mentioning: text after it may revoke it, and a quoted one may be another's."""
    if has_text_between(pieces):
        raise UnreadableAnswer("the answer had words between its steps; give one step, or several tool calls in one JSON array")
    if any(piece.quoted for piece in pieces):
        raise UnreadableAnswer("the answer spoke of a tool call in quotes or within a sentence; give the next step alone")


def _with_surrounding_text(step: Decision, pieces: list[JsonPiece]) -> Decision:
    """The step with the text around it, which becomes its reason or prompt if it has none."""
    around = [piece for piece in pieces if not piece.objects]
    kept = [*(piece.text for piece in around), step.beside]
    step = replace(step, beside="\n".join(part for part in kept if part))
    words = "\n".join(piece.text for piece in around if not piece.thought)
    if not words or len(words) > _REASON:
        return step
    match step:
        case CallTool(reason=""):
            return replace(step, reason=words)
        case CallSeveral():
            return replace(step, calls=tuple(replace(call, reason=call.reason or words) for call in step.calls))
        case AskText(prompt="") | AskChoice(prompt="") | AskForm(prompt="") | Review(prompt=""):
            return replace(step, prompt=words)
    return step


def _check_step(step: Step) -> Step:
    match step:
        case CallTool() if not step.tool:
            raise UnreadableAnswer('"tool" was empty')
        case AskText() | AskChoice() | AskForm() | Review() if not step.title.strip():
            raise UnreadableAnswer('"title" was empty')
    match step:
        case AskChoice():
            _check_options(step.options, "options")
        case AskForm():
            _check_fields(step.fields)
            return replace(step, fields=tuple(_typed_suggestion(each) for each in step.fields))
        case Review() if not step.checkpoint.strip():
            raise UnreadableAnswer('"checkpoint" was empty')
    return step


def _check_fields(fields: tuple[Field, ...]) -> None:
    names = [each.name.strip() for each in fields]
    if not names or not all(names) or len(set(names)) < len(names):
        raise UnreadableAnswer("a form needs fields with names that are not empty and not used twice")
    for each in fields:
        if each.type in CHOICES:
            _check_options(each.options, f"the options of {each.name}")


def _typed_suggestion(field: Field) -> Field:
    """Convert a suggestion from text to the field's type; drop it if that fails."""
    if not isinstance(field.value, str) or field.type not in _JSON_TYPES:
        return field
    try:
        return replace(field, value=read_json(field.value))
    except ValueError:
        return replace(field, value=None)


def _check_options(options: tuple[Option, ...], name: str) -> None:
    values = [each.value for each in options]
    if not values or not all(value.strip() for value in values) or len(set(values)) < len(values):
        raise UnreadableAnswer(f"{name} need values that are not empty and not used twice")
