"""Advance a run: ask the engine, commit, act, commit, until a person must act or the run ends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from dataclasses import dataclass, field

from backend.core.runs import claim, lifecycle, summaries, tool_executions
from backend.core.runs import lease as leases
from backend.core.runs.claim import Claimed
from backend.core.runs.lease import Lease, LeaseLost
from backend.core.runs.steps import propose_next_call, record_step
from backend.db import Database
from backend.db.queries.runs import is_suspect, run_log
from backend.db.transaction import dumps, run_topic, session_topic
from backend.domain.events import Generating, Piece
from backend.domain.policy import Policy
from backend.domain.runs import Caps, Decide, Execute, LogEntry, Move, Propose, Recover, Speak, next_move, seen_log
from backend.domain.steps import Usage
from backend.engines.build_thread import build_thread
from backend.engines.contract import Engine, EngineError, Thread
from backend.engines.prompt_text import estimate_tokens
from backend.errors import Unavailable
from backend.failpoints import failpoint
from backend.language.contract import Language
from backend.messaging.stream.contract import MISSED_TOPIC, Stream
from backend.observability.log import get_logger
from backend.thread_pools import ThreadPool
from backend.tools.registry import Registry
from backend.worker.lease_clock import LeaseTimer, clock
from backend.worker.retry_unavailable import read_until_available, transact_until_available
from backend.worker.run_tool import ToolRunner
from backend.worker.stream_reply import ReplyStreamer

log = get_logger(__name__)

_threads = ThreadPool("weigh")
RENEW_S = 2.5
SUSPECT_WAIT_S = 1.0
WARM_UP_S = 8.0  # a run that kills its process has done so by then
SUMMARIZE_ABOVE_TOKENS = 12_000
MAX_REPLY_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class RunAdvancer:
    """Handles the job `advance_run`."""

    db: Database
    stream: Stream
    engine: Engine
    language: Language
    registry: Registry
    policy: Policy
    caps: Caps
    tool_runner: ToolRunner
    reply_streamer: ReplyStreamer
    suspect_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    started_at: float = field(default_factory=clock)

    async def advance(self, run_id: str) -> None:
        """Claim the run and advance it. Returns quietly if there is nothing to do, the lease is lost or the run is cancelled.
        An EngineError, such as an exceeded cap, ends the run with its message."""
        async with contextlib.AsyncExitStack() as suspect_stack:
            await self._claim_and_advance(run_id, suspect_stack)

    async def _claim_and_advance(self, run_id: str, suspect_stack: contextlib.AsyncExitStack) -> None:
        since = clock()
        claimed = await self._claim(run_id, suspect_stack)
        if claimed is None:
            return
        failpoint("advance_run.claimed")
        lease, hold = claimed.lease, LeaseTimer(leases.LEASE_MS / 1000, since)
        try:
            async with self._held(lease, hold), self.reply_streamer.thinking(lease):
                await self._advance(claimed, hold, suspect_stack)
        except LeaseLost:
            log.info("run.lease_lost", run_id=run_id)
            if lease.claims:
                await transact_until_available(self.db, leases.release_lease, lease)
        except EngineError as error:
            await self._fail(lease, str(error))
        except asyncio.CancelledError:
            await self._hand_over(lease)
            raise

    async def _claim(self, run_id: str, suspect_stack: contextlib.AsyncExitStack) -> Claimed | None:
        """Claim the run. A run whose last claims made no progress is claimed only by a worker that has been up for a while,
        one such run at a time, until it progresses or `suspect_stack` closes: this tells the run that kills its workers from
        runs that only ran beside it."""
        claimed = await self.db.transact(claim.claim_run, run_id, self.caps, self.engine.id, False)
        if (
            claimed is not None
            or clock() - self.started_at < WARM_UP_S
            or not await self.db.read(is_suspect, run_id, claim.SUSPECT_CLAIMS)
        ):
            return claimed
        try:
            async with asyncio.timeout(SUSPECT_WAIT_S):
                await self.suspect_lock.acquire()
        except TimeoutError:
            return None
        suspect_stack.callback(self.suspect_lock.release)
        return await self.db.transact(claim.claim_run, run_id, self.caps, self.engine.id)

    async def _hand_over(self, lease: Lease) -> None:
        """Release the lease because this worker stops, unless a call is still running: then the lease has to lapse."""
        if lease.run_id not in self.tool_runner.active_runs():
            with contextlib.suppress(Unavailable):
                await self.db.transact(leases.release_lease, lease)

    async def _fail(self, lease: Lease, reason: str) -> None:
        log.warning("run.failed", run_id=lease.run_id, reason=reason)
        with contextlib.suppress(LeaseLost):
            await transact_until_available(self.db, lifecycle.fail_run, lease, reason)

    @contextlib.asynccontextmanager
    async def _held(self, lease: Lease, hold: LeaseTimer) -> AsyncIterator[None]:
        """Renew the lease while the block runs. Cancels the block and raises LeaseLost if the run is ended elsewhere."""
        work = asyncio.current_task()
        assert work is not None
        look = asyncio.Event()

        def end(*_: object) -> None:
            hold.lost = True
            work.cancel()

        unsubscribe = self.stream.subscribe([run_topic(lease.run_id)], end)
        unsubscribe_missed = self.stream.subscribe([MISSED_TOPIC], lambda *_: look.set())
        heartbeat = asyncio.create_task(self._renew(lease, hold, end, look))
        try:
            yield
        except asyncio.CancelledError:
            if not hold.lost:
                raise
            work.uncancel()
            raise LeaseLost(lease.run_id) from None
        finally:
            unsubscribe()
            unsubscribe_missed()
            heartbeat.cancel()

    async def _renew(self, lease: Lease, hold: LeaseTimer, lost: Callable[[], object], look: asyncio.Event) -> None:
        """Renew the lease periodically, and at once if an event that the run ended may have been missed. While the database is
        unavailable, try again until it answers; the token then shows whether the lease was lost."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RENEW_S):
                    await look.wait()
            look.clear()
            async with hold.token_lock:
                since = clock()
                if not await transact_until_available(self.db, leases.renew_lease, lease.run_id, lease.token):
                    lost()
                    return
                hold.renewed(since)

    async def _advance(self, claimed: Claimed, hold: LeaseTimer, suspect_stack: contextlib.AsyncExitStack) -> None:
        lease, entries = claimed.lease, claimed.log
        while True:
            move = next_move(entries)
            if not isinstance(move, Decide | Propose | Execute | Recover | Speak):
                return
            self._check_caps(lease)
            try:
                await self._perform(move, claimed, entries, hold)
            except Unavailable as error:
                log.warning("run.waiting_for_database", run_id=lease.run_id, reason=error.detail)
                async with hold.token_lock:
                    since = clock()
                    await transact_until_available(self.db, leases.retake_lease, lease)
                    hold.renewed(since)
            else:
                await suspect_stack.aclose()
            entries = await read_until_available(self.db, run_log, lease.run_id)

    def _check_caps(self, lease: Lease) -> None:
        broken = self.caps.broken_by(steps=lease.steps, tokens=lease.tokens, active_ms=lease.active_ms, claims=0)
        if broken:
            raise EngineError(broken)

    def _check_engine(self, claimed: Claimed) -> None:
        """Raises EngineError if another engine began the run: only that engine may take its next step."""
        if why_not := self.engine.id.why_not(claimed.engine):
            raise EngineError(why_not)

    async def _perform(self, move: Move, claimed: Claimed, entries: list[LogEntry], hold: LeaseTimer) -> None:
        lease = claimed.lease
        match move:
            case Decide():
                self._check_engine(claimed)
                await self._decide(claimed, entries)
            case Propose():
                await self.db.transact(propose_next_call, lease, move, self.registry, self.policy)
            case Speak():
                self._check_engine(claimed)
                await self._reply(lease, hold, await self._thread(claimed, seen_log(entries)))
            case Execute():
                execution_id = await self.db.transact(tool_executions.start_execution, lease, move, self.registry, self.policy)
                if execution_id is not None:
                    await self.tool_runner.execute(lease, hold, execution_id, move.call)
            case Recover():
                if move.execution_id not in self.tool_runner.running and _begun_after_claim(claimed, move):
                    await self.tool_runner.execute(lease, hold, move.execution_id, move.call)
                else:
                    await self.tool_runner.recover(lease, hold, move, "ended" if claimed.orphaned else "silent")

    async def _decide(self, claimed: Claimed, entries: list[LogEntry]) -> None:
        lease = claimed.lease
        thread = await self._thread(claimed, entries)
        kept = deepcopy(thread.state)
        async with self._time_left(lease):
            step, usage = await self.engine.next_step(thread, self.registry.specs())
        log.info("run.step_decided", step=step.kind, tokens=usage.total)
        failpoint("model.answered")
        state = thread.state if thread.state != kept else None
        await self.db.transact(record_step, lease, step, entries[-1].n, usage, self.registry, self.policy, state)

    async def _thread(self, claimed: Claimed, entries: list[LogEntry]) -> Thread:
        """The session so far. Earlier runs are summarised once they exceed the token limit; nothing is cut silently."""
        lease = claimed.lease
        thread = build_thread(entries, [entry for _, entry in claimed.earlier], claimed.summary, lease.settings, claimed.state)
        if not claimed.earlier or await _threads.run(estimate_tokens, thread) <= SUMMARIZE_ABOVE_TOKENS:
            return thread
        before = build_thread([entry for _, entry in claimed.earlier], summary=claimed.summary)
        async with self._time_left(lease):
            text, usage = await self.language.summarize(before)
        until = max(at for at, _ in claimed.earlier)
        await self.db.transact(summaries.save_summary, lease, until, text, usage)
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

    async def _reply(self, lease: Lease, hold: LeaseTimer, thread: Thread) -> None:
        """Stream the reply to open clients, then commit it."""
        parts: list[str] = []
        usage, length = Usage(), 0
        async with (
            self.reply_streamer.streaming(lease) as growing,
            self._time_left(lease),
            contextlib.aclosing(self.engine.reply(thread)) as pieces,
        ):
            async for piece in pieces:
                if isinstance(piece, Usage):
                    usage = piece
                    continue
                parts.append(piece)
                length += len(piece)
                if length > MAX_REPLY_CHARACTERS:
                    raise EngineError(f"The model's reply grew beyond {MAX_REPLY_CHARACTERS:,} characters and was stopped.")
                self._publish_piece(lease, piece)
                growing.add(piece)
                failpoint("reply.streaming")
        async with hold.token_lock:
            await self.db.transact(lifecycle.complete_run, lease, "".join(parts), usage)

    def _publish_piece(self, lease: Lease, piece: str) -> None:
        offset = self.stream.extend_reply(lease.session_id, lease.run_id, lease.token, piece)
        data: Piece = {"content": piece, "event": "delta", "run_id": lease.run_id, "attempt": lease.token, "offset": offset}
        frame: Generating = {"type": "generating", "session_id": lease.session_id, "data": data}
        self.stream.publish(session_topic(lease.session_id), dumps(frame))


def _begun_after_claim(claimed: Claimed, move: Recover) -> bool:
    """Whether this worker recorded the execution after its claim, in a commit whose result it never received."""
    return all(entry.data.get("execution_id") != move.execution_id for entry in claimed.log)
