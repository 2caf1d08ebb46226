"""What of a run's messages has been taken up already, and what came of it: the demo model's reading of a thread."""

from dataclasses import dataclass, field
from typing import Any

from backend.domain.requests import body_of_step
from backend.domain.steps import AskChoice, AskForm, AskText, CallTool
from backend.engines.contract import Entry, Thread
from backend.engines.demo.commands import Command, Explain, OpenQuestion, Plan, parse_command

Body = dict[str, Any]


@dataclass(slots=True)
class PendingTask:
    """One message of the present run, the steps taken for it, and what became of each (None while open). `note` is what
    the platform said about a step: why it refused it, or, where an outcome followed, how a person changed it."""

    text: str
    command: Command
    steps: list[tuple[Entry, Body | None]] = field(default_factory=list)
    note: str = ""

    @property
    def refused(self) -> bool:
        return bool(self.note) and self.steps[-1][1] is None

    def takes(self, entry: Entry) -> bool:
        """Whether a step is one this message asks for. Arguments are not compared: a person may have edited them."""
        match self.command:
            case Plan(topic):
                return entry.body.get("type") == "checkpoint" and self._awaits(topic, entry.body)
            case OpenQuestion(CallTool(tool=tool)):
                return not self.steps and entry.kind == "call" and entry.body.get("tool") == tool
            case OpenQuestion(question):
                return not self.steps and entry.kind == "question" and entry.body.get("type") == question.kind
        return False

    def means(self, entry: Entry) -> bool:
        """Whether a step it takes is word for word what this message asks for."""
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
    """The messages since the run began and the agent last spoke, oldest first."""
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
                settled = True  # how an earlier run ended that had no last word
    return tasks


def _taker(tasks: list[PendingTask], entry: Entry) -> PendingTask | None:
    """The message a step was taken for. Of several it may be, decisions begin with the newest; one that joined since the
    decision asks for something else, or for the same once more."""
    able = [each for each in reversed(tasks) if each.takes(entry)]
    return next((each for each in able if each.means(entry)), able[0] if able else None)


def _outcome(before: Body | None, after: Body) -> Body:
    """A call whose outcome was unknown may have been run again, or not: then the first try stays as unknown as it was."""
    if before is None or before.get("status") != "unknown" or after.get("status") in ("succeeded", "failed", "unknown"):
        return after
    return {**before, "result": f"{before.get('result') or ''} It was not run again.".strip()}


def _task(text: str, thread: Thread, *, first: bool) -> PendingTask:
    """Where a run has checkpoints of its own, its first message is a plan's topic and later ones are remarks on it."""
    if thread.settings.get("checkpoints") is None:
        return PendingTask(text, parse_command(text))
    command = parse_command(text)
    if not first:
        return PendingTask(text, Explain())
    return PendingTask(text, command if isinstance(command, Plan) else Plan(text.strip() or "untitled"))


def _begin(thread: Thread) -> int:
    spoken = [index for index, entry in enumerate(thread.entries) if entry.kind == "agent"]
    return max(spoken[-1] + 1 if spoken else 0, thread.start)
