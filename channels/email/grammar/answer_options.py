"""Which answers a mail takes for a question, and the words for each: offered in the mail, and again where a reply was unclear."""

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
    """The actions that a reply to this question's mail can take: none that needs something which the mail does not show
    whole, and no approval where the risk is too high for mail."""
    request = question.request
    allowed = frozenset(request["allowed_actions"])
    if not question.decidable:
        allowed -= APPROVALS
    return allowed if fits_in_mail(request) else allowed & REFUSALS


def details_of(request: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What has to be seen before one can answer: (name, value) of every argument, option or field."""
    if request.get("action"):
        return tuple((name_text(name), value_text(value)) for name, value in (request["action"].get("args") or {}).items())
    if request.get("options"):
        return tuple((str(n), _described(option)) for n, option in enumerate(request["options"], start=1))
    return tuple((_name(field["name"]), _field_hint(field)) for field in request.get("fields") or ())


def fits_in_mail(request: Mapping[str, Any]) -> bool:
    """Whether all of that can be taken in, and sent, in one mail."""
    rows = (("", visible(str((request.get("action") or {}).get("tool", "")))), *details_of(request))
    shown = sum(html_size(name) + html_size(value) for name, value in rows) + sum(
        html_size(line) for line in _form_lines(request)
    )
    return len(rows) <= MAX_ROWS and shown <= MAX_BYTES


def _form_lines(request: Mapping[str, Any]) -> tuple[str, ...]:
    """What a form's reply looks like, with what is suggested."""
    return tuple(f"{_name(field['name'])}: {_suggested(field)}".rstrip() for field in request.get("fields") or ())


def html_size(text: str) -> int:
    """Bytes, once it is HTML."""
    return len(escape(text).encode())


def answer_instructions(question: Question) -> Iterator[Part]:
    """What to write back."""
    request, actions = question.request, available_actions(question)
    if not actions:
        return
    if request["type"] == "text" and "submit" in actions:
        yield Line("Reply with your answer; all that you write above the quoted mail is taken.")
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
            "To approve with changes, write a line for each argument to change below the first; all else stays as it is, "
            "and blanks around a value do not count. Such as:"
        )
        yield AnswerLines(("APPROVE", f"{_name(name)}: {one_line_value(value)[:SAMPLE]}"))


def _name(name: str) -> str:
    return visible(" ".join(name.split())) or "–"


def _described(option: Mapping[str, Any]) -> str:
    return one_line_value(option["label"]) + (f" – {one_line_value(option['description'])}" if option.get("description") else "")


def _field_hint(field: Mapping[str, Any]) -> str:
    options = " | ".join(one_line_value(option["label"]) for option in field.get("options") or ())
    type = str(field["type"])
    what = {"enum": f"one of {options}", "multi_enum": f"any of {options}, with commas between"}.get(type, type)
    needed = "" if field.get("required", True) else ", may be left out"
    return what.replace("_", " ", 1) + needed + (f": {one_line_value(field['description'])}" if field.get("description") else "")


def _suggested(field: Mapping[str, Any]) -> str:
    """As a person would write it: options by what they are called."""
    value, labels = field.get("value"), {option["value"]: option["label"] for option in field.get("options") or ()}
    if value is None:
        return ""
    return ", ".join(one_line_value(labels.get(str(each), each)) for each in (value if isinstance(value, list) else [value]))
