"""Build the thread an engine sees from the logs of runs."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from backend.domain.requests import body_of_step
from backend.domain.runs import LogEntry, PendingCalls
from backend.domain.steps import CallSeveral, CallTool, Decision, Reply, load_step
from backend.engines.contract import Entry, Thread


def build_thread(
    log: Sequence[LogEntry],
    earlier: Iterable[LogEntry] = (),
    summary: str | None = None,
    settings: dict[str, Any] | None = None,
    state: dict[str, Any] | None = None,
) -> Thread:
    """The session so far: its summary, the runs after it (`earlier`, oldest first), and this run's own log."""
    before = [*([Entry("summary", {"text": summary})] if summary else []), *_entries(earlier)]
    return Thread((*before, *_entries(log)), settings or {}, len(before), {} if state is None else state)


def _entries(log: Iterable[LogEntry]) -> list[Entry]:
    """The log's entries in the order the engine saw them: a message comes before the first step that saw it, so that one
    that joined while a reply was being written is still unanswered."""
    entries: list[Entry] = []
    unseen: list[LogEntry] = []
    step: Decision | None = None
    waiting = PendingCalls()
    for item in log:
        before, waiting = waiting, waiting.after(item)
        if item.kind == "message":
            unseen.append(item)
            continue
        if item.kind == "step":
            seen = item.data["seen"]
            entries += [_user_entry(message) for message in unseen if message.n <= seen]
            unseen = [message for message in unseen if message.n > seen]
            step = load_step(item.data["step"])
        if item.kind == "ended":
            entries += [_user_entry(message) for message in unseen]
            unseen = []
        entries += [*_entry(step, item), *_dropped_calls(before, waiting)]
    return entries + [_user_entry(message) for message in unseen]


def _dropped_calls(before: PendingCalls, after: PendingCalls) -> list[Entry]:
    """A note on pending calls that were dropped, so that the engine may propose them again."""
    if not before.calls or after.of == before.of:
        return []
    calls = ", ".join(f"{call.tool}({json.dumps(call.args, ensure_ascii=False)})" for call in before.calls)
    return [Entry("note", {"text": f"Not put to anyone, and not run: {calls}. Propose again what is still to be done."})]


def _user_entry(message: LogEntry) -> Entry:
    return Entry("user", {"text": message.data["content"]})


def _entry(step: Decision | None, item: LogEntry) -> list[Entry]:
    data = item.data
    match item.kind:
        case "step":
            return _proposal(step)
        case "refused":
            return [Entry("note", {"text": data["reason"]})]
        case "resolved":
            return _resolution(step, data)
        case "execution_finished":
            tool = data.get("tool") or (step.tool if isinstance(step, CallTool) else "")
            return [Entry("result", {"tool": tool, "status": data["status"], "result": data["result"]})]
        case "said":
            return [Entry("agent", {"text": data["content"]})]
        case "ended":
            return _ending(data)
        case "asked" | "execution_started":
            return []
    raise ValueError(f"unknown log entry {item.kind!r}")


def _proposal(step: Decision | None) -> list[Entry]:
    if isinstance(step, CallTool):
        return [Entry("call", {"tool": step.tool, "args": step.args, "reason": step.reason})]
    if step is None or isinstance(step, Reply | CallSeveral):
        return []
    body = body_of_step(step)
    artifact = body.pop("context", {})
    return [Entry("question", {"type": step.kind, **body, **artifact})]


def _resolution(step: Decision | None, data: dict[str, Any]) -> list[Entry]:
    """The entries for a resolved request. An approved call has none, since its result follows."""
    if isinstance(step, CallTool):
        if data["status"] == "answered" and data["action"] in ("approve", "edit"):
            edited = data["action"] == "edit"
            return (
                [Entry("note", {"text": f"A person changed the call before approving it. Arguments now: {data['values']}"})]
                if edited
                else []
            )
        status = "rejected" if data["status"] == "answered" else data["status"]
        return [Entry("result", {"tool": step.tool, "status": status, "result": data.get("feedback")})]
    answer = {
        "type": step.kind if step else "",
        "status": data["status"],
        "action": data["action"],
        "values": data.get("values"),
        "feedback": data.get("feedback"),
    }
    checkpoint = getattr(step, "checkpoint", None)
    return [Entry("answer", answer | ({"checkpoint": checkpoint} if checkpoint else {}))]


def _ending(data: dict[str, Any]) -> list[Entry]:
    if data["status"] == "completed":
        return [Entry("agent", {"text": data["content"]})]
    said = {
        "error": f"This work failed: {data.get('error', '')}",
        "cancelled": "The person cancelled this work.",
        "stopped": "The person stopped this work at a checkpoint.",
    }
    return [Entry("note", {"text": said[data["status"]]})]
