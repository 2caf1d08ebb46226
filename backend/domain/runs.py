"""A run is a fold over its log: the log alone decides the next move, in any process, after any crash."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from backend.domain.steps import CallSeveral, CallTool, Decision, Reply, load_step

START_OVER = "Send your message again to start over. What was done so far stays done."

Kind = Literal[
    "message",  # {message_id, content}: a person's message, the first or one that joined
    "step",  # {step, seen, of?}: what the engine decided, having seen the log up to `seen`; `of`: the entry that held it
    "refused",  # {reason}: the step could not be used; the engine is told and decides again
    "asked",  # {request_id, repeats?}: a person is asked about the step, or to repeat that execution; then `resolved`
    "resolved",  # {request_id, status, action, values, feedback}: status answered, expired or cancelled
    "execution_started",  # {execution_id, tool, args, request_id?}
    "execution_finished",  # {execution_id, tool?, status, result}: succeeded, failed or unknown; after unknown once more
    "said",  # {message_id, content}: a reply after which the run went on, because a message had joined meanwhile
    "ended",  # {status, content | error | reason}
]


@dataclass(frozen=True, slots=True)
class LogEntry:
    n: int
    kind: Kind
    data: dict[str, Any]
    at: int


@dataclass(frozen=True, slots=True)
class Decide:
    """Ask the engine what to do."""


@dataclass(frozen=True, slots=True)
class Execute:
    """Run one exact call: as proposed, or as a person edited it. `request_id` names the approval, if there is one."""

    call: CallTool
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Propose:
    """Record the next of several proposed calls as a step of its own. `of` is the log entry with the calls, `seen` how much
    of the log the engine had seen; `after_no`: a person rejected one of them."""

    call: CallTool
    of: int
    seen: int
    after_no: bool


@dataclass(frozen=True, slots=True)
class Recover:
    """Handle an execution that was started and has no outcome."""

    call: CallTool
    execution_id: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Speak:
    """Stream the final reply."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for a person to answer the request."""

    request_id: str


@dataclass(frozen=True, slots=True)
class Ended:
    status: str


Move = Decide | Propose | Execute | Recover | Speak | Wait | Ended


def next_move(log: Sequence[LogEntry]) -> Move:
    """The next move, according to the log."""
    move: Move = Decide()
    step: Decision | None = None
    waiting = PendingCalls()
    for entry in log:
        move, step = _apply(move, step, entry)
        waiting = waiting.after(entry)
    if isinstance(move, Decide) and waiting.calls:
        return Propose(waiting.calls[0], waiting.of, waiting.seen, waiting.after_no)
    return move


@dataclass(frozen=True, slots=True)
class PendingCalls:
    """The proposed calls that are still to be recorded, in order. They are dropped when the engine must decide again: after
    a call that was refused or failed, or a person's message."""

    calls: tuple[CallTool, ...] = ()
    of: int = 0
    seen: int = 0
    after_no: bool = False

    def after(self, entry: LogEntry) -> "PendingCalls":
        """The pending calls after this log entry."""
        data = entry.data
        match entry.kind:
            case "step":
                return self._after_step(entry)
            case "resolved" if data["status"] == "answered" and not data.get("feedback"):
                return replace(self, after_no=self.after_no or data["action"] not in ("approve", "edit"))
            case "resolved" if data["status"] == "answered" and data["action"] in ("approve", "edit"):
                return self
            case "execution_finished" if data["status"] == "succeeded":
                return self
            case "message" | "asked" | "execution_started":
                return self
        return PendingCalls()

    def _after_step(self, entry: LogEntry) -> "PendingCalls":
        step = load_step(entry.data["step"])
        if isinstance(step, CallSeveral):
            return PendingCalls(step.calls, entry.n, entry.data["seen"])
        return replace(self, calls=self.calls[1:]) if entry.data.get("of") == self.of and self.calls else PendingCalls()


def _apply(move: Move, step: Decision | None, entry: LogEntry) -> tuple[Move, Decision | None]:
    data = entry.data
    match entry.kind:
        case "step":
            step = load_step(data["step"])
            return _after_step(step), step
        case "asked":
            return Wait(data["request_id"]), step
        case "resolved":
            return _after_answer(step, data), step
        case "execution_started":
            call = CallTool(data["tool"], data["args"])
            return Recover(call, data["execution_id"], data.get("request_id")), call
        case "execution_finished":
            return _after_outcome(move, data["execution_id"]), step
        case "refused" | "said":
            return Decide(), step
        case "ended":
            return Ended(data["status"]), step
        case "message":
            return move, step
    raise ValueError(f"unknown log entry {entry.kind!r}")


def _after_step(step: Decision) -> Move:
    if isinstance(step, CallTool):
        return Execute(step, None)
    return Speak() if isinstance(step, Reply) else Decide()


def _after_outcome(move: Move, execution_id: str) -> Move:
    """A late outcome of an earlier attempt does not change the move, except that a reply should take it into account."""
    awaited = isinstance(move, Recover) and move.execution_id == execution_id
    return Decide() if awaited or isinstance(move, Speak) else move


def _after_answer(step: Decision | None, data: dict[str, Any]) -> Move:
    if isinstance(step, CallTool) and data["status"] == "answered":
        if data["action"] == "approve":
            return Execute(step, data["request_id"])
        if data["action"] == "edit":
            return Execute(CallTool(step.tool, data["values"], step.reason), data["request_id"])
    return Decide()


def seen_log(log: Sequence[LogEntry]) -> list[LogEntry]:
    """The log without messages that joined after the engine last decided, which a reply must not answer yet."""
    seen = max((entry.data["seen"] for entry in log if entry.kind == "step"), default=0)
    return [entry for entry in log if entry.kind != "message" or entry.n <= seen]


def unseen_messages(log: Sequence[LogEntry]) -> bool:
    """Whether a person wrote after the engine last decided, so that the reply does not end the run."""
    return len(seen_log(log)) < len(log)


def unseen_outcomes(log: Sequence[LogEntry]) -> bool:
    """Whether an outcome arrived after the engine last decided, which the reply should take into account."""
    decided = max((entry.n for entry in log if entry.kind == "step"), default=0)
    return any(entry.kind == "execution_finished" and entry.n > decided for entry in log)


@dataclass(frozen=True, slots=True)
class EngineId:
    """An engine's name and the version of its state. It can continue runs of the same or an older version."""

    name: str
    version: int

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"

    def why_not(self, begun_with: str | None) -> str | None:
        """Why this engine cannot continue a run that the other began; None if it can."""
        name, _, version = (begun_with or str(self)).partition("/")
        if name == self.name and int(version) <= self.version:
            return None
        begun = f"the engine {name}" if name != self.name else f"a newer version of the engine {name}"
        return f"The run was started with {begun}, and this server uses {self}, which cannot continue it. " + START_OVER


@dataclass(frozen=True, slots=True)
class Caps:
    """The limits of one run: engine steps, model tokens and seconds of work (waiting for people does not count)."""

    steps: int
    tokens: int
    seconds: int
    claims: int = 5

    def broken_by(self, *, steps: int, tokens: int, active_ms: int, claims: int) -> str | None:
        """The error message for an exceeded cap; None if all hold."""
        if steps >= self.steps:
            return f"The run took {self.steps} steps without finishing (ASSENT_RUN_MAX_STEPS)."
        if tokens >= self.tokens:
            return f"The run used {tokens:,} model tokens, more than its {self.tokens:,} (ASSENT_RUN_MAX_TOKENS)."
        if active_ms >= self.seconds * 1000:
            return f"The run worked longer than {self.seconds} seconds (ASSENT_RUN_MAX_SECONDS)."
        if claims > self.claims:
            return f"This run was interrupted {self.claims} times at the same point without progress, so it was stopped."
        return None
