"""The life cycle of a run: start, join, resume, complete, fail and end it."""

from typing import Any

from backend.core.outbox.drafts import finish_draft
from backend.core.outbox.notices import send_to_last_channel
from backend.core.requests.close_request import close_request
from backend.core.runs.lease import ADVANCE_RUN_JOB, Lease, leased_run, log_progress
from backend.db import Row, Tx
from backend.db.locks import locks
from backend.db.queries import requests, runs, sessions
from backend.db.transaction import person_topic, run_topic, session_topic
from backend.domain.client_views import Message
from backend.domain.events import (
    AgentStatusChanged,
    DurableEvent,
    MessageSent,
    RunCancelled,
    SessionAgentChanged,
    TaskCancelled,
    TaskCompleted,
    TaskFailed,
)
from backend.domain.people import AGENT, AGENT_NAME
from backend.domain.runs import unseen_messages, unseen_outcomes
from backend.domain.states import AgentStatus, ChannelType, FeedbackStatus, MessageStatus, MessageType, RunStatus
from backend.domain.steps import Usage
from backend.ids import new_id
from backend.timestamps import to_text
from channels.contract import TextMessage

AGENT_AFTER = {
    RunStatus.COMPLETED: AgentStatus.COMPLETED,
    RunStatus.ERROR: AgentStatus.ERROR,
    RunStatus.CANCELLED: AgentStatus.IDLE,
    RunStatus.STOPPED: AgentStatus.IDLE,
}


WHY_CLOSED = {
    RunStatus.COMPLETED: "the run was completed",
    RunStatus.ERROR: "the run failed",
    RunStatus.CANCELLED: "the run was cancelled",
    RunStatus.STOPPED: "the run was stopped",
}


CANCELLED = "Cancelled."


STOPPED = "Stopped at a checkpoint."


def resume_run(tx: Tx, run_id: str, entry: dict[str, Any], stop: bool) -> None:
    """Log how a request was resolved and resume the run, or end it with `stop`."""
    row = runs.run_by_id(tx, run_id)
    if row is None or row.status != RunStatus.WAITING_FEEDBACK:
        return
    runs.append_log(tx, run_id, [("resolved", entry)])
    if stop:
        end_run(tx, row, RunStatus.STOPPED)
        return
    runs.update_run_status(tx, run_id, RunStatus.PENDING, ends=False)
    set_agent_status(tx, row.session_id, AgentStatus.THINKING)
    tx.enqueue(ADVANCE_RUN_JOB, run_id)


def end_run(
    tx: Tx,
    row: Row[Any],
    status: RunStatus,
    *,
    content: str | None = None,
    error: str | None = None,
    values: Any = None,
    actor: str = AGENT,
    via: str = "api",
) -> bool:
    """End a run once: withdraw its open requests, post the reply and publish the end. False if it had ended before."""
    if not runs.update_run_status(tx, row.id, status, result=content, error=error, ends=True):
        return False
    tx.end_reply(row.session_id)
    ended = {"status": status, "content": content, "error": error}
    runs.append_log(tx, row.id, [("ended", {name: value for name, value in ended.items() if value is not None})])
    for request in requests.open_requests_of_run(tx, row.id):
        close_request(tx, request, FeedbackStatus.CANCELLED, None, by=None, via=via, why=WHY_CLOSED[status])
    if status is RunStatus.COMPLETED:
        post_message(tx, row.session_id, row.id, content or "")
    if status is RunStatus.ERROR:
        send_to_last_channel(tx, row.session_id, row.id, TextMessage(f"The run failed: {error}", AGENT_NAME))
    tx.emit(row.session_id, _last_event(row.id, status, content, error, values))
    set_agent_status(tx, row.session_id, AGENT_AFTER[status])
    if status is RunStatus.CANCELLED:
        finish_draft(tx, row.id, row.session_id, TextMessage(CANCELLED, AGENT_NAME), at_once=False)
        tx.signal(RunCancelled(type="run_cancelled"), run_topic(row.id))
    tx.audit(row.session_id, actor=actor, via=via, action=f"run.{status}", subject=row.id, error=error)
    return True


def _last_event(run_id: str, status: RunStatus, content: str | None, error: str | None, values: Any) -> DurableEvent:
    match status:
        case RunStatus.COMPLETED:
            done = TaskCompleted(type="task_completed", content=content or "", run_id=run_id)
            if values is not None:
                done["values"] = values
            return done
        case RunStatus.ERROR:
            return TaskFailed(type="task_failed", error=error or "", run_id=run_id)
        case RunStatus.STOPPED:
            return TaskCancelled(type="task_cancelled", content=STOPPED, run_id=run_id, reason="stopped")
        case _:
            return TaskCancelled(type="task_cancelled", content=CANCELLED, run_id=run_id, reason="cancelled")


def post_message(tx: Tx, session_id: str, run_id: str, content: str, type: MessageType = MessageType.AGENT) -> str:
    """Post a message of the agent or the platform: in the session, as an event, and on the person's channel."""
    message = Message(
        id=new_id("msg"),
        session_id=session_id,
        type=type,
        status=MessageStatus.SENT,
        content=content,
        via=ChannelType.CHAT,
        run_id=run_id,
        created_at=to_text(tx.now),
    )
    sessions.insert_message(tx, **{**message, "author_id": None, "client_id": None, "created_at": tx.now})
    tx.emit(session_id, MessageSent(type="message", message=message))
    send_to_last_channel(tx, session_id, run_id, TextMessage(content, AGENT_NAME))
    return message["id"]


def set_agent_status(tx: Tx, session_id: str, status: AgentStatus, detail: str | None = None) -> None:
    """Record what the agent is doing and notify open tabs."""
    person_id = sessions.set_agent_status(tx, session_id, status)
    frame = AgentStatusChanged(type="agent_status", session_id=session_id, status=status)
    if detail:
        frame["detail"] = detail
    tx.notify(frame, session_topic(session_id))
    changed = SessionAgentChanged(type="session_changed", session_id=session_id, change="agent_status", agent_status=status)
    tx.notify(changed, person_topic(person_id))


@locks(session="lease.session_id")
def complete_run(tx: Tx, lease: Lease, content: str, usage: Usage) -> None:
    """Complete the run with its reply. If a person wrote meanwhile, post the reply and continue; if the outcome of a call
    arrived meanwhile, discard the reply and let the engine decide again. Raises LeaseLost."""
    log_progress(tx, lease, [], usage=usage)
    entries = runs.run_log(tx, lease.run_id)
    if unseen_outcomes(entries):
        log_progress(tx, lease, [], new_token=True)
        return
    if unseen_messages(entries):
        tx.end_reply(lease.session_id)
        message_id = post_message(tx, lease.session_id, lease.run_id, content)
        log_progress(tx, lease, [("said", {"message_id": message_id, "content": content})], new_token=True)
        return
    end_run(tx, leased_run(tx, lease), RunStatus.COMPLETED, content=content)


@locks(session="lease.session_id")
def fail_run(tx: Tx, lease: Lease, error: str) -> None:
    """End the run with an error message. Raises LeaseLost."""
    log_progress(tx, lease, [])
    end_run(tx, leased_run(tx, lease), RunStatus.ERROR, error=error)
