"""Which answers a question takes by mail, and the instructions for them: in its mail, and after an unclear reply."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from channels.contract import Question
from channels.email.write.page import AnswerLines, Line, Part
from channels.request_text import one_line_value
from channels.sanitize import name_text, value_text, visible

MAX_ROWS = 101
MAX_BYTES = 24_000
APPROVALS, REFUSALS = frozenset({"approve", "edit"}), frozenset({"reject", "decline", "stop"})
SAMPLE = 60


def available_actions(question: Question) -> frozenset[str]:
    """Return the actions a reply by mail may take: no approval if the risk is too high for mail, and only refusals if the
    mail cannot show all details."""
    request = question.request
    allowed = frozenset(request["allowed_actions"])
    if not question.decidable:
        allowed -= APPROVALS
    return allowed if fits_in_mail(request) else allowed & REFUSALS


def details_of(request: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return (name, value) of every argument, option or field: what a person must see before answering."""
    if request.get("action"):
        return tuple((name_text(name), value_text(value)) for name, value in (request["action"].get("args") or {}).items())
    if request.get("options"):
        return tuple((str(n), _described(option)) for n, option in enumerate(request["options"], start=1))
    return tuple((_name(field["name"]), _field_hint(field)) for field in request.get("fields") or ())


def fits_in_mail(request: Mapping[str, Any]) -> bool:
    """Return whether all details fit into one mail."""
    rows = (("", visible(str((request.get("action") or {}).get("tool", "")))), *details_of(request))
    shown = sum(html_size(name) + html_size(value) for name, value in rows) + sum(
        html_size(line) for line in _form_lines(request)
    )
    return len(rows) <= MAX_ROWS and shown <= MAX_BYTES


def _form_lines(request: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines to fill in and reply with, including suggested values."""
    return tuple(f"{_name(field['name'])}: {_suggested(field)}".rstrip() for field in request.get("fields") or ())


def html_size(text: str) -> int:
    """Size in bytes when escaped as HTML."""
    return len(escape(text).encode())


def answer_instructions(question: Question) -> Iterator[Part]:
    """Yield the instructions: what to write back."""
    request, actions = question.request, available_actions(question)
    if not actions:
        return
    if request["type"] == "text" and "submit" in actions:
        yield Line("Reply with your answer. Everything you write above the quoted mail counts as the answer.")
    elif request["type"] == "form" and "submit" in actions:
        yield Line("Reply with these lines, filled in:")
        yield AnswerLines(_form_lines(request))
    words = tuple(_keywords(request, actions))
    if words:
        yield Line(_introduction(request, actions))
        yield AnswerLines(words)
    yield from _edit_instructions(request, actions)


def _introduction(request: Mapping[str, Any], actions: frozenset[str]) -> str:
    if request["type"] in ("text", "form") and "submit" in actions:
        return "If you do not want to answer, reply with this as the first line:"
    return "Reply with one of these as the first line:"


def _keywords(request: Mapping[str, Any], actions: frozenset[str]) -> Iterator[str]:
    if request["type"] == "choice" and "submit" in actions:
        last = len(request["options"])
        yield "1" if last == 1 else f"a number from 1 to {last}, or the exact text of an option"
        if request.get("multiple") and last > 1:
            yield "several numbers, such as 1, 2"
    for action, word in KEYWORDS.items():
        if action in actions:
            yield word


KEYWORDS = {
    "approve": "APPROVE",
    "continue": "CONTINUE",
    "revise": "REVISE <what to change>",
    "skip": "SKIP",
    "reject": "REJECT <why, if you like>",
    "stop": "STOP",
    "decline": "DECLINE",
}


def _edit_instructions(request: Mapping[str, Any], actions: frozenset[str]) -> Iterator[Part]:
    args = (request.get("action") or {}).get("args") or {}
    if "edit" in actions and args:
        name, value = next(iter(args.items()))
        yield Line(
            "To approve with changes, write one line for each argument you change below the first line. The other arguments "
            "stay as they are, and spaces around a value are ignored. For example:"
        )
        yield AnswerLines(("APPROVE", f"{_name(name)}: {one_line_value(value)[:SAMPLE]}"))


def _name(name: str) -> str:
    return visible(" ".join(name.split())) or "–"


def _described(option: Mapping[str, Any]) -> str:
    return one_line_value(option["label"]) + (f" – {one_line_value(option['description'])}" if option.get("description") else "")


def _field_hint(field: Mapping[str, Any]) -> str:
    options = " | ".join(one_line_value(option["label"]) for option in field.get("options") or ())
    type = str(field["type"])
    what = {"enum": f"one of {options}", "multi_enum": f"any of {options}, separated by commas"}.get(type, type)
    needed = "" if field.get("required", True) else ", optional"
    return what.replace("_", " ", 1) + needed + (f": {one_line_value(field['description'])}" if field.get("description") else "")


def _suggested(field: Mapping[str, Any]) -> str:
    """The suggested value as a person would write it, with options by their labels."""
    value, labels = field.get("value"), {option["value"]: option["label"] for option in field.get("options") or ()}
    if value is None:
        return ""
    return ", ".join(one_line_value(labels.get(str(each), each)) for each in (value if isinstance(value, list) else [value]))
