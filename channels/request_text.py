"""A request as plain text: the same details and the same outcome line on every channel that shows text."""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from channels.contract import Question
from channels.sanitize import clip, visible

PAST_TENSE = {
    "approve": "Approved",
    "reject": "Rejected",
    "edit": "Approved with changes",
    "submit": "Answered",
    "decline": "Declined",
    "continue": "Continued",
    "stop": "Stopped",
    "skip": "Skipped",
    "revise": "Sent back for revision",
}
VIA = {
    "chat": "in the web app",
    "api": "through the API",
    "slack": "in Slack",
    "email": "by email",
    "console": "on the console",
}
ASKER_KINDS = {"agent": "Agent", "person": "Person", "program": "Program"}
RISK_SOURCES = {"tool": "declared by the tool", "asker": "the asker's own claim"}
FIELD_TYPES = {"long_text": "text", "enum": "one option", "multi_enum": "any options"}
MAX_NAME = 100


def asker(request: Mapping[str, Any]) -> tuple[str, str]:
    """Return (kind, name) of the asker. The kind is ours, so no name can fake it; a program bears the name of its account."""
    known = request.get("requester") or {}
    kind = ASKER_KINDS.get(str(known.get("kind")), "Program")
    name = one_line_name(str(known.get("name") or request.get("requested_by") or "")) or "unnamed"
    return kind, name


def asker_line(request: Mapping[str, Any]) -> str:
    """`Agent · Assent agent`, `Person · Dana`, `Program · Dana`: the kind comes first."""
    return " · ".join(asker(request))


def one_line_name(name: str) -> str:
    """A name that is safe within our own text: nothing invisible, and right-to-left text stays inside the name."""
    shown = clip(visible(" ".join(name.split())), MAX_NAME)
    rtl = any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in shown)
    return f"\u2068{shown}\u2069" if rtl else shown


def risk_line(action: Mapping[str, Any]) -> str:
    """The risk, and who declared it."""
    source = RISK_SOURCES.get(str(action.get("risk_by")), RISK_SOURCES["asker"])
    return f"{action.get('risk', 'low')}, {source}"


def one_line_value(value: Any) -> str:
    """A value on one line, complete, as it will be used."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible(text).replace("\n", "⏎").replace("\t", "⇥")


def request_details(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (name, value) for every argument of a call, option of a choice and field of a form."""
    action = request.get("action")
    if action:
        yield from ((visible(name), one_line_value(value)) for name, value in action["args"].items())
    for number, option in enumerate(request.get("options") or (), start=1):
        yield (
            str(number),
            one_line_value(option["label"])
            + (f" ({one_line_value(option['description'])})" if option.get("description") else ""),
        )
    for field in request.get("fields") or ():
        needed = "" if field.get("required", True) else ", optional"
        yield (
            one_line_value(field["name"]),
            f"{FIELD_TYPES.get(field['type'], field['type'])}{needed}"
            + (f": {one_line_value(field['description'])}" if field.get("description") else ""),
        )


def tool_version_line(request: Mapping[str, Any]) -> str:
    """What else an approval of the call is bound to: the tool's description, version and policy. Empty if none is declared."""
    action = request.get("action") or {}
    if not action.get("version"):
        return ""
    rule = f", rule: {one_line_value(action['policy'])}" if action.get("policy") else ""
    return f"{one_line_value(action.get('description') or '')} (version {one_line_value(action['version'])}{rule})".strip()


def utc_time(at: str | None) -> str:
    """`15:10 UTC`, from an RFC 3339 timestamp."""
    return f"{at[11:16]} UTC" if at else ""


def deadline_line(request: Mapping[str, Any]) -> str:
    """When the request expires and what happens then; empty if it never expires."""
    if not request.get("due_at"):
        return ""
    on_timeout = request["on_timeout"]
    action = on_timeout if isinstance(on_timeout, str) else on_timeout["action"]
    return f"Answer by {utc_time(request['due_at'])}. Without an answer by then: {PAST_TENSE.get(action, 'closed').lower()}."


def question_text(question: Question) -> str:
    """The complete request as plain text, with the link to answer it."""
    request = question.request
    lines = [f"{asker_line(request)} asks: {visible(request['title'])}"]
    if request.get("prompt"):
        lines.append(f"In its own words: {visible(request['prompt'])}")
    if request.get("action"):
        lines.append(f"It would run {visible(request['action']['tool'])} (risk {risk_line(request['action'])}) with exactly:")
    lines += [f"  {name}: {value}" for name, value in request_details(request)]
    lines += [line for line in (deadline_line(request), f"Answer at {question.link}") if line]
    return "\n".join(lines)


def outcome_line(request: Mapping[str, Any]) -> str:
    """How the request ended, in one sentence: who, where and when. Empty while it is open."""
    response = request.get("response")
    if request["status"] == "answered" and response:
        feedback = f' - "{visible(response["feedback"])}"' if response.get("feedback") else ""
        where = VIA.get(response["via"], f"via {response['via']}")
        by = one_line_name(response["by"]["name"])
        return f"{PAST_TENSE.get(response['action'], 'Closed')} by {by} {where} at {utc_time(response['at'])}{feedback}"
    if request["status"] == "expired" and response:
        return f"No answer by {utc_time(request.get('due_at'))}: {PAST_TENSE.get(response['action'], 'closed').lower()}"
    return "Withdrawn: it is no longer needed" if request["status"] == "cancelled" else ""
