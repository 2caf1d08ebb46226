"""Executions: the one place a tool is let loose. What was not approved, digest for digest, does not get past here."""

from typing import Any, Literal

from backend.core.runs.call_digest import digest_of, digests_of
from backend.core.runs.late_outcomes import describe_call, has_taken_effect, record_late_outcome, repeated_executions, report_fact
from backend.core.runs.lease import Lease, log_progress
from backend.core.runs.lifecycle import set_agent_status
from backend.core.runs.steps import ask_approval, check_call
from backend.db import Row, Tx
from backend.db.backups import last_restore
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
    "Assent was put back from a backup after this was asked for, so it may have been run already: see what the other side holds. "
    "Approve only to run it now."
)
CHANGED = (
    "What this call does, or the rule for it, changed after it was approved, and it was not run. This is what it would do now."
)
ENDED = "the process that ran it ended before it reported"
CAUSES: dict[Why, str] = {
    "ended": ENDED,
    "silent": "it was begun at {at} UTC, and the worker that began it has not reported since",
    "slow": "{tool} had not finished after {seconds:g} seconds and may still be at work",
}


def start_execution(tx: Tx, lease: Lease, move: Execute, registry: Registry, policy: Policy) -> str | None:
    """Check the approval against the exact call and record that the execution starts; its id, or None where it must not.
    Then the run's log says why, or a person is asked. Raises LeaseLost."""
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
    """A new question in the place of one that was answered: what that would have repeated, a yes to this repeats."""
    repeats = repeated_executions(tx, lease.run_id).get(move.request_id or "")
    ask_approval(tx, lease, [], tool, args, move.call.reason, policy, title=title, note=note, repeats=repeats)


def _is_from_a_backup(tx: Tx, lease: Lease, move: Execute, tool: ToolSpec) -> bool:
    """Whether the call was asked for before the database was put back from a backup, and would do harm if it ran twice."""
    restored_at = last_restore(tx)
    if restored_at is None or tool.idempotent:
        return False
    request = requests.request_by_id(tx, move.request_id) if move.request_id else None
    return (request.created_at if request else runs.last_entry_at(tx, lease.run_id)) <= restored_at


def _why_not_approved(tx: Tx, lease: Lease, tool: ToolSpec, args: dict[str, Any], request_id: str) -> str | None:
    """Why this approval does not authorise this call now, or None when it does."""
    approval = requests.approval_by_id(tx, request_id)
    if approval is None or approval.run_id != lease.run_id:
        return f"{tool.name} was not run: there is no approval of it."
    if approval.args != canonical(args):
        return f"{tool.name} was not run: the call changed since it was approved."
    if runs.execution_of_approval(tx, request_id) is not None:
        return f"{tool.name} was not run again: its approval is used up."
    if has_taken_effect(tx, lease.run_id, request_id):
        return f"{tool.name} was not run again: it is known by now that an earlier try took effect."
    return None


def _is_bound_to_definition(tx: Tx, lease: Lease, tool: ToolSpec, args: dict[str, Any], request_id: str, policy: Policy) -> bool:
    """Whether the tool and its rule are still those that the approval was given for."""
    approval, request = requests.approval_by_id(tx, request_id), requests.request_by_id(tx, request_id)
    assert approval is not None, "this is asked of what was approved"
    assert request is not None, "an approval is of a request"
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


def finish_execution(tx: Tx, lease: Lease, execution_id: str, status: ExecutionStatus, result: Any) -> None:
    """Record what came of it, whenever it is heard of and whoever has the run by now; once. Where it was given up as
    unknown, what people were told or asked meanwhile is put right."""
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
    """What was let loose for a run that was cancelled, and will never report back, has an unknown outcome. How many there
    were. Only the start of a sole process knows so of all of them; beside others, those started `age_ms` ago are taken."""
    found = runs.interrupted_executions(tx, tx.now - age_ms)
    for row in found:
        _give_up(tx, row, row.session_id, "")
        report_fact(
            tx, row.session_id, row.run_id, f"{describe_call(row)} was begun and then called off. {OUTCOME_UNKNOWN}: {ENDED}."
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


def ask_to_repeat(tx: Tx, lease: Lease, move: Recover, why: Why, evidence: str, registry: Registry, policy: Policy) -> None:
    """An execution that is not idempotent has not reported, and `why`: keep it as unknown and ask a person, with what
    evidence there is, whether to run the call again under a fresh approval. Where it has reported meanwhile there is
    nothing to ask; where the run has ended, its people are told."""
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
    title = f"Run {tool.name} again? The first try has not reported"
    note = f"{said} Approve only to run it once more."
    ask_approval(tx, lease, [finished], tool, args, "", policy, title=title, note=note, repeats=row.id)


def _cause(why: Why, row: Row[Any], registry: Registry) -> str:
    tool = registry.get(row.tool)
    return CAUSES[why].format(tool=row.tool, at=to_text(row.started_at)[11:19], seconds=tool.seconds if tool else 0)


def _report_unknown(tx: Tx, lease: Lease, row: Row[Any], said: str, evidence: str) -> None:
    """Somebody else has the run, who will ask; or it has ended, and nobody will."""
    run = runs.run_by_id(tx, row.run_id)
    if run is None or run.status in ACTIVE_RUN:
        return
    _give_up(tx, row, lease.session_id, evidence)
    report_fact(tx, lease.session_id, row.run_id, f"{describe_call(row)} was begun and then called off. {said}")
