"""Executions: check the approval of a call, digest for digest, record its start and its outcome."""

from typing import Any, Literal

from backend.core.runs.call_digest import digest_of, digests_of
from backend.core.runs.late_outcomes import describe_call, has_taken_effect, record_late_outcome, repeated_executions, report_fact
from backend.core.runs.lease import Lease, log_progress
from backend.core.runs.lifecycle import set_agent_status
from backend.core.runs.steps import ask_approval, check_call
from backend.db import Row, Tx
from backend.db.backups import last_restore
from backend.db.locks import locks
from backend.db.queries import requests, runs
from backend.domain.people import AGENT
from backend.domain.policy import Policy, canonical
from backend.domain.runs import Execute, Recover
from backend.domain.states import ACTIVE_RUN, AgentStatus, ChannelType, ExecutionStatus
from backend.domain.steps import CallTool, ToolSpec
from backend.errors import Invalid
from backend.ids import new_id
from backend.timestamps import to_text
from backend.tools.registry import Registry

OUTCOME_UNKNOWN = "It is not known whether the call took effect"
Why = Literal["ended", "silent", "slow"]
FROM_A_BACKUP = (
    "Assent was restored from a backup after this was requested, so it may have run already. Check the other system first. "
    "Approve only to run it now."
)
CHANGED = "This call's tool or rule changed after it was approved, so it was not run. This is what it would do now."
ENDED = "the process that ran it ended before it reported"
CAUSES: dict[Why, str] = {
    "ended": ENDED,
    "silent": "it was started at {at} UTC, and the worker that started it has not reported since",
    "slow": "{tool} had not finished after {seconds:g} seconds and may still be running",
}


@locks(session="lease.session_id")
def start_execution(tx: Tx, lease: Lease, move: Execute, registry: Registry, policy: Policy) -> str | None:
    """Check the approval of the exact call and record the start of its execution. Returns the execution's id; None if the
    call must not run, in which case the run's log says why or a person is asked. Raises LeaseLost."""
    try:
        tool, args = check_call(registry, move.call)
    except Invalid as error:
        log_progress(tx, lease, [("refused", {"reason": error.detail})])
        return None
    if move.request_id is not None:
        fault = _why_not_approved(tx, lease, tool, args, move.request_id)
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
        if not _is_bound_to_definition(tx, lease, tool, args, move.request_id, policy):
            title = f"Run {tool.name}? It changed since it was approved"
            _ask_again(tx, lease, move, tool, args, policy, title, CHANGED)
            return None
    if _is_from_a_backup(tx, lease, move, tool):
        title = f"Run {tool.name} after a restore? It may have run before"
        _ask_again(tx, lease, move, tool, args, policy, title, FROM_A_BACKUP)
        return None
    if move.request_id is None and policy.needs_approval(tool, args):
        ask_approval(tx, lease, [], tool, args, move.call.reason, policy)
        return None
    return _record_start(tx, lease, tool, args, move.request_id, policy)


def _ask_again(
    tx: Tx, lease: Lease, move: Execute, tool: ToolSpec, args: dict[str, Any], policy: Policy, title: str, note: str
) -> None:
    """Ask for a new approval in place of one that no longer counts; it repeats the same execution, if any."""
    repeats = repeated_executions(tx, lease.run_id).get(move.request_id or "")
    ask_approval(tx, lease, [], tool, args, move.call.reason, policy, title=title, note=note, repeats=repeats)


def _is_from_a_backup(tx: Tx, lease: Lease, move: Execute, tool: ToolSpec) -> bool:
    """Whether the call was requested before a restore from a backup and is not safe to run twice."""
    restored_at = last_restore(tx)
    if restored_at is None or tool.idempotent:
        return False
    request = requests.request_by_id(tx, move.request_id) if move.request_id else None
    return (request.created_at if request else runs.last_entry_at(tx, lease.run_id)) <= restored_at


def _why_not_approved(tx: Tx, lease: Lease, tool: ToolSpec, args: dict[str, Any], request_id: str) -> str | None:
    """Why this approval does not authorise this call now, or None when it does."""
    approval = requests.approval_by_id(tx, request_id)
    if approval is None or approval.run_id != lease.run_id:
        return f"{tool.name} was not run: it was not approved."
    if approval.args != canonical(args):
        return f"{tool.name} was not run: the call changed since it was approved."
    if runs.execution_of_approval(tx, request_id) is not None:
        return f"{tool.name} was not run again: its approval was already used."
    if has_taken_effect(tx, lease.run_id, request_id):
        return f"{tool.name} was not run again: an earlier attempt has taken effect."
    return None


def _is_bound_to_definition(tx: Tx, lease: Lease, tool: ToolSpec, args: dict[str, Any], request_id: str, policy: Policy) -> bool:
    """Whether the tool and its rule are still those that were approved."""
    approval, request = requests.approval_by_id(tx, request_id), requests.request_by_id(tx, request_id)
    assert approval is not None, "the approval was checked before"
    assert request is not None, "an approval belongs to a request"
    return approval.digest in digests_of(tool, args, lease.run_id, request_id, policy, request.body["action"])


def _record_start(tx: Tx, lease: Lease, tool: ToolSpec, args: dict[str, Any], request_id: str | None, policy: Policy) -> str:
    execution_id = new_id("exe")
    approval = requests.approval_by_id(tx, request_id) if request_id else None
    digest = approval.digest if approval else digest_of(tool, args, lease.run_id, execution_id, policy)
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


@locks(session="lease.session_id")
def finish_execution(tx: Tx, lease: Lease, execution_id: str, status: ExecutionStatus, result: Any) -> None:
    """Record the outcome, once, however late it arrives and whoever holds the run by then. If the outcome was given up as
    unknown before, correct what people were told or asked meanwhile."""
    before = runs.execution_by_id(tx, execution_id)
    if before is None or not runs.finish_execution(tx, execution_id, status, result):
        return
    late = before.status == ExecutionStatus.UNKNOWN
    tx.audit(
        lease.session_id,
        actor=AGENT,
        via=ChannelType.CHAT,
        action=f"execution.{status}",
        subject=execution_id,
        **({"late": True} if late else {}),
    )
    entry = {"execution_id": execution_id, "tool": before.tool, "status": status, "result": result}
    if not late and runs.holds_lease(tx, lease.run_id, lease.token):
        log_progress(tx, lease, [("execution_finished", entry)])
        set_agent_status(tx, lease.session_id, AgentStatus.THINKING)
    else:
        record_late_outcome(tx, before, lease.session_id, entry)


def give_up_orphaned_executions(tx: Tx, age_ms: int = 0) -> int:
    """Mark executions of cancelled runs that will never report as unknown; returns how many. Beside other processes, only
    those started at least `age_ms` ago are taken."""
    found = runs.interrupted_executions(tx, tx.now - age_ms)
    for row in found:
        _give_up(tx, row, row.session_id, "")
        report_fact(
            tx,
            row.session_id,
            row.run_id,
            f"{describe_call(row)} was started before the run was cancelled. {OUTCOME_UNKNOWN}: {ENDED}.",
        )
    return len(found)


def _give_up(tx: Tx, row: Row[Any], session_id: str, evidence: str) -> None:
    runs.finish_execution(tx, row.id, ExecutionStatus.UNKNOWN, None)
    tx.audit(
        session_id,
        actor=AGENT,
        via=ChannelType.CHAT,
        action="execution.unknown",
        subject=row.id,
        **({"evidence": evidence} if evidence else {}),
    )


@locks(session="lease.session_id")
def ask_to_repeat(tx: Tx, lease: Lease, move: Recover, why: Why, evidence: str, registry: Registry, policy: Policy) -> None:
    """Mark an execution that has not reported as unknown and ask a person, with the evidence, whether to run the call again
    under a new approval. Does nothing if it has reported meanwhile; if the run has ended, reports the fact instead."""
    row = runs.execution_by_id(tx, move.execution_id)
    if row is None or row.status != ExecutionStatus.STARTED:
        return
    said = f"{OUTCOME_UNKNOWN}: {_cause(why, row, registry)}. {evidence}".strip()
    if not runs.holds_lease(tx, lease.run_id, lease.token):
        _report_unknown(tx, lease, row, said, evidence)
        return
    _give_up(tx, row, lease.session_id, evidence)
    entry = {"execution_id": row.id, "tool": row.tool, "status": ExecutionStatus.UNKNOWN, "result": said}
    finished = ("execution_finished", entry)
    try:
        tool, args = check_call(registry, CallTool(move.call.tool, move.call.args))
    except Invalid as error:
        log_progress(tx, lease, [finished, ("refused", {"reason": error.detail})])
        return
    title = f"Run {tool.name} again? The outcome of the first attempt is unknown"
    note = f"{said} Approve only to run it once more."
    ask_approval(tx, lease, [finished], tool, args, "", policy, title=title, note=note, repeats=row.id)


def _cause(why: Why, row: Row[Any], registry: Registry) -> str:
    tool = registry.get(row.tool)
    return CAUSES[why].format(tool=row.tool, at=to_text(row.started_at)[11:19], seconds=tool.seconds if tool else 0)


def _report_unknown(tx: Tx, lease: Lease, row: Row[Any], said: str, evidence: str) -> None:
    """Report an unknown outcome of a run that has ended; of an active run, the worker that holds it asks."""
    run = runs.run_by_id(tx, row.run_id)
    if run is None or run.status in ACTIVE_RUN:
        return
    _give_up(tx, row, lease.session_id, evidence)
    report_fact(tx, lease.session_id, row.run_id, f"{describe_call(row)} was started before the run was cancelled. {said}")
