"""Executions: the one place a tool is let loose. What was not approved, digest for digest, does not get past here."""

from typing import Any

from backend.agents.tools.registry import Registry
from backend.core.runs import Lease, LeaseLost, log_progress, set_agent_status
from backend.core.steps import ask_approval, check_call, digest_of
from backend.db import Tx, feedback, runs
from backend.domain.people import AGENT
from backend.domain.policy import Policy, canonical
from backend.domain.runs import Execute, Recover
from backend.domain.states import AgentStatus, ChannelType, ExecutionStatus
from backend.domain.steps import CallTool, Tool
from backend.errors import Invalid
from backend.ids import new_id


def start_execution(tx: Tx, lease: Lease, move: Execute, registry: Registry, policy: Policy) -> str | None:
    """Check the approval against the exact call and record that the execution starts; its id, or None where it must not.
    Then the run's log says why, or a person is asked. Raises LeaseLost."""
    try:
        tool, args = check_call(registry, move.call)
    except Invalid as error:
        log_progress(tx, lease, [("refused", {"reason": error.detail})])
        return None
    if move.request_id is not None:
        fault = _fault_of_approval(tx, lease, tool, args, move.request_id, policy)
        if fault:
            tx.audit(
                lease.session_id,
                actor=AGENT,
                via=ChannelType.CHAT,
                action="execution.refused",
                subject=move.request_id,
                why=fault,
            )
            log_progress(tx, lease, [("refused", {"reason": fault})])
            return None
    elif policy.needs_approval(tool, args):
        ask_approval(tx, lease, [], tool, args, move.call.reason, policy)
        return None
    return _record_start(tx, lease, tool, args, move.request_id, policy)


def _fault_of_approval(tx: Tx, lease: Lease, tool: Tool, args: dict[str, Any], request_id: str, policy: Policy) -> str | None:
    """Why this approval does not authorise this call now, or None when it does."""
    approval = feedback.approval_by_id(tx, request_id)
    if approval is None or approval.run_id != lease.run_id:
        return f"{tool.name} was not run: there is no approval of it."
    if approval.args != canonical(args) or approval.digest != digest_of(tool, args, lease.run_id, request_id, policy):
        return f"{tool.name} was not run: the call or its rules changed since it was approved."
    if runs.execution_of_approval(tx, request_id) is not None:
        return f"{tool.name} was not run again: its approval is used up."
    return None


def _record_start(tx: Tx, lease: Lease, tool: Tool, args: dict[str, Any], request_id: str | None, policy: Policy) -> str:
    execution_id = new_id("exe")
    digest = digest_of(tool, args, lease.run_id, request_id or execution_id, policy)
    runs.insert_execution(
        tx,
        id=execution_id,
        run_id=lease.run_id,
        approval_id=request_id,
        tool=tool.name,
        args=canonical(args),
        digest=digest,
        status=ExecutionStatus.STARTED,
        started_at=tx.now,
    )
    entry = {"execution_id": execution_id, "tool": tool.name, "args": args} | ({"request_id": request_id} if request_id else {})
    log_progress(tx, lease, [("execution_started", entry)])
    set_agent_status(tx, lease.session_id, AgentStatus.USING_TOOL, tool.name)
    tx.audit(
        lease.session_id,
        actor=AGENT,
        via=ChannelType.CHAT,
        action="execution.started",
        subject=execution_id,
        tool=tool.name,
        digest=digest,
        approval=request_id,
    )
    return execution_id


def finish_execution(tx: Tx, lease: Lease, execution_id: str, status: ExecutionStatus, result: Any) -> None:
    """Record what came of it. The execution's own row is kept even when the run has ended meanwhile; then LeaseLost
    is not raised, the fact is simply on record."""
    if runs.finish_execution(tx, execution_id, status, result):
        tx.audit(lease.session_id, actor=AGENT, via=ChannelType.CHAT, action=f"execution.{status}", subject=execution_id)
    try:
        log_progress(tx, lease, [("execution_finished", {"execution_id": execution_id, "status": status, "result": result})])
        set_agent_status(tx, lease.session_id, AgentStatus.THINKING)
    except LeaseLost:
        return


def settle_cut_off(tx: Tx, age_ms: int = 0) -> int:
    """What was let loose for a run that was cancelled, and will never report back, has an unknown outcome. How many there
    were. Only the start of a sole process knows so of all of them; beside others, those started `age_ms` ago are taken."""
    found = runs.cut_off_executions(tx, tx.now - age_ms)
    for row in found:
        runs.finish_execution(tx, row.id, ExecutionStatus.UNKNOWN, None)
        tx.audit(row.session_id, actor=AGENT, via=ChannelType.CHAT, action="execution.unknown", subject=row.id)
    return len(found)


def ask_to_repeat(tx: Tx, lease: Lease, move: Recover, evidence: str, registry: Registry, policy: Policy) -> None:
    """An execution that is not idempotent never finished: keep it as unknown and ask a person, with what evidence there
    is, whether to run the call again under a fresh approval. Raises LeaseLost."""
    runs.finish_execution(tx, move.execution_id, ExecutionStatus.UNKNOWN, None)
    tx.audit(
        lease.session_id,
        actor=AGENT,
        via=ChannelType.CHAT,
        action="execution.unknown",
        subject=move.execution_id,
        evidence=evidence,
    )
    unknown = "It is not known whether the call took effect: the process ended while it ran."
    finished = (
        "execution_finished",
        {"execution_id": move.execution_id, "status": ExecutionStatus.UNKNOWN, "result": f"{unknown} {evidence}".strip()},
    )
    try:
        tool, args = check_call(registry, CallTool(move.call.tool, move.call.args))
    except Invalid as error:
        log_progress(tx, lease, [finished, ("refused", {"reason": error.detail})])
        return
    title = f"Run {tool.name} again? The first try was cut off"
    ask_approval(
        tx, lease, [finished], tool, args, "", policy, title=title, note=f"{unknown} {evidence} Approve only to run it once more."
    )
