"""The few Block Kit elements we use, each built to stay within Slack's limits whatever it contains."""

from collections.abc import Sequence
from typing import Any

from channels.sanitize import clip, visible
from channels.slack.mrkdwn import to_mrkdwn

Block = dict[str, Any]
MAX_TEXT = 3000
BUTTON_TEXT = 75
MODAL_TITLE = 24


def plain_text(text: str, limit: int, otherwise: str = "–") -> Block:
    """Text without markup. Slack refuses an empty one, hence `otherwise`."""
    return {"type": "plain_text", "text": clip(visible(text).strip(), limit) or otherwise, "emoji": False}


def mrkdwn_text(mrkdwn: str) -> Block:
    """Our own markup. `verbatim` keeps Slack from turning words into links and mentions."""
    return {"type": "mrkdwn", "text": mrkdwn or "–", "verbatim": True}


def header(text: str) -> Block:
    return {"type": "header", "text": plain_text(" ".join(text.split()), 150)}


def section(mrkdwn: str) -> Block:
    return {"type": "section", "text": mrkdwn_text(mrkdwn), "expand": True}


def markdown_section(markdown: str, limit: int) -> Block:
    return section(to_mrkdwn(markdown, min(limit, MAX_TEXT)))


def plain_section(text: str) -> Block:
    """Text shown completely and as it is. The caller makes sure that it fits."""
    return {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}, "expand": True}


def context(mrkdwn: str) -> Block:
    return {"type": "context", "elements": [mrkdwn_text(mrkdwn)]}


def button(verb: str, label: str, value: str, *, style: str | None = None, confirm: Block | None = None) -> Block:
    """A button. Slack sends back `verb` as the action id and `value`, which holds only ids."""
    more = {"style": style, "confirm": confirm}
    return {"type": "button", "action_id": verb, "text": plain_text(label, BUTTON_TEXT), "value": value} | {
        name: part for name, part in more.items() if part
    }


def confirm(title: str, text: str, yes: str) -> Block:
    """A confirmation dialog."""
    return {
        "title": plain_text(title, 100),
        "text": plain_text(text, 300),
        "confirm": plain_text(yes, 30),
        "deny": plain_text("Go back", 30),
    }


def actions(block_id: str, elements: Sequence[Block]) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def option(label: str, value: str) -> Block:
    return {"text": plain_text(label, BUTTON_TEXT), "value": value}


def input_block(block_id: str, label: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    """One input of a form."""
    block = {"type": "input", "block_id": block_id, "label": plain_text(label, 2000), "element": element, "optional": optional}
    return block | ({"hint": plain_text(hint, 2000)} if hint.strip() else {})


def modal(title: str, blocks: Sequence[Block], *, metadata: str = "", submit: str | None = None) -> Block:
    view = {
        "type": "modal",
        "callback_id": "answer" if submit else "details",
        "title": plain_text(title, MODAL_TITLE),
        "close": plain_text("Close", MODAL_TITLE),
        "blocks": list(blocks),
        "private_metadata": metadata,
    }
    return view | ({"submit": plain_text(submit, MODAL_TITLE)} if submit else {})
