"""Validate an answer against its request, field by field."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import inf
from typing import Any
from urllib.parse import urlsplit

from backend.domain.display_names import has_invisible
from backend.domain.states import FeedbackType
from backend.domain.steps import Field
from backend.errors import FieldError, Invalid
from channels.exact_numbers import MAX_DIGITS, normalize_number, read_integer, read_number

MAX_TEXT = 20_000
_EMAIL = re.compile(r"[^@\s<>,;\"()\x00-\x1f]{1,64}@[^@\s<>,;\"()_\x00-\x1f]{1,253}\.[^@\s<>,;\"()_.\x00-\x1f]{2,63}")

ACTIONS: dict[FeedbackType, tuple[str, ...]] = {
    FeedbackType.CONFIRMATION: ("approve", "reject", "edit"),
    FeedbackType.CHOICE: ("submit", "decline"),
    FeedbackType.TEXT: ("submit", "decline"),
    FeedbackType.FORM: ("submit", "decline"),
    FeedbackType.CHECKPOINT: ("continue", "stop", "revise", "skip"),
}
TIMEOUT_DEFAULT = {
    FeedbackType.CONFIRMATION: "reject",
    FeedbackType.CHOICE: "decline",
    FeedbackType.TEXT: "decline",
    FeedbackType.FORM: "decline",
    FeedbackType.CHECKPOINT: "stop",
}


@dataclass(frozen=True, slots=True)
class AnswerRules:
    """The parts of a feedback request that an answer is validated against."""

    type: FeedbackType
    allowed_actions: tuple[str, ...]
    options: tuple[str, ...] = ()
    multiple: bool = False
    fields: tuple[Field, ...] = ()
    check_args: Callable[[dict[str, Any]], dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A validated decision; `values` have the declared types."""

    action: str
    values: dict[str, Any] | None = None
    feedback: str | None = None


def check_answer(question: AnswerRules, action: str, values: Mapping[str, Any] | None, feedback: str | None) -> Answer:
    """The validated answer. Raises Invalid with one error for each invalid part."""
    if action not in question.allowed_actions:
        raise Invalid(
            f"This {question.type} can be answered with {_join_with_or(question.allowed_actions)}.",
            errors=[FieldError("action", f"must be {_join_with_or(question.allowed_actions)}")],
        )
    if feedback is not None and len(feedback) > MAX_TEXT:
        raise Invalid(
            f"The text is longer than {MAX_TEXT:,} characters.",
            errors=[FieldError("feedback", f"must be at most {MAX_TEXT} characters")],
        )
    given = dict(values or {})
    match question.type, action:
        case FeedbackType.CHOICE, "submit":
            return Answer(action, {"choice": _check_choice(question, given)}, feedback)
        case FeedbackType.FORM, "submit":
            return Answer(action, _check_form(question.fields, given), feedback)
        case FeedbackType.CONFIRMATION, "edit":
            if question.check_args is None:
                raise Invalid("This request has no arguments to edit.", errors=[FieldError("action", "nothing can be edited")])
            if not given:
                raise Invalid("Send the new arguments as values.", errors=[FieldError("values", "must hold the new arguments")])
            return Answer(action, question.check_args(given), feedback)
        case (FeedbackType.TEXT, "submit") | (FeedbackType.CHECKPOINT, "revise"):
            if not feedback or not feedback.strip():
                what = "Write the answer." if action == "submit" else "Say what should be changed."
                raise Invalid(what, errors=[FieldError("feedback", "must not be empty")])
            return Answer(action, None, feedback)
        case _:
            return Answer(action, None, feedback or None)


def _join_with_or(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def _check_choice(question: AnswerRules, given: dict[str, Any]) -> Any:
    picked = given.get("choice")
    wanted = picked if question.multiple else [picked]
    if (
        not isinstance(wanted, list)
        or not wanted
        or not all(isinstance(item, str) and item in question.options for item in wanted)
        or len(set(wanted)) != len(wanted)
    ):
        form = "a list of different option values" if question.multiple else "the value of one option"
        raise Invalid(
            f"Send values.choice as {form}.", errors=[FieldError("choice", f"must be {form}: {', '.join(question.options)}")]
        )
    return picked


def _check_form(fields: tuple[Field, ...], given: dict[str, Any]) -> dict[str, Any]:
    errors = [FieldError(name, "is not a field of this form") for name in given if name not in {field.name for field in fields}]
    values: dict[str, Any] = {}
    for field in fields:
        value = given.get(field.name)
        if value is None or value == "" or value == []:
            if field.required:
                errors.append(FieldError(field.name, "is required"))
            continue
        try:
            values[field.name] = check_field(field, value)
        except ValueError as error:
            errors.append(FieldError(field.name, str(error)))
    if errors:
        raise Invalid("Some fields are missing or invalid.", errors=errors)
    return values


def check_field(field: Field, value: Any) -> Any:
    """`value` converted to the field's type, also from text. Raises ValueError saying what it must be."""
    return _CHECKS[field.type](field, value)


def _text(_field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    if len(value) > MAX_TEXT:
        raise ValueError(f"must be at most {MAX_TEXT} characters")
    return value


def _integer(_field: Field, value: Any) -> int:
    if isinstance(value, str):
        return read_integer(value)
    if isinstance(value, float):
        raise ValueError(f"must be a whole number, written without a point or an exponent; {value!r} is not")
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**MAX_DIGITS:
        raise ValueError(f"must be a whole number of at most {MAX_DIGITS} digits")
    return value


def _number(_field: Field, value: Any) -> int | float:
    if isinstance(value, str):
        return read_number(value)
    limit = inf if isinstance(value, float) else 10**MAX_DIGITS
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < limit:
        raise ValueError("must be a number")
    return normalize_number(value)


def _boolean(_field: Field, value: Any) -> bool:
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _enum(field: Field, value: Any) -> str:
    allowed = [option.value for option in field.options]
    if not isinstance(value, str) or value not in allowed:
        raise ValueError("must be one of: " + ", ".join(allowed))
    return value


def _multi_enum(field: Field, value: Any) -> list[str]:
    if not isinstance(value, list) or len({str(item) for item in value}) != len(value):
        raise ValueError("must be a list of different options")
    return [_enum(field, item) for item in value]


def _date(_field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(_text(_field, value).strip()).isoformat()
    except ValueError:
        raise ValueError("must be a date such as 2026-03-31") from None


def _datetime(_field: Field, value: Any) -> str:
    try:
        return datetime.fromisoformat(_text(_field, value).strip()).isoformat()
    except ValueError:
        raise ValueError("must be a date and time such as 2026-03-31T14:00") from None


def _email(_field: Field, value: Any) -> str:
    text = _text(_field, value).strip()
    if not is_email(text):
        raise ValueError("must be an email address such as dana@example.org")
    return text


def _url(_field: Field, value: Any) -> str:
    text = _text(_field, value).strip()
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be a web address such as https://example.org")
    return text


def is_email(text: str) -> bool:
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None and not has_invisible(text)


_CHECKS: dict[str, Callable[[Field, Any], Any]] = {
    "text": _text,
    "long_text": _text,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "enum": _enum,
    "multi_enum": _multi_enum,
    "date": _date,
    "datetime": _datetime,
    "email": _email,
    "url": _url,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person's free text seems to answer. Never a decision: the caller echoes it back for a yes."""

    action: str
    values: dict[str, Any]
    feedback: str
    certain: bool
