"""How a request ended, on one line; never by colour or emoji alone."""

from collections.abc import Mapping
from typing import Any

from channels.slack.arguments_block import changed
from channels.slack.mrkdwn import escape, literal, moment
from channels.text import DONE, WHERE, one_line_name

SIGNS = {
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
THEN = {
    "reject": "rejected",
    "decline": "declined",
    "skip": "skipped",
    "stop": "the run stops",
    "continue": "continued",
    "approve": "approved",
    "submit": "answered as suggested",
}
MAX_SAID = 300


def outcome(request: Mapping[str, Any]) -> str:
    """One line of mrkdwn that says who or what ended the request, where, when, and with what."""
    response, closed = request.get("response") or {}, request.get("closed") or {}
    match request["status"]:
        case "answered":
            return _answered(request, response)
        case "expired":
            due = f" by {moment(request['due_at'])}" if request.get("due_at") else ""
            return f":hourglass: *No answer{due}* – {THEN.get(response.get('action', ''), 'closed')}"
        case _:
            by = closed.get("by") or {}
            who = f" by {escape(one_line_name(str(by['name'])))}" if by.get("name") else ""
            why = literal(str(closed.get("why") or "the agent no longer needs this"), MAX_SAID)
            return f":heavy_multiplication_x: *Cancelled*{who} – {why}"


def otherwise(on_timeout: Any) -> str:
    """What happens when nobody answers."""
    action = on_timeout if isinstance(on_timeout, str) else str((on_timeout or {}).get("action", ""))
    return THEN.get(action, "closed")


def _answered(request: Mapping[str, Any], response: Mapping[str, Any]) -> str:
    by = escape(one_line_name(str((response.get("by") or {}).get("name") or "somebody")))
    where = WHERE.get(str(response.get("via")), "")
    line = f"{_done(str(response.get('action')))} by {by} {where} at {moment(response['at'], '{time}')}"
    said = _said(request, response)
    return f"{line} – {said}" if said else line


def _done(action: str) -> str:
    return f"{SIGNS[action]} *{DONE[action]}*" if action in SIGNS else "*Answered*"


def _said(request: Mapping[str, Any], response: Mapping[str, Any]) -> str:
    values = response.get("values") or {}
    if response.get("action") == "edit":
        before = (request.get("action") or {}).get("args") or {}
        return literal(", ".join(f"{name}: {old} → {new}" for name, old, new in changed(before, values)), 2 * MAX_SAID)
    if request["type"] == "choice" and "choice" in values:
        return literal(", ".join(_labels(request, values["choice"])), MAX_SAID)
    return f"“{literal(response['feedback'], MAX_SAID)}”" if response.get("feedback") else ""


def _labels(request: Mapping[str, Any], choice: Any) -> list[str]:
    labels = {option["value"]: option["label"] for option in request.get("options") or ()}
    return [str(labels.get(value, value)) for value in (choice if isinstance(choice, list) else [choice])]
