"""The engine contract: thread in, next step out. An engine keeps nothing between calls, so any process may make the next one."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from backend.domain.runs import EngineId
from backend.domain.steps import Decision, ToolSpec, Usage

EntryKind = Literal["summary", "user", "agent", "call", "result", "question", "answer", "note"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that has happened, oldest first in a thread. What `body` holds, by kind:

    summary  {text}                          what an earlier, longer part of the session came to
    user     {text}                          a person's word
    agent    {text}                          the agent's word
    call     {tool, args, reason}            a proposed call; what became of it follows
    result   {tool, status, result}          succeeded | failed | rejected | expired | cancelled | unknown; JSON or a sentence
    question {type, title, ...}              text, choice, form or checkpoint, as asked (that: also `checkpoint`, `artifact`)
    answer   {type, status, action, values, feedback, checkpoint?}   status: answered | expired | cancelled
    note     {text}                          the platform's own word, such as a refused call
    """

    kind: EntryKind
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Thread:
    """All an engine may know: the session so far and this run, oldest first. `settings` holds what the starter
    of the run chose: {"checkpoints": [names] or absent (all), "language": "English" or absent}. Entries before `start`
    belong to earlier runs: settled, whatever became of them; an engine takes up nothing from there by itself. `state` is
    the engine's own JSON: what `next_step` leaves in it is kept with the step, and found again by the run's next call in
    whatever process. Nobody else looks inside."""

    entries: tuple[Entry, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    start: int = 0
    state: dict[str, Any] = field(default_factory=dict)


class EngineError(Exception):
    """The model gave nothing that can be used, after every allowed retry. The message is fit to be shown."""


class Engine(Protocol):
    """Finds next steps. Every method may raise EngineError and must end within its own bounded retries and time-outs;
    a cancelled caller (asyncio.CancelledError) stops the call to the model at once. `id` is kept with each run: no other
    engine takes it up."""

    @property
    def id(self) -> EngineId: ...

    async def next_step(self, thread: Thread, tools: Sequence[ToolSpec]) -> tuple[Decision, Usage]:
        """Decide what to do now: one step, or several calls in their order. Unknown tools and malformed arguments may come
        back: the caller validates."""
        ...

    def reply(self, thread: Thread) -> AsyncGenerator[str | Usage, None]:
        """Stream the final word in non-empty pieces that only append; one Usage comes last."""
        ...
