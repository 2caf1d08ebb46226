"""Find out from a thread which of a run's messages are handled and what came of them."""

from dataclasses import dataclass, field
from typing import Any

from backend.domain.requests import body_of_step
from backend.domain.steps import AskChoice, AskForm, AskText, CallTool
from backend.engines.contract import Entry, Thread
from backend.engines.demo.commands import Command, Explain, OpenQuestion, Plan, parse_command

Body = dict[str, Any]


@dataclass(slots=True)
class PendingTask:
    """One message of this run, the steps taken for it, and the outcome of each (None while open). `note` is the platform's
    note on a step: why it was refused or, if an outcome follows, how a person changed it."""

    text: str
    command: Command
    steps: list[tuple[Entry, Body | None]] = field(default_factory=list)
    note: str = ""

    @property
    def refused(self) -> bool:
        return bool(self.note) and self.steps[-1][1] is None

    def takes(self, entry: Entry) -> bool:
        """Whether this message could have asked for the step. Arguments are not compared, since a person may have edited them."""
        match self.command:
            case Plan(topic):
                return entry.body.get("type") == "checkpoint" and self._awaits(topic, entry.body)
            case OpenQuestion(CallTool(tool=tool)):
                return not self.steps and entry.kind == "call" and entry.body.get("tool") == tool
            case OpenQuestion(question):
                return not self.steps and entry.kind == "question" and entry.body.get("type") == question.kind
        return False

    def means(self, entry: Entry) -> bool:
        """Whether the step is exactly what this message asks for."""
        match self.command:
            case OpenQuestion(CallTool(args=args)):
                return bool(entry.body.get("args") == args)
            case OpenQuestion(AskText() | AskChoice() | AskForm() as question):
                return all(entry.body.get(name) == value for name, value in body_of_step(question).items())
        return True

    def _awaits(self, topic: str, question: Body) -> bool:
        asked = [(step.body.get("checkpoint"), (after or {}).get("action")) for step, after in self.steps]
        passed = any(name == question.get("checkpoint") and action != "revise" for name, action in asked)
        return not passed and " ".join(topic.split()) in str(question.get("artifact") or topic)


def read_turn(thread: Thread) -> list[PendingTask]:
    """The messages since the start of the run or the agent's last reply, oldest first."""
    tasks: list[PendingTask] = []
    open_step: tuple[PendingTask, Entry] | None = None
    settled = False
    for entry in thread.entries[_begin(thread) :]:
        match entry.kind:
            case "user":
                tasks = [] if settled else tasks
                settled = False
                tasks.append(_task(str(entry.body.get("text", "")), thread, first=not tasks))
            case "call" | "question":
                taker = _taker(tasks, entry)
                open_step = (taker, entry) if taker else None
                if taker:
                    taker.steps.append((entry, None))
            case "result" | "answer" if open_step:
                task, step = open_step
                task.steps[-1] = (step, _outcome(task.steps[-1][1], entry.body))
            case "note" if open_step and open_step[0].steps[-1][1] is None:
                open_step[0].note = str(entry.body.get("text", ""))
            case "note":
                settled = True  # the end of an earlier run without a reply
    return tasks


def _taker(tasks: list[PendingTask], entry: Entry) -> PendingTask | None:
    """The message a step was taken for; of several candidates, the newest that asks for exactly this step, else the newest."""
    able = [each for each in reversed(tasks) if each.takes(entry)]
    return next((each for each in able if each.means(entry)), able[0] if able else None)


def _outcome(before: Body | None, after: Body) -> Body:
    """The outcome of a call. If its outcome was unknown and it was not run again, it stays unknown."""
    if before is None or before.get("status") != "unknown" or after.get("status") in ("succeeded", "failed", "unknown"):
        return after
    return {**before, "result": f"{before.get('result') or ''} It was not run again.".strip()}


def _task(text: str, thread: Thread, *, first: bool) -> PendingTask:
    """The task of a message. In a run with checkpoints, the first message is a plan's topic and later ones are remarks."""
    if thread.settings.get("checkpoints") is None:
        return PendingTask(text, parse_command(text))
    command = parse_command(text)
    if not first:
        return PendingTask(text, Explain())
    return PendingTask(text, command if isinstance(command, Plan) else Plan(text.strip() or "untitled"))


def _begin(thread: Thread) -> int:
    spoken = [index for index, entry in enumerate(thread.entries) if entry.kind == "agent"]
    return max(spoken[-1] + 1 if spoken else 0, thread.start)
