"""A request in plain words: the same facts and the same outcome line on every channel that shows text."""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from channels.contract import Question
from channels.sanitize import clip, visible

DONE = {
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
WHERE = {
    "chat": "in the web app",
    "api": "through the API",
    "slack": "in Slack",
    "email": "by email",
    "console": "on the console",
}
KINDS = {"agent": "Agent", "person": "Person", "program": "Program"}
RISK_BY = {"tool": "declared by the tool", "asker": "the asker's own claim"}
LONGEST_NAME = 100


def asker(request: Mapping[str, Any]) -> tuple[str, str]:
    """Who asks: what kind it is, which no name can pass for, and the name; a program's is that of whom it is signed in as."""
    known = request.get("requester") or {}
    kind = KINDS.get(str(known.get("kind")), "Program")
    name = one_line_name(str(known.get("name") or request.get("requested_by") or "")) or "without a name"
    return kind, name


def asker_line(request: Mapping[str, Any]) -> str:
    """`Agent · Assent agent`, `Person · Dana`, `Program · Dana`: the mark comes first."""
    return " · ".join(asker(request))


def one_line_name(name: str) -> str:
    """A name as it may stand among our words: nothing invisible, and what runs from right to left stays within it."""
    shown = clip(visible(" ".join(name.split())), LONGEST_NAME)
    rtl = any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in shown)
    return f"\u2068{shown}\u2069" if rtl else shown


def risk_line(action: Mapping[str, Any]) -> str:
    """How high the risk is, and whose word that is."""
    said = RISK_BY.get(str(action.get("risk_by")), RISK_BY["asker"])
    return f"{action.get('risk', 'low')}, {said}"


def fact(value: Any) -> str:
    """One value, whole and on one line, as it will be used."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible(text).replace("\n", "⏎").replace("\t", "⇥")


def facts(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What exactly is asked about: (name, value) of every argument of a call, option of a choice, field of a form."""
    action = request.get("action")
    if action:
        yield from ((visible(name), fact(value)) for name, value in action["args"].items())
    for number, option in enumerate(request.get("options") or (), start=1):
        yield str(number), fact(option["label"]) + (f" ({fact(option['description'])})" if option.get("description") else "")
    for field in request.get("fields") or ():
        needed = "" if field.get("required", True) else ", may be left out"
        yield (
            fact(field["name"]),
            f"{field['type']}{needed}" + (f": {fact(field['description'])}" if field.get("description") else ""),
        )


def bound(request: Mapping[str, Any]) -> str:
    """What a yes to a call is bound to besides its arguments; empty where nothing more is declared."""
    action = request.get("action") or {}
    if not action.get("version"):
        return ""
    rule = f", rule: {fact(action['policy'])}" if action.get("policy") else ""
    return f"{fact(action.get('description') or '')} (version {fact(action['version'])}{rule})".strip()


def clock(at: str | None) -> str:
    """`15:10 UTC` of an RFC 3339 instant."""
    return f"{at[11:16]} UTC" if at else ""


def deadline(request: Mapping[str, Any]) -> str:
    """Until when an answer counts and what happens then; empty where the request waits for ever."""
    if not request.get("due_at"):
        return ""
    wish = request["on_timeout"]
    action = wish if isinstance(wish, str) else wish["action"]
    return f"Answer by {clock(request['due_at'])}; without an answer: {DONE.get(action, action).lower()}."


def question_text(question: Question) -> str:
    """The whole request as plain text, with the address where it can be answered."""
    request = question.request
    lines = [f"{asker_line(request)} asks: {visible(request['title'])}"]
    if request.get("prompt"):
        lines.append(f"In its own words: {visible(request['prompt'])}")
    if request.get("action"):
        lines.append(f"It would run {visible(request['action']['tool'])} (risk {risk_line(request['action'])}) with exactly:")
    lines += [f"  {name}: {value}" for name, value in facts(request)]
    lines += [line for line in (deadline(request), f"Answer at {question.link}") if line]
    return "\n".join(lines)


def outcome_line(request: Mapping[str, Any]) -> str:
    """How a request ended, in one sentence: who, where and when; empty while it is open."""
    response = request.get("response")
    if request["status"] == "answered" and response:
        said = f' - "{visible(response["feedback"])}"' if response.get("feedback") else ""
        where = WHERE.get(response["via"], f"via {response['via']}")
        by = one_line_name(response["by"]["name"])
        return f"{DONE.get(response['action'], response['action'])} by {by} {where} at {clock(response['at'])}{said}"
    if request["status"] == "expired" and response:
        return f"No answer by {clock(request.get('due_at'))}: {DONE.get(response['action'], response['action']).lower()}"
    return "Withdrawn: it is no longer needed" if request["status"] == "cancelled" else ""
