"""Render a thread as prompt text: one JSON object per line, so that no message can pass for another entry or for the prompt."""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from backend.domain.steps import ToolSpec
from backend.engines.contract import Entry, Thread

VALUE_LIMIT = 8_000  # characters per value of an entry; of longer ones the middle is left out and marked
_TAIL = 1_500

# What a layer between here and the model interprets: BAML's markers for roles and media (which it finds in rendered
# prompts, so they could forge a message), the role tags of chat templates, and characters that break or reorder lines.
# Inside JSON strings, each can be written as an equivalent escape.
_CONTROL = re.compile(
    r"(?<=BAML)_(?=CHAT_ROLE_MAGIC|MEDIA_MAGIC)|(?<=__baml)_(?=allow)"
    r"|<(?=\||/?s>|start_of_turn|end_of_turn)|\[(?=/?INST\])"
    r"|[\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]",
    re.IGNORECASE,
)


def render_thread(thread: Thread) -> str:
    """The thread for a prompt, oldest first."""
    settings = {name: value for name, value in thread.settings.items() if value is not None}
    lines = [to_json({"kind": "settings", **settings})] if settings else []
    for index, entry in enumerate(thread.entries):
        if index == thread.start and index:
            lines.append('{"kind": "start"}')
        lines.append(render_entry(entry))
    return "\n".join(lines)


def render_entry(entry: Entry) -> str:
    """The entry as one line. `kind` is always the entry's own, even if the body contains another."""
    body = {name: _clip_value(value) for name, value in entry.body.items() if name != "kind"}
    return to_json({"kind": entry.kind, **body})


def render_tools(tools: Sequence[ToolSpec]) -> str:
    """The tools for a prompt."""
    return _render_tools(tuple(tools))


@lru_cache(maxsize=16)
def _render_tools(tools: tuple[ToolSpec, ...]) -> str:
    return "\n".join(to_json({"tool": each.name, "description": each.description, "args": each.parameters}) for each in tools)


def to_json(value: Any) -> str:
    """JSON on one line without line breaks, role tags or BAML markers."""
    return _CONTROL.sub(_as_escape, json.dumps(value, ensure_ascii=False, default=str))


def clip(text: str, limit: int = VALUE_LIMIT) -> str:
    """The text, or its beginning and end with a note of how much is left out between them."""
    if len(text) <= limit:
        return text
    tail = min(_TAIL, limit // 4)
    head = limit - tail
    return f"{text[:head]}\n[... {len(text) - limit:,} characters left out ...]\n{text[-tail:]}"


def estimate_tokens(thread: Thread) -> int:
    """Estimate the tokens of the rendered thread: a quarter of its UTF-8 bytes, an overestimate for most languages."""
    return (len(render_thread(thread).encode()) + 3) // 4


def _clip_value(value: Any) -> Any:
    if isinstance(value, str):
        return clip(value)
    if isinstance(value, (dict, list, tuple)):
        text = json.dumps(value, ensure_ascii=False, default=str)
        return value if len(text) <= VALUE_LIMIT else clip(text)
    return value


def _as_escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
