"""Run a tool call under a lease and record its outcome, even after a database outage or when the lease is lost."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.core.runs import tool_executions
from backend.core.runs.lease import Lease, renew_lease
from backend.core.runs.tool_executions import Why
from backend.db import Database
from backend.domain.policy import Policy
from backend.domain.runs import Recover
from backend.domain.states import ExecutionStatus
from backend.domain.steps import CallTool
from backend.failpoints import failpoint
from backend.observability.log import get_logger
from backend.tools.contract import Tool, ToolContext, ToolError, ToolNotRun, ToolUnfinished, replace_lone_surrogates
from backend.tools.registry import Registry
from backend.worker.lease_clock import Fence, LeaseTimer, clock
from backend.worker.retry_unavailable import transact_until_available

log = get_logger(__name__)

NOT_RUN = "{} was not run: the run ended or another worker took it over before the call started."
STOPPED_BEFORE_EFFECT = "The call had no effect: it was stopped right before its effect because it took too long."

Outcome = tuple[ExecutionStatus, Any]


@dataclass(frozen=True, slots=True)
class ToolRunner:
    """Runs tools in this process. `running`: executions whose outcome is not recorded yet; `late`: calls that exceeded their
    time limit."""

    db: Database
    registry: Registry
    policy: Policy
    data_dir: Path
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    late: set[asyncio.Task[None]] = field(default_factory=set)

    async def execute(self, lease: Lease, hold: LeaseTimer, execution_id: str, call: CallTool) -> None:
        """Run the call and wait until its outcome is recorded. The call continues even if the run is ended or this process is
        told to stop."""
        task = asyncio.create_task(self._execute(lease, hold, execution_id, call), name=lease.run_id)
        self.running[execution_id] = task
        task.add_done_callback(lambda _: self.running.pop(execution_id, None))
        await self._wait_for_outcome(task, hold)

    async def recover(self, lease: Lease, hold: LeaseTimer, move: Recover, why: Why) -> None:
        """Handle an execution without an outcome: wait if this process runs it, run it again if it is idempotent, else ask a
        person."""
        ours = self.running.get(move.execution_id)
        if ours is not None:
            await self._wait_for_outcome(ours, hold)
            return
        tool = self.registry.get(move.call.tool)
        if tool is not None and tool.idempotent:
            await self.execute(lease, hold, move.execution_id, move.call)
            return
        await self._ask_to_repeat(lease, move, why, tool)

    def active_runs(self) -> set[str]:
        """The runs that have a call running here."""
        return {task.get_name() for task in self.running.values()}

    async def drain(self, seconds: float) -> None:
        """Wait up to `seconds` for running calls."""
        left = {*self.running.values(), *self.late}
        if left:
            _, unfinished = await asyncio.wait(left, timeout=seconds)
            for execution_id in self.running:
                log.error("execution.outcome_not_recorded", execution_id=execution_id, unfinished=len(unfinished))

    async def _wait_for_outcome(self, task: asyncio.Task[None], hold: LeaseTimer) -> None:
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if not hold.lost:
                await asyncio.wait((task,))  # this process stops: keep the lease until the call ends
            raise

    async def _execute(self, lease: Lease, hold: LeaseTimer, execution_id: str, call: CallTool) -> None:
        tool = self.registry.get(call.tool)
        assert tool is not None, "start_execution checked the call"
        failpoint("execution.before_effect")
        fence = Fence(hold)
        try:
            outcome = await self._run(tool, lease, fence, execution_id, call)
        except ToolUnfinished as unfinished:
            fence.closed = True
            if tool.idempotent:
                await self._record(lease, execution_id, (ExecutionStatus.FAILED, f"{tool.name} took too long."))
                return
            await self._ask_to_repeat(lease, Recover(call, execution_id, None), "slow", tool)
            self._start_late(self._record_late(lease, execution_id, unfinished.work))
            return
        failpoint("execution.after_effect")
        await self._record(lease, execution_id, outcome)

    async def _run(self, tool: Tool, lease: Lease, fence: Fence, execution_id: str, call: CallTool) -> Outcome:
        """Run the call. If the fence stopped it, ask the database whether the lease still holds, and if so try again."""
        context = ToolContext(execution_id, self.data_dir, fence)
        args = tool.validate(call.args)
        while True:
            try:
                return ExecutionStatus.SUCCEEDED, await tool.run(context, args)
            except ToolNotRun:
                log.warning("execution.lease_in_doubt", tool=call.tool, execution_id=execution_id)
                if not await self._still_holds_lease(lease, fence.hold):
                    return ExecutionStatus.FAILED, NOT_RUN.format(tool.name)
            except ToolUnfinished:
                raise
            except ToolError as error:
                return ExecutionStatus.FAILED, replace_lone_surrogates(str(error))

    async def _still_holds_lease(self, lease: Lease, hold: LeaseTimer) -> bool:
        token, since = lease.token, clock()
        held = await transact_until_available(self.db, renew_lease, lease.run_id, token)
        if held:
            hold.renewed(since)
        return held and not hold.lost

    def _start_late(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.late.add(task)
        task.add_done_callback(self.late.discard)

    async def _record_late(self, lease: Lease, execution_id: str, work: asyncio.Future[Any]) -> None:
        try:
            outcome = ExecutionStatus.SUCCEEDED, await asyncio.shield(work)
        except ToolError as error:
            outcome = ExecutionStatus.FAILED, replace_lone_surrogates(str(error))
        except ToolNotRun:
            outcome = ExecutionStatus.FAILED, STOPPED_BEFORE_EFFECT
        except asyncio.CancelledError:
            if work.cancelled():
                return  # cancelled at its time limit: whether it had an effect is unknown
            raise
        await self._record(lease, execution_id, outcome)

    async def _record(self, lease: Lease, execution_id: str, outcome: Outcome) -> None:
        log.info("execution.finished", execution_id=execution_id, status=outcome[0])
        await transact_until_available(self.db, tool_executions.finish_execution, lease, execution_id, *outcome)

    async def _ask_to_repeat(self, lease: Lease, move: Recover, why: Why, tool: Tool | None) -> None:
        evidence = await tool.evidence(ToolContext(move.execution_id, self.data_dir)) if tool else ""
        await transact_until_available(
            self.db, tool_executions.ask_to_repeat, lease, move, why, evidence, self.registry, self.policy
        )
