"""Carries one run as far as it goes: ask the engine, commit, act, commit, until a person or the end has the next move."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.agents.contract import Engine, EngineError, Thread
from backend.agents.render import weigh
from backend.agents.thread import build_thread
from backend.agents.tools.registry import Registry
from backend.agents.tools.tool import ToolContext, ToolError, ToolUnfinished
from backend.core import executions, runs
from backend.core.runs import Claimed, Lease, LeaseLost
from backend.core.steps import put_next, record_step
from backend.db import Database
from backend.db.runs import run_log
from backend.db.transaction import dumps, run_topic, session_topic
from backend.domain.events import Generating, Piece
from backend.domain.policy import Policy
from backend.domain.runs import Caps, Decide, Execute, LogEntry, Move, Propose, Recover, Speak, next_move, seen_part
from backend.domain.states import ExecutionStatus
from backend.domain.steps import CallTool, Usage
from backend.failpoints import failpoint
from backend.log import get_logger
from backend.stream.contract import MISSED_TOPIC, Stream
from backend.worker.tell import Teller

log = get_logger(__name__)

RENEW_S = 2.5
SUMMARIZE_ABOVE_TOKENS = 12_000
MAX_REPLY = 200_000


@dataclass(frozen=True, slots=True)
class RunAdvancer:
    """Handles the job `advance_run`."""

    db: Database
    stream: Stream
    engine: Engine
    registry: Registry
    policy: Policy
    caps: Caps
    data_dir: Path
    teller: Teller
    loose: set[asyncio.Task[None]] = field(default_factory=set)

    async def advance(self, run_id: str) -> None:
        """Claim the run and carry it on. Nothing to do, a lost lease and a cancelled run end quietly; a model that gives
        nothing usable, a broken cap and a fault of our own end the run with the reason."""
        claimed = await self.db.transact(runs.claim_run, run_id, self.caps, self.engine.id)
        if claimed is None:
            return
        failpoint("advance_run.claimed")
        lease = claimed.lease
        try:
            async with self._held(lease), self.teller.thinking(lease):
                await self._carry_on(claimed)
        except LeaseLost:
            log.info("lease lost", run_id=run_id)
        except EngineError as error:
            await self._fail(lease, str(error))

    async def _fail(self, lease: Lease, reason: str) -> None:
        log.warning("run failed", run_id=lease.run_id, reason=reason)
        with contextlib.suppress(LeaseLost):
            await self.db.transact(runs.fail_run, lease, reason)

    @contextlib.asynccontextmanager
    async def _held(self, lease: Lease) -> AsyncIterator[None]:
        """Keep the lease alive; end the work as LeaseLost the moment the run is ended by somebody else."""
        work = asyncio.current_task()
        assert work is not None
        ended, look = False, asyncio.Event()

        def end(*_: object) -> None:
            nonlocal ended
            ended = True
            work.cancel()

        unsubscribe = self.stream.subscribe([run_topic(lease.run_id)], end)
        unsubscribe_missed = self.stream.subscribe([MISSED_TOPIC], lambda *_: look.set())
        heartbeat = asyncio.create_task(self._renew(lease, end, look))
        try:
            yield
        except asyncio.CancelledError:
            if not ended:
                raise
            work.uncancel()
            raise LeaseLost(lease.run_id) from None
        finally:
            unsubscribe()
            unsubscribe_missed()
            heartbeat.cancel()

    async def _renew(self, lease: Lease, lost: Any, look: asyncio.Event) -> None:
        """Renew in time, and at once where the run's end may have been said and not been heard."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RENEW_S):
                    await look.wait()
            look.clear()
            if not await self.db.transact(runs.renew_lease, lease.run_id, lease.token):
                return lost()  # type: ignore[no-any-return]

    async def _carry_on(self, claimed: Claimed) -> None:
        lease, entries = claimed.lease, claimed.log
        while True:
            move = next_move(entries)
            if not isinstance(move, Decide | Propose | Execute | Recover | Speak):
                return
            self._check_caps(lease)
            await self._make(move, claimed, entries)
            entries = await self.db.read(run_log, lease.run_id)

    def _check_caps(self, lease: Lease) -> None:
        broken = self.caps.broken_by(steps=lease.steps, tokens=lease.tokens, active_ms=lease.active_ms, claims=0)
        if broken:
            raise EngineError(broken)

    def _check_engine(self, claimed: Claimed) -> None:
        """What is decided already is carried out whoever decided it; what comes next is only for the engine that began."""
        if why_not := self.engine.id.why_not(claimed.engine):
            raise EngineError(why_not)

    async def _make(self, move: Move, claimed: Claimed, entries: list[LogEntry]) -> None:
        lease = claimed.lease
        match move:
            case Decide():
                self._check_engine(claimed)
                await self._decide(claimed, entries)
            case Propose():
                await self.db.transact(put_next, lease, move, self.registry, self.policy)
            case Speak():
                self._check_engine(claimed)
                await self._speak(lease, await self._thread(claimed, seen_part(entries)))
            case Execute():
                execution_id = await self.db.transact(executions.start_execution, lease, move, self.registry, self.policy)
                if execution_id is not None:
                    await self._see_through(self._execute(lease, execution_id, move.call))
            case Recover():
                await self._recover(lease, move)

    async def _decide(self, claimed: Claimed, entries: list[LogEntry]) -> None:
        lease = claimed.lease
        thread = await self._thread(claimed, entries)
        kept = deepcopy(thread.state)
        async with self._time_left(lease):
            step, usage = await self.engine.next_step(thread, self.registry.specs())
        log.info("step decided", step=step.kind, tokens=usage.total)
        failpoint("model.answered")
        state = thread.state if thread.state != kept else None
        await self.db.transact(record_step, lease, step, entries[-1].n, usage, self.registry, self.policy, state)

    async def _thread(self, claimed: Claimed, entries: list[LogEntry]) -> Thread:
        """The session so far. What came before this run is summarised once it weighs too much; nothing is cut silently."""
        lease = claimed.lease
        thread = build_thread(entries, [entry for _, entry in claimed.earlier], claimed.summary, lease.settings, claimed.state)
        if not claimed.earlier or weigh(thread) <= SUMMARIZE_ABOVE_TOKENS:
            return thread
        before = build_thread([entry for _, entry in claimed.earlier], summary=claimed.summary)
        async with self._time_left(lease):
            text, usage = await self.engine.summarize(before)
        until = max(at for at, _ in claimed.earlier)
        await self.db.transact(runs.keep_summary, lease, until, text, usage)
        claimed.earlier.clear()
        claimed.summary = text
        return build_thread(entries, summary=text, settings=lease.settings, state=claimed.state)

    @contextlib.asynccontextmanager
    async def _time_left(self, lease: Lease) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(max(0.05, self.caps.seconds - lease.active_ms / 1000)):
                yield
        except TimeoutError:
            raise EngineError(f"The run worked longer than {self.caps.seconds} seconds (ASSENT_RUN_MAX_SECONDS).") from None

    async def _speak(self, lease: Lease, thread: Thread) -> None:
        """Stream the reply to whoever watches, then commit it whole."""
        parts: list[str] = []
        usage, length = Usage(), 0
        async with (
            self.teller.telling(lease) as telling,
            self._time_left(lease),
            contextlib.aclosing(self.engine.reply(thread)) as pieces,
        ):
            async for piece in pieces:
                if isinstance(piece, Usage):
                    usage = piece
                    continue
                parts.append(piece)
                length += len(piece)
                if length > MAX_REPLY:
                    raise EngineError(f"The model's reply grew beyond {MAX_REPLY:,} characters and was stopped.")
                self._show(lease, piece)
                telling.add(piece)
                failpoint("reply.streaming")
        await self.db.transact(runs.complete_run, lease, "".join(parts), usage)

    def _show(self, lease: Lease, piece: str) -> None:
        offset = self.stream.extend_reply(lease.session_id, lease.run_id, lease.token, piece)
        data: Piece = {"content": piece, "event": "delta", "run_id": lease.run_id, "attempt": lease.token, "offset": offset}
        frame: Generating = {"type": "generating", "session_id": lease.session_id, "data": data}
        self.stream.publish(session_topic(lease.session_id), dumps(frame))

    async def _see_through(self, execution: Coroutine[Any, Any, None]) -> None:
        """What was let loose is seen to its end and recorded, even when the run is cancelled meanwhile."""
        task = asyncio.create_task(execution)
        self.loose.add(task)
        task.add_done_callback(self.loose.discard)
        await asyncio.shield(task)

    async def _execute(self, lease: Lease, execution_id: str, call: CallTool) -> None:
        """Let the tool loose and record what came of it. Work that was left behind unfinished is an unknown outcome."""
        tool = self.registry.get(call.tool)
        assert tool is not None, "start_execution checked the call"
        failpoint("execution.before_effect")
        try:
            result = await tool.run(ToolContext(execution_id, self.data_dir), tool.validate(call.args))
        except ToolUnfinished:
            if not tool.idempotent:
                await self._recover(lease, Recover(call, execution_id, None))
                return
            status, result = ExecutionStatus.FAILED, f"{call.tool} took too long."
        except ToolError as error:
            status, result = ExecutionStatus.FAILED, str(error)
        else:
            status = ExecutionStatus.SUCCEEDED
        log.info("tool ran", tool=call.tool, execution_id=execution_id, status=status)
        failpoint("execution.after_effect")
        await self.db.transact(executions.finish_execution, lease, execution_id, status, result)

    async def _recover(self, lease: Lease, move: Recover) -> None:
        """An execution without an outcome: run it again if that is harmless, else ask a person."""
        tool = self.registry.get(move.call.tool)
        if tool is not None and tool.idempotent:
            await self._see_through(self._execute(lease, move.execution_id, move.call))
            return
        context = ToolContext(move.execution_id, self.data_dir)
        evidence = await asyncio.to_thread(tool.trace, context, move.execution_id) if tool and tool.trace else ""
        await self.db.transact(executions.ask_to_repeat, lease, move, evidence, self.registry, self.policy)
