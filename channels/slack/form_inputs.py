"""Form fields and arguments as Slack inputs, and the values entered in them."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from channels.call_arguments import Argument, arguments_of
from channels.exact_numbers import BLANKS, read_integer, read_number, read_typed_json
from channels.sanitize import utf16_length, visible
from channels.slack.blocks import Block, input_block, option

MAX_FIELDS = 40
MAX_INPUT = 3000
MAX_OPTIONS = 100
BUTTON_TEXT = 75
ACTION = "value"
YES_NO = ({"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"})
Errors = dict[str, str]
_PLAIN_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?")
_SLACK_INSTANTS = range(10**9, 10**10)  # the timestamps Slack accepts: 2001 to 2286


def can_fill(request: Mapping[str, Any]) -> bool:
    """Return whether the form fits into a modal without truncating a value that would be sent back."""
    fields = request.get("fields") or []
    return 0 < len(fields) <= MAX_FIELDS and all(_fits(field) for field in fields)


def can_edit(request: Mapping[str, Any]) -> bool:
    return can_fill({"fields": fields_of_args(request)})


def fields_of_args(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the arguments of a call as form fields with initial values. A value without a field type of its own is edited
    as JSON."""
    return [
        {"name": each.name, "type": _type_of(each), "value": _initial_of(each), "required": False}
        for each in arguments_of(request)
    ]


def _type_of(argument: Argument) -> str:
    if argument.kind == "text":
        return "long_text" if "\n" in argument.value or len(argument.value) > 80 else "text"
    return argument.kind


def _initial_of(argument: Argument) -> Any:
    return argument.value if argument.kind != "json" else json.dumps(argument.value, ensure_ascii=False, indent=2)


def _fits(field: Mapping[str, Any]) -> bool:
    options = field.get("options") or []
    if len(options) > MAX_OPTIONS or any(utf16_length(visible(each["label"])) > BUTTON_TEXT for each in options):
        return False
    value = field.get("value")
    return utf16_length(str(field["name"])) <= 1000 and (not isinstance(value, str) or _fits_input(value))


def _fits_input(text: str) -> bool:
    """Whether the text is short enough and free of lone surrogates."""
    return utf16_length(text) <= MAX_INPUT and not any("\ud800" <= character <= "\udfff" for character in text)


def entries_of(fields: Sequence[Mapping[str, Any]]) -> list[Block]:
    """Return one input block per field, in order; the block id is its position."""
    return [
        input_block(
            _block_id(place),
            str(field["name"]),
            _element(field),
            hint=str(field.get("description") or ""),
            optional=not field.get("required", True),
        )
        for place, field in enumerate(fields)
    ]


def values_of(fields: Sequence[Mapping[str, Any]], state: Mapping[str, Any]) -> tuple[dict[str, Any], Errors]:
    """Return the values entered, by field name, and errors by block for invalid ones. Empty inputs are left out."""
    values: dict[str, Any] = {}
    errors: Errors = {}
    for place, field in enumerate(fields):
        given = (state.get(_block_id(place)) or {}).get(ACTION) or {}
        try:
            value = _read(field, given)
        except ValueError as error:
            errors[_block_id(place)] = _sentence(str(error))
            continue
        if value is not None:
            values[field["name"]] = value
    return values, errors


def edits_of(request: Mapping[str, Any], state: Mapping[str, Any]) -> tuple[dict[str, Any], Errors]:
    """Return the changed arguments, by name, and errors by block for invalid ones."""
    edits: dict[str, Any] = {}
    errors: Errors = {}
    for place, field in enumerate(fields_of_args(request)):
        given = (state.get(_block_id(place)) or {}).get(ACTION) or {}
        if _is_untouched(field, given):
            continue
        try:
            edits[field["name"]] = _edited(field, given)
        except ValueError as error:
            errors[_block_id(place)] = _sentence(str(error))
    return edits, errors


def _is_untouched(field: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Whether the input holds its initial value. One that was not sent counts as untouched too."""
    if field["type"] == "boolean":
        picked = given.get("selected_option")
        return not picked or _chosen(picked, YES_NO) == ("yes" if field["value"] else "no")
    return "value" not in given or (given["value"] or "") == str(field["value"])


def _edited(field: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    if field["type"] in ("text", "long_text"):
        return given.get("value") or ""
    value = _read(field, given)
    if value is None and not (given.get("value") or "").strip() == "null":
        raise ValueError("needs a value: an argument can be changed but not removed")
    return value


def errors_by_block(fields: Sequence[Mapping[str, Any]], errors: Sequence[tuple[str, str]]) -> Errors:
    """Map (field, message) pairs to blocks as Slack expects; an error without a field goes to the first block."""
    blocks = {str(field["name"]): _block_id(place) for place, field in enumerate(fields)}
    found: Errors = {}
    for name, message in errors:
        known = blocks.get(name.removeprefix("values.").removeprefix("args."))
        said = _sentence(message) if known else f"{name}: {message}"
        found.setdefault(known or _block_id(0), said)
    return found


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:]


def _block_id(place: int) -> str:
    return f"field {place}"


def _element(field: Mapping[str, Any]) -> Block:
    kind, value = field["type"], field.get("value")
    if kind in ("integer", "number") and value is not None and not _PLAIN_NUMBER.fullmatch(str(value)):
        kind = "text"  # Slack's number input may reformat such a number
    made = {"action_id": ACTION, **_ELEMENTS.get(kind, {"type": "plain_text_input", "multiline": kind in ("long_text", "json")})}
    if made["type"] == "plain_text_input":
        made |= {"max_length": MAX_INPUT}
    if kind in ("enum", "multi_enum", "boolean"):
        return made | _choices(field, YES_NO if kind == "boolean" else field["options"])
    return made if value is None or value == "" else made | _initial(made["type"], value)


_ELEMENTS: dict[str, Block] = {
    "number": {"type": "number_input", "is_decimal_allowed": True},
    "integer": {"type": "number_input", "is_decimal_allowed": False},
    "boolean": {"type": "radio_buttons"},
    "enum": {"type": "static_select"},
    "multi_enum": {"type": "multi_static_select"},
    "date": {"type": "datepicker"},
    "datetime": {"type": "datetimepicker"},
    "email": {"type": "email_text_input"},
    "url": {"type": "url_text_input"},
}


def _initial(type: str, value: Any) -> Block:
    if type == "datepicker":
        return {"initial_date": date.fromisoformat(str(value)).isoformat()}
    if type == "datetimepicker":
        at = int(_instant(str(value)).timestamp())
        return {"initial_date_time": at} if at in _SLACK_INSTANTS else {}
    return {"initial_value": str(value)}


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _choices(field: Mapping[str, Any], options: Sequence[Mapping[str, Any]]) -> Block:
    made = [option(each["label"], str(place)) for place, each in enumerate(options)]
    value = {True: "yes", False: "no"}.get(field["value"]) if isinstance(field.get("value"), bool) else field.get("value")
    wanted = value if isinstance(value, list) else [value]
    picked = [made[place] for place, each in enumerate(options) if each["value"] in wanted]
    if not picked:
        return {"options": made}
    return {"options": made} | ({"initial_options": picked} if field["type"] == "multi_enum" else {"initial_option": picked[0]})


def _read(field: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """The value of one input; None if it was left empty. Raises ValueError saying what is expected."""
    kind = field["type"]
    if kind == "boolean":
        picked = _chosen(given.get("selected_option"), YES_NO)
        return None if picked is None else picked == "yes"
    if kind == "enum":
        return _chosen(given.get("selected_option"), field["options"])
    if kind == "multi_enum":
        return [_chosen(each, field["options"]) for each in given.get("selected_options") or []] or None
    if kind == "date":
        return given.get("selected_date")
    if kind == "datetime":
        at = given.get("selected_date_time")
        return None if at is None else datetime.fromtimestamp(int(at), UTC).isoformat()
    return _typed(field, given.get("value"))


def _chosen(chosen: Mapping[str, Any] | None, options: Sequence[Mapping[str, Any]]) -> str | None:
    if not chosen:
        return None
    place = str(chosen.get("value"))
    if not place.isascii() or not place.isdigit() or int(place) >= len(options):
        raise ValueError("Choose one of the options")
    return str(options[int(place)]["value"])


def _typed(field: Mapping[str, Any], text: str | None) -> Any:
    kind = field["type"]
    if kind not in _READERS:
        return text or None
    if text is None or not text.strip(BLANKS):
        return None
    if field.get("value") is not None and text == str(field["value"]):
        return field["value"]  # the suggestion, unchanged
    return _READERS[kind](text)


_READERS = {"integer": read_integer, "number": read_number, "json": read_typed_json}
