"""The modals that open from a message: its details, and forms for answers that take more than a button."""

import json
from collections.abc import Mapping
from typing import Any

from channels.contract import Question
from channels.sanitize import clip, visible
from channels.slack.arguments_block import argument_blocks
from channels.slack.blocks import MAX_TEXT, Block, context, header, input_block, markdown_section, modal, plain_section, section
from channels.slack.form_inputs import ACTION, MAX_INPUT, entries_of, fields_of_args
from channels.slack.mrkdwn import link
from channels.slack.question_message import button_value

TEXT_BLOCK = "said"
MAX_PIECES = 20
TEXT_FORMS = {
    "reject": ("Reject", "Reason", True),
    "revise": ("Revise", "What should be changed?", False),
    "write": ("Answer", "Your answer", False),
}


def modal_of(verb: str, question: Question, place: Mapping[str, str]) -> Block:
    """Return the modal for a button: `verb` is reject, revise, write, fill, edit or details. `place` ({channel, ts}) is the
    message it opens from; the submission brings it back."""
    request = question.request
    metadata = json.dumps({"verb": verb, "token": button_value(request), **place}, separators=(",", ":"))
    match verb:
        case "details":
            return modal("Details", _details(question))
        case "fill":
            return modal(
                "Fill in", [header(request["title"]), *entries_of(request["fields"])], metadata=metadata, submit="Submit"
            )
        case "edit":
            inputs = entries_of(fields_of_args(request))
            return modal("Edit and approve", [header(request["title"]), *inputs], metadata=metadata, submit="Approve")
        case _:
            title, label, optional = TEXT_FORMS[verb]
            element = {"type": "plain_text_input", "action_id": ACTION, "multiline": True, "max_length": MAX_INPUT}
            inputs = [input_block(TEXT_BLOCK, label, element, optional=optional)]
            return modal(title, [header(request["title"]), *inputs], metadata=metadata, submit=title)


def _details(question: Question) -> list[Block]:
    """Everything about the request, as far as a modal can hold it."""
    request = question.request
    action, shown = request.get("action") or {}, request.get("context") or {}
    blocks = [header(request["title"]), markdown_section(request.get("prompt") or "–", MAX_TEXT)]
    if action:
        args = action.get("args") or {}
        blocks += [
            plain_section(f"Runs {clip(visible(str(action['tool'])), 2000)}"),
            *(argument_blocks(args) or _pieces(_pretty(args))),
        ]
    if question.context.strip():
        blocks.append(section(clip(visible(question.context), 600).replace("&", "&amp;").replace("<", "&lt;")))
    if shown:
        blocks += _pieces(shown["artifact"] if isinstance(shown.get("artifact"), str) else _pretty(shown))
    return [*blocks, context(link(question.link, "Open in app"))]


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _pieces(text: str) -> list[Block]:
    """A long text as blocks, truncated at the size of a modal."""
    shown, size = visible(text), MAX_TEXT // 2  # two units a character at most
    pieces = [shown[start : start + size] for start in range(0, len(shown), size)]
    blocks = [plain_section(piece) for piece in pieces[:MAX_PIECES] if piece.strip()]
    return blocks + ([plain_section("… See the rest in the web app.")] if len(pieces) > MAX_PIECES else [])
