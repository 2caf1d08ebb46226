"""Parse the rendered prompt back into a thread or a request, since the demo model, like a real one, sees only the prompt."""

import json
import re
from dataclasses import asdict
from typing import Any

from backend.domain.steps import dump_step
from backend.engines.contract import Entry, Thread
from backend.engines.demo.program import DemoText, answer, read_answer

_TASK = re.compile(r"\A# Task: (\w+)$", re.MULTILINE)


class NotAPrompt(ValueError):
    """The messages are not one of the platform's prompts."""


def complete(messages: list[dict[str, Any]]) -> DemoText:
    """The model's answer to a chat. Raises NotAPrompt, and DemoFailure if told to fail."""
    system, user = _text(messages, "system"), _text(messages, "user")
    task = _TASK.match(system)
    match task[1] if task else None:
        case "next_step" | "reply" | "summarize" as function:
            result = answer(function, read_thread(user))
            return (
                DemoText(_without_surrogates(result.text), result.pace)
                if isinstance(result, DemoText)
                else DemoText(_to_json(dump_step(result)))
            )
        case "read_answer":
            request, message = _after(user, "Request:"), _after(user, "Message:")
            return DemoText(_to_json(asdict(read_answer(request, str(message)))))
    raise NotAPrompt("the demo model only answers the platform's own prompts")


def read_thread(prompt: str) -> Thread:
    """The thread in a prompt: the lines that are JSON objects with a kind."""
    entries: list[Entry] = []
    settings: dict[str, Any] = {}
    start = 0
    for line in prompt.split("\n"):
        if not line.startswith('{"kind": '):
            continue
        body = json.loads(line)
        match body.pop("kind"):
            case "settings":
                settings = body
            case "start":
                start = len(entries)
            case kind:
                entries.append(Entry(kind, body))
    return Thread(tuple(entries), settings, start)


def _text(messages: list[dict[str, Any]], role: str) -> str:
    parts = [message.get("content") for message in messages if message.get("role") == role]
    if len(parts) != 1 or not isinstance(parts[0], str):
        raise NotAPrompt(f"expected one {role} message of text")
    return parts[0]


def _after(prompt: str, heading: str) -> Any:
    lines = prompt.split("\n")
    try:
        return json.loads(lines[lines.index(heading) + 1])
    except (ValueError, IndexError):
        raise NotAPrompt(f"expected JSON after {heading}") from None


def _to_json(value: Any) -> str:
    return _without_surrogates(json.dumps(value, ensure_ascii=False))


def _without_surrogates(text: str) -> str:
    """Replace lone surrogates, which cannot be sent, with question marks."""
    return text.encode(errors="replace").decode()
