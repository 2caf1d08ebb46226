"""The arguments of a call as blocks: shown completely or not at all."""

from collections.abc import Mapping
from typing import Any

from channels.call_arguments import changed_names
from channels.sanitize import name_text, utf16_length, value_text
from channels.slack.blocks import Block, plain_section

MAX_SHOWN = 2500
MAX_ARGUMENTS = 40
SHORT = 60
FIELDS = 10


def argument_blocks(args: Mapping[str, Any]) -> list[Block] | None:
    """Return blocks with every argument, character for character; None if they are too many or too long. Short ones are laid
    out side by side, long ones over the full width."""
    shown = [(name_text(name), value_text(value)) for name, value in args.items()]
    if len(shown) > MAX_ARGUMENTS or sum(utf16_length(name) + utf16_length(value) for name, value in shown) > MAX_SHOWN:
        return None
    blocks: list[Block] = []
    side_by_side: list[Block] = []
    for name, value in shown:
        if utf16_length(name) + utf16_length(value) <= SHORT:
            side_by_side.append({"type": "plain_text", "text": f"{name}\n{value}", "emoji": False})
        else:
            blocks.append(plain_section(f"{name}\n{value}"))
    rows = [side_by_side[start : start + FIELDS] for start in range(0, len(side_by_side), FIELDS)]
    return [{"type": "section", "fields": row} for row in rows] + blocks


def changed_arguments(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (name, old, new) of every changed argument."""
    return [(name_text(name), _old(before, name), _old(after, name)) for name in changed_names(before, after)]


def _old(args: Mapping[str, Any], name: str) -> str:
    return value_text(args[name]) if name in args else "nothing"
