"""The engine contract: thread in, next step out. An engine keeps nothing between calls, so any process can make the next one."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from backend.domain.runs import EngineId
from backend.domain.steps import Decision, ToolSpec, Usage

EntryKind = Literal["summary", "user", "agent", "call", "result", "question", "answer", "note"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that has happened, oldest first in a thread. What `body` holds, by kind:

    summary  {text}                          the summary of an earlier part of the session
    user     {text}                          a message of a person
    agent    {text}                          a message of the agent
    call     {tool, args, reason}            a proposed call; its result follows
    result   {tool, status, result}          succeeded | failed | rejected | expired | cancelled | unknown; JSON or a sentence
    question {type, title, ...}              text, choice, form or checkpoint, as asked (that: also `checkpoint`, `artifact`)
    answer   {type, status, action, values, feedback, checkpoint?}   status: answered | expired | cancelled
    note     {text}                          a message of the platform, such as a refused call
    """

    kind: EntryKind
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Thread:
    """Everything an engine knows: the session so far and this run, oldest first. `settings` holds the choices of whoever
    started the run: {"checkpoints": [names] or absent (all), "language": "English" or absent}. Entries before `start` belong
    to earlier runs, which an engine does not resume by itself. `state` is the engine's own JSON: what `next_step` leaves in
    it is saved with the step and passed to the run's next call in any process. Nobody else reads it."""

    entries: tuple[Entry, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    start: int = 0
    state: dict[str, Any] = field(default_factory=dict)


class EngineError(Exception):
    """The model gave nothing usable after all retries. The message can be shown to people."""


class Engine(Protocol):
    """Finds next steps. Every method may raise EngineError and must end within its own retry limits and time-outs;
    cancelling the caller (asyncio.CancelledError) stops the call to the model at once. `id` is saved with each run: no other
    engine continues it."""

    @property
    def id(self) -> EngineId: ...

    async def next_step(self, thread: Thread, tools: Sequence[ToolSpec]) -> tuple[Decision, Usage]:
        """Decide what to do next: one step, or several calls in order. The result may name unknown tools or hold invalid
        arguments; the caller validates."""
        ...

    def reply(self, thread: Thread) -> AsyncGenerator[str | Usage, None]:
        """Stream the final reply in non-empty pieces to append; one Usage comes last."""
        ...
