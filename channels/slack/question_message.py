"""A question as a Slack message: what is asked, what it would do, and buttons for the answers possible here."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from channels.contract import Question
from channels.request_text import asker, risk_line, tool_version_line
from channels.sanitize import clip, utf16_length, visible
from channels.slack.arguments_block import argument_blocks
from channels.slack.blocks import (
    BUTTON_TEXT,
    Block,
    actions,
    button,
    confirm,
    context,
    header,
    markdown_section,
    mrkdwn_text,
    option,
    plain_section,
    section,
)
from channels.slack.form_inputs import can_edit, can_fill
from channels.slack.mrkdwn import link, literal, moment
from channels.slack.outcome_line import outcome_line, timeout_outcome

EVENT = "assent_request"
SELECTED = "selected"
MAX_PROMPT, MAX_CONTEXT, MAX_ARTIFACT, MAX_LISTED, MAX_TOOL = 1500, 600, 2500, 2500, 300
MAX_BUTTONS, MAX_OPTIONS = 5, 100
TITLES = {
    "confirmation": "Approval needed",
    "choice": "Choice needed",
    "text": "Answer needed",
    "form": "Details needed",
    "checkpoint": "Review needed",
}
Message = dict[str, Any]
_writers = ThreadPoolExecutor(2, "slack-writer")


async def render_in_thread(question: Question) -> Message:
    """Run `message_of` in a worker thread: a call with many arguments takes a while to lay out."""
    return await asyncio.get_running_loop().run_in_executor(_writers, message_of, question)


def message_of(question: Question) -> Message:
    """Return `{text, blocks, metadata}` of the request: with buttons while it is pending, with its outcome afterwards."""
    request = question.request
    pending = request["status"] == "pending"
    blocks = _pending(question) if pending else _ended(question)
    return {"text": _summary(question), "blocks": blocks, "metadata": metadata_of(request)}


def metadata_of(request: Mapping[str, Any]) -> Message:
    """The metadata by which the app finds its message again."""
    return {"event_type": EVENT, "event_payload": {"request_id": request["id"], "version": request["version"]}}


def button_value(request: Mapping[str, Any], index: int | None = None) -> str:
    """The value of a button: the request, its version and the option. It grants nothing by itself."""
    return f"{request['id']} {request['version']}" + ("" if index is None else f" {index}")


def _summary(question: Question) -> str:
    """The text for notifications and screen readers."""
    request = question.request
    title = literal(request["title"], 300)
    if request["status"] == "pending":
        return f"{TITLES[request['type']]}: {title}"
    return f"{title}: {outcome_line(request)}"


def _ended(question: Question) -> list[Block]:
    return [
        header(question.request["title"]),
        section(outcome_line(question.request)),
        context(link(question.link, "Open in app")),
    ]


def _pending(question: Question) -> list[Block]:
    request = question.request
    body, buttons = _body(question)
    bound_to = [context(literal(tool_version_line(request), MAX_CONTEXT))] if tool_version_line(request) else []
    blocks = [header(request["title"]), *_head(question), *body, *bound_to]
    if buttons and question.decidable:
        blocks.append(actions(f"{button_value(request)} pending", buttons))
    else:
        blocks.append(section(_only_in_app(question, bool(buttons))))
    return [*blocks, context(_tail(question))]


def _only_in_app(question: Question, fits: bool) -> str:
    why = "The risk is too high to decide this here." if fits else "The details do not fit into a message."
    return f"{why} {link(question.link, 'Open in app')} to see all of it and answer."


def _head(question: Question) -> list[Block]:
    """Who asks what, with the full title if the header is truncated."""
    request = question.request
    title = " ".join(request["title"].split())
    more = [plain_section(clip(visible(title), MAX_PROMPT))] if utf16_length(visible(title)) > 150 else []
    kind, name = asker(request)
    asked = {
        "type": "context",
        "elements": [mrkdwn_text(f"*{kind}*"), {"type": "plain_text", "text": f"{name} asks", "emoji": False}],
    }
    prompt = [markdown_section(request["prompt"], MAX_PROMPT)] if (request.get("prompt") or "").strip() else []
    led = [context(literal(question.context, MAX_CONTEXT))] if question.context.strip() else []
    return [*more, asked, *prompt, *led]


def _tail(question: Question) -> str:
    request = question.request
    due = (
        f"Due {moment(request['due_at'])}, otherwise *{timeout_outcome(request.get('on_timeout'))}*"
        if request.get("due_at")
        else ""
    )
    risk = f"Risk: {risk_line(request['action'])}" if request.get("action") else ""
    return " · ".join(filter(None, (due, risk, link(question.link, "Open in app"))))


def _body(question: Question) -> tuple[list[Block], list[Block]]:
    """The blocks of the request type and its buttons; no buttons if the details do not fit."""
    request = question.request
    match request["type"]:
        case "confirmation":
            return _confirmation(request)
        case "choice":
            return _choice(request)
        case "form":
            fill = button("fill", "Fill in", button_value(request), style="primary")
            return [], [fill, *_decline(request)] if can_fill(request) else []
        case "checkpoint":
            return _checkpoint(request)
        case _:
            return [], [button("write", "Answer", button_value(request), style="primary"), *_decline(request)]


def _confirmation(request: Mapping[str, Any]) -> tuple[list[Block], list[Block]]:
    action = request.get("action") or {}
    shown = argument_blocks(action.get("args") or {})
    named = visible(str(action.get("tool", "")))
    tool = [plain_section(f"Runs {clip(named, MAX_TOOL)}")] if action else []
    if shown is None or utf16_length(named) > MAX_TOOL:
        return tool, []
    high = action.get("risk") == "high"
    sure = confirm("Approve?", f"{request['title']}: this is of high risk.", "Approve") if high else None
    token = button_value(request)
    offered = {
        "approve": button("approve", "Approve", token, style=None if high else "primary", confirm=sure),
        "edit": button("edit", "Edit…", token) if action and can_edit(request) else None,
        "reject": button("reject", "Reject…", token, style="danger"),
    }
    return [*tool, *shown], [
        *(made for name, made in offered.items() if made and name in request["allowed_actions"]),
        button("details", "Details", token),
    ]


def _choice(request: Mapping[str, Any]) -> tuple[list[Block], list[Block]]:
    options, token = request["options"], button_value(request)
    listing = _listing(options)
    if listing is None or len(options) > MAX_OPTIONS:
        return [], []
    if len(options) <= MAX_BUTTONS and not request.get("multiple") and all(_fits_button(each["label"]) for each in options):
        buttons = [button(f"choose {n}", each["label"], button_value(request, n)) for n, each in enumerate(options)]
        return listing if any(each.get("description") for each in options) else [], [*buttons, *_decline(request)]
    select = {
        "type": "multi_static_select" if request.get("multiple") else "static_select",
        "action_id": SELECTED,
        "placeholder": {"type": "plain_text", "text": "Choose"},
        "options": [option(f"{n + 1}. {each['label']}", str(n)) for n, each in enumerate(options)],
    }
    return listing, [select, button("submit", "Submit", token, style="primary"), *_decline(request)]


def _fits_button(label: str) -> bool:
    return 0 < utf16_length(visible(label)) <= BUTTON_TEXT


def _listing(options: list[Mapping[str, Any]]) -> list[Block] | None:
    """Every option in full; None if they are too long."""
    lines = [
        f"{n}. {visible(each['label'])}" + (f" – {visible(each['description'])}" if each.get("description") else "")
        for n, each in enumerate(options, start=1)
    ]
    text = "\n".join(lines)
    return [plain_section(text)] if 0 < utf16_length(text) <= MAX_LISTED else None


def _checkpoint(request: Mapping[str, Any]) -> tuple[list[Block], list[Block]]:
    token, artifact = button_value(request), (request.get("context") or {}).get("artifact")
    sure = confirm("Stop the run?", "The run ends here and does not go on.", "Stop run")
    offered = {
        "continue": button("continue", "Continue", token, style="primary"),
        "revise": button("revise", "Revise…", token),
        "skip": button("skip", "Skip", token),
        "stop": button("stop", "Stop run", token, style="danger", confirm=sure),
    }
    body = [markdown_section(artifact, MAX_ARTIFACT)] if isinstance(artifact, str) and artifact.strip() else []
    details = [button("details", "Details", token)] if body else []
    return body, [*(made for name, made in offered.items() if name in request["allowed_actions"]), *details]


def _decline(request: Mapping[str, Any]) -> list[Block]:
    return [button("decline", "Decline", button_value(request))] if "decline" in request["allowed_actions"] else []
