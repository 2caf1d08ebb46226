"""Record outcomes that arrive late, close requests to repeat the call, and report the outcome to people."""

from typing import Any

from backend.core.requests.close_request import close_request
from backend.core.runs.lease import ADVANCE_RUN_JOB
from backend.core.runs.lifecycle import post_message, resume_run
from backend.db import Row, Tx
from backend.db.queries import requests, runs
from backend.domain.people import AGENT
from backend.domain.states import ACTIVE_RUN, ChannelType, ExecutionStatus, FeedbackStatus, MessageType


def record_late_outcome(tx: Tx, before: Row[Any], session_id: str, entry: dict[str, Any]) -> None:
    """Record an outcome that nobody waited for in the run's log, and report it if people were told or asked otherwise.
    `before` is the execution before this outcome."""
    run = runs.run_by_id(tx, before.run_id)
    assert run is not None, "an execution belongs to a run"
    fact = f"{describe_call(before)} {_outcome(entry)}"
    asked = _requests_to_repeat(tx, run.id, before.id)
    if run.status not in ACTIVE_RUN:
        said = (fact, "The outcome arrived after the run had ended.", _meanwhile(tx, asked, entry))
        report_fact(tx, session_id, run.id, " ".join(said).strip())
        return
    for request in requests.open_requests_of_run(tx, run.id):
        if any(request.id == each.id for each in asked) or has_taken_effect(tx, run.id, request.id):
            _withdraw(tx, request, fact)
    runs.append_log(tx, run.id, [("execution_finished", entry)])
    tx.enqueue(ADVANCE_RUN_JOB, run.id)
    if before.status == ExecutionStatus.UNKNOWN and all(request.status != FeedbackStatus.PENDING for request in asked):
        report_fact(tx, session_id, run.id, f"{fact} {_meanwhile(tx, asked, entry)}".strip())


def _withdraw(tx: Tx, request: Row[Any], fact: str) -> None:
    close_request(
        tx, request, FeedbackStatus.CANCELLED, None, by=None, via=ChannelType.CHAT, why=f"the outcome is known now: {fact}"
    )
    entry = {"request_id": request.id, "status": FeedbackStatus.CANCELLED, "action": "cancelled", "values": None}
    resume_run(tx, request.run_id, {**entry, "feedback": fact}, stop=False)


def has_taken_effect(tx: Tx, run_id: str, request_id: str) -> bool:
    """Whether approving this request would repeat a call that has taken effect: the attempt it asks to repeat, or an
    earlier one that this attempt repeated."""
    repeats = repeated_executions(tx, run_id)
    at: str | None = request_id
    while at in repeats:
        earlier = runs.execution_by_id(tx, repeats[at])
        if earlier is None or earlier.status == ExecutionStatus.SUCCEEDED:
            return earlier is not None
        at = earlier.approval_id
    return False


def repeated_executions(tx: Tx, run_id: str) -> dict[str, str]:
    """The execution that each request asks to repeat, by request id."""
    asked = [entry.data for entry in runs.run_log(tx, run_id) if entry.kind == "asked" and "repeats" in entry.data]
    return {data["request_id"]: data["repeats"] for data in asked}


def _requests_to_repeat(tx: Tx, run_id: str, execution_id: str) -> list[Row[Any]]:
    asked = [request_id for request_id, repeated in repeated_executions(tx, run_id).items() if repeated == execution_id]
    found = [requests.request_by_id(tx, request_id) for request_id in asked]
    return [row for row in found if row is not None]


def _meanwhile(tx: Tx, asked: list[Row[Any]], entry: dict[str, Any]) -> str:
    """What happened to the call after its outcome was given up as unknown, in one sentence."""
    for request in asked:
        repeated = runs.execution_of_approval(tx, request.id)
        if repeated is None:
            continue
        if repeated.status == entry["status"] == ExecutionStatus.SUCCEEDED:
            return "It was approved and run again in the meantime, so it has taken effect twice."
        if entry["status"] == ExecutionStatus.SUCCEEDED and repeated.status != ExecutionStatus.FAILED:
            return "It was approved and started again in the meantime, so it may take effect twice."
        return f"It was approved and run again in the meantime; the status of that attempt is {repeated.status}."
    return ""


def _outcome(entry: dict[str, Any]) -> str:
    if entry["status"] == ExecutionStatus.SUCCEEDED:
        return "took effect."
    return f"did not succeed: {entry['result']}"


def describe_call(execution: Row[Any]) -> str:
    """The exact call in one line."""
    return f"{execution.tool} {execution.args}"


def report_fact(tx: Tx, session_id: str, run_id: str, fact: str) -> None:
    """Post the fact in the session and where the person last wrote, and audit it."""
    post_message(tx, session_id, run_id, fact, MessageType.SYSTEM)
    tx.audit(session_id, actor=AGENT, via=ChannelType.CHAT, action="execution.told", subject=run_id, fact=fact)
