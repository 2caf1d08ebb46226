"""Feedback requests: build the body of one, validate it, and find the answer that a time-out applies."""

from collections.abc import Callable, Mapping
from typing import Any

from backend.domain.answers import ACTIONS, TIMEOUT_DEFAULT, Answer, AnswerRules, check_answer, check_field
from backend.domain.states import FeedbackType
from backend.domain.steps import AskChoice, AskForm, AskText, Field, Option, Review, load_fields
from backend.errors import FieldError, Invalid

Ask = AskText | AskChoice | AskForm | Review
NEVER_ON_TIMEOUT = ("edit", "revise")


def body_of_step(step: Ask) -> dict[str, Any]:
    """The request body for an agent's question, in the contract's shape, without what only the platform knows."""
    body: dict[str, Any] = {"title": step.title, "prompt": step.prompt}
    match step:
        case AskChoice():
            body |= {"options": [_option(option) for option in step.options], "multiple": step.multiple}
        case AskForm():
            body |= {"fields": [dump_field(field) for field in step.fields]}
        case Review():
            body |= {"checkpoint": step.checkpoint, "context": {"artifact": step.artifact}}
        case AskText():
            pass
    return body


def dump_field(field: Field) -> dict[str, Any]:
    shaped: dict[str, Any] = {
        "name": field.name,
        "description": field.description,
        "type": field.type,
        "required": field.required,
        "value": field.value,
    }
    return shaped | ({"options": [_option(option) for option in field.options]} if field.options else {})


def _option(option: Option) -> dict[str, Any]:
    return {"value": option.value, "label": option.label} | ({"description": option.description} if option.description else {})


def check_body(type: FeedbackType, body: Mapping[str, Any]) -> None:
    """Raises Invalid, with an error for each part, for a request that nobody could answer."""
    errors = _check_options(body) if type is FeedbackType.CHOICE else _check_fields(body) if type is FeedbackType.FORM else []
    if type is FeedbackType.CHECKPOINT and not body.get("checkpoint"):
        errors.append(FieldError("checkpoint", "name the checkpoint"))
    allowed = body["allowed_actions"]
    if not allowed or not set(allowed) <= set(ACTIONS[type]):
        errors.append(FieldError("allowed_actions", f"must be some of {', '.join(ACTIONS[type])}"))
    elif "edit" in allowed and not body.get("action"):
        errors.append(FieldError("allowed_actions", "can contain edit only if there is an action to edit"))
    if errors:
        raise Invalid("This request is invalid.", errors=errors)
    timeout_answer(type, body)


def _check_options(body: Mapping[str, Any]) -> list[FieldError]:
    values = [option["value"] for option in body.get("options") or []]
    if not values:
        return [FieldError("options", "a choice needs at least one option")]
    return [FieldError("options", "every option needs a different value")] if len(set(values)) != len(values) else []


def _check_fields(body: Mapping[str, Any]) -> list[FieldError]:
    fields = load_fields(body.get("fields") or [])
    errors = [] if fields else [FieldError("fields", "a form needs at least one field")]
    names = [field.name for field in fields]
    errors += [
        FieldError("fields", f"{name!r} is used twice") for name in sorted({name for name in names if names.count(name) > 1})
    ]
    for field in fields:
        if field.type in ("enum", "multi_enum") and not field.options:
            errors.append(FieldError(f"fields.{field.name}", "needs options"))
        elif field.value is not None:
            try:
                check_field(field, field.value)
            except ValueError as error:
                errors.append(FieldError(f"fields.{field.name}", f"its suggested value {error}"))
    return errors


def answer_rules_of(
    type: FeedbackType, body: Mapping[str, Any], check_args: Callable[[dict[str, Any]], dict[str, Any]] | None = None
) -> AnswerRules:
    return AnswerRules(
        type=type,
        allowed_actions=tuple(body["allowed_actions"]),
        options=tuple(option["value"] for option in body.get("options") or ()),
        multiple=bool(body.get("multiple")),
        fields=load_fields(body.get("fields") or ()),
        check_args=check_args,
    )


def timeout_answer(type: FeedbackType, body: Mapping[str, Any]) -> Answer:
    """The answer that applies when the due time passes. It is positive only if the asker said so explicitly.
    Raises Invalid for an `on_timeout` that is not a valid answer."""
    wish = body.get("on_timeout") or TIMEOUT_DEFAULT[type]
    action, values = (wish, None) if isinstance(wish, str) else (str(wish.get("action")), wish.get("values"))
    passive = {FeedbackType.CONFIRMATION: ("reject",), FeedbackType.CHECKPOINT: ("skip", "stop")}.get(type, ("decline",))
    if action in passive:
        return Answer(action)
    if isinstance(wish, str) or action in NEVER_ON_TIMEOUT or (type is FeedbackType.TEXT and action == "submit"):
        raise Invalid(
            "on_timeout cannot be used.",
            errors=[FieldError("on_timeout", f"must be {' or '.join(passive)}, or an object with action and values")],
        )
    return check_answer(answer_rules_of(type, body), action, values, None)
