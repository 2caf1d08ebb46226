"""The demo model's decisions, as pure functions: a thread in, a step or text out."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from backend.domain.answers import Reading
from backend.domain.steps import Reply, Step
from backend.engines.contract import Thread
from backend.engines.demo.commands import Explain, Fail, OpenQuestion, Plan, StreamText
from backend.engines.demo.pending_tasks import PendingTask, read_turn
from backend.engines.demo.plan import final_text, next_review
from backend.engines.demo.reply_text import HELP, filler_words, outcome

Function = Literal["next_step", "reply", "summarize"]

SLOW, FAST = 100, 400  # words a second
_SUMMARY_LINES = 60
_SUMMARY_LINE = 300
_YES = frozenset(("yes", "y", "ok", "okay", "yep", "sure", "approve", "approved", "agreed", "go ahead", "👍", "✅"))
_NO = frozenset(("no", "n", "nope", "reject", "rejected", "deny", "denied", "👎", "❌"))


class DemoFailure(Exception):
    """The person told the demo model to fail like a broken provider."""


@dataclass(frozen=True, slots=True)
class DemoText:
    """Text to send, at `pace` words per second."""

    text: str
    pace: int = FAST


def answer(function: Function, thread: Thread) -> Step | DemoText:
    """What the demo model answers. Raises DemoFailure when told to fail."""
    match function:
        case "next_step":
            return decide(thread)
        case "reply":
            return write_reply(thread)
        case "summarize":
            return DemoText(summarize(thread))


def decide(thread: Thread) -> Step:
    """The step for the newest unhandled message, or a Reply if all are handled."""
    tasks = read_turn(thread)
    for task in reversed(tasks):
        step = _step_for(task, tasks, thread)
        if step is not None:
            return step
    return Reply()


def write_reply(thread: Thread) -> DemoText:
    """The outcome of everything asked for in this run, in order."""
    tasks = read_turn(thread)
    if any(isinstance(task.command, Fail) for task in tasks):
        raise DemoFailure
    parts = [part for task in tasks if (part := _text_for(task, tasks, thread))]
    pace = SLOW if any(isinstance(task.command, StreamText) for task in tasks) else FAST
    return DemoText("\n\n".join(dict.fromkeys(parts)) or HELP, pace)


def summarize(thread: Thread) -> str:
    """The newest entries of the thread, one line each."""
    lines = []
    for entry in thread.entries[-_SUMMARY_LINES:]:
        text = entry.body.get("text") or json.dumps(entry.body, ensure_ascii=False, default=str)
        lines.append(f"{entry.kind}: {' '.join(str(text).split())[:_SUMMARY_LINE]}")
    earlier = len(thread.entries) - len(lines)
    return "\n".join(([f"({earlier} earlier entries)"] if earlier > 0 else []) + lines) or "Nothing has happened yet."


def read_answer(request: dict[str, Any], message: str) -> Reading:
    """Read a plain answer: yes or no, an option by name or number, or the text itself. Anything else is unclear."""
    allowed = request.get("allowed_actions") or []
    said = " ".join(message.split())
    first = said.lower().strip(" .!")
    match request.get("type"):
        case "confirmation" if first in _YES and "approve" in allowed:
            return Reading("approve", {}, "", certain=True)
        case "confirmation" if first.split(" ")[0].strip(",.!:;") in _NO and "reject" in allowed:
            return Reading("reject", {}, said.partition(" ")[2], certain=first in _NO)
        case "choice":
            return _read_choice(request, first)
        case "text" if said:
            return Reading("submit", {}, message.strip(), certain=True)
        case "checkpoint" if first in allowed:
            return Reading(first, {}, "", certain=True)
        case "checkpoint" if first.startswith("revise") and "revise" in allowed:
            return Reading("revise", {}, said[len("revise") :].strip(" :,"), certain=True)
    return Reading("unclear", {}, said, certain=False)


def _read_choice(request: dict[str, Any], said: str) -> Reading:
    options = request.get("options") or []
    numbered = {str(number): option["value"] for number, option in enumerate(options, start=1)}
    named = {str(option.get(key, "")).lower(): option["value"] for option in options for key in ("label", "value")}
    value = (numbered | named).get(said)
    if value is None:
        return Reading("unclear", {}, said, certain=False)
    return Reading("submit", {"choice": [value] if request.get("multiple") else value}, "", certain=True)


def _step_for(task: PendingTask, tasks: list[PendingTask], thread: Thread) -> Step | None:
    if task.refused:
        return None
    match task.command:
        case Fail():
            raise DemoFailure
        case OpenQuestion(step) if not task.steps:
            return step
        case Plan(topic):
            return next_review(topic, task, thread.settings.get("checkpoints"), _remarks(tasks, thread))
    return None


def _text_for(task: PendingTask, tasks: list[PendingTask], thread: Thread) -> str:
    if task.refused:
        return f"**Refused:** {task.note}"
    match task.command:
        case StreamText(count):
            return filler_words(count)
        case Plan(topic):
            return final_text(topic, task, _remarks(tasks, thread))
        case Explain(text) if thread.settings.get("checkpoints") is None:
            return text or HELP
        case OpenQuestion():
            changed = ["You changed the call before you approved it."] if task.note else []
            return "\n\n".join([*(outcome(entry, after) for entry, after in task.steps), *changed])
    return ""


def _remarks(tasks: list[PendingTask], thread: Thread) -> list[str]:
    """Messages after a run with checkpoints began: remarks on its plan, not commands."""
    return [task.text for task in tasks[1:]] if thread.settings.get("checkpoints") is not None else []
