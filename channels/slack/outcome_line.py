"""How a request ended, as one line of mrkdwn that does not rely on colour or emoji alone."""

from collections.abc import Mapping
from typing import Any

from channels.request_text import PAST_TENSE, VIA, one_line_name
from channels.slack.arguments_block import changed_arguments
from channels.slack.mrkdwn import escape, literal, moment

EMOJI = {
    "approve": ":white_check_mark:",
    "reject": ":no_entry:",
    "edit": ":pencil2:",
    "submit": ":white_check_mark:",
    "decline": ":no_entry_sign:",
    "continue": ":white_check_mark:",
    "stop": ":octagonal_sign:",
    "revise": ":pencil2:",
    "skip": ":fast_forward:",
}
TIMEOUT_OUTCOMES = {
    "reject": "rejected",
    "decline": "declined",
    "skip": "skipped",
    "stop": "the run stops",
    "continue": "continued",
    "approve": "approved",
    "submit": "answered as suggested",
}
MAX_ANSWER = 300


def outcome_line(request: Mapping[str, Any]) -> str:
    """Return one line: who or what ended the request, where, when, and with which answer."""
    response, closed = request.get("response") or {}, request.get("closed") or {}
    match request["status"]:
        case "answered":
            return _answered(request, response)
        case "expired":
            due = f" by {moment(request['due_at'])}" if request.get("due_at") else ""
            return f":hourglass: *No answer{due}* – {TIMEOUT_OUTCOMES.get(response.get('action', ''), 'closed')}"
        case _:
            by = closed.get("by") or {}
            who = f" by {escape(one_line_name(str(by['name'])))}" if by.get("name") else ""
            why = literal(str(closed.get("why") or "the agent no longer needs this"), MAX_ANSWER)
            return f":heavy_multiplication_x: *Cancelled*{who} – {why}"


def timeout_outcome(on_timeout: Any) -> str:
    """Return what happens if nobody answers."""
    action = on_timeout if isinstance(on_timeout, str) else str((on_timeout or {}).get("action", ""))
    return TIMEOUT_OUTCOMES.get(action, "closed")


def _answered(request: Mapping[str, Any], response: Mapping[str, Any]) -> str:
    by = escape(one_line_name(str((response.get("by") or {}).get("name") or "somebody")))
    where = VIA.get(str(response.get("via")), "")
    line = f"{_action_label(str(response.get('action')))} by {by} {where} at {moment(response['at'], '{time}')}"
    text = _answer_text(request, response)
    return f"{line} – {text}" if text else line


def _action_label(action: str) -> str:
    return f"{EMOJI[action]} *{PAST_TENSE[action]}*" if action in EMOJI else "*Answered*"


def _answer_text(request: Mapping[str, Any], response: Mapping[str, Any]) -> str:
    values = response.get("values") or {}
    if response.get("action") == "edit":
        before = (request.get("action") or {}).get("args") or {}
        return literal(
            ", ".join(f"{name}: {old} → {new}" for name, old, new in changed_arguments(before, values)), 2 * MAX_ANSWER
        )
    if request["type"] == "choice" and "choice" in values:
        return literal(", ".join(_labels(request, values["choice"])), MAX_ANSWER)
    return f"“{literal(response['feedback'], MAX_ANSWER)}”" if response.get("feedback") else ""


def _labels(request: Mapping[str, Any], choice: Any) -> list[str]:
    labels = {option["value"]: option["label"] for option in request.get("options") or ()}
    return [str(labels.get(value, value)) for value in (choice if isinstance(choice, list) else [choice])]
