"""Start a run with a message, or add a message to the run under way. Only `core.inbound` does either."""

from typing import Any

from backend.core.runs.lease import ADVANCE_RUN_JOB
from backend.core.runs.lifecycle import set_agent_status
from backend.db import Tx
from backend.db.queries import runs
from backend.domain.events import (
    TaskStarted,
)
from backend.domain.states import AgentStatus, RunStatus


def start_run(
    tx: Tx, run_id: str, *, session_id: str, person_id: str, settings: dict[str, Any], message_id: str, content: str
) -> None:
    """Start a run with a person's message; a worker is woken after the commit."""
    runs.insert_run(
        tx,
        id=run_id,
        session_id=session_id,
        person_id=person_id,
        status=RunStatus.PENDING,
        settings=settings,
        created_at=tx.now,
        updated_at=tx.now,
    )
    runs.append_log(tx, run_id, [("message", {"message_id": message_id, "content": content})])
    tx.emit(session_id, TaskStarted(type="task_started", content=content, run_id=run_id))
    set_agent_status(tx, session_id, AgentStatus.THINKING)
    tx.enqueue(ADVANCE_RUN_JOB, run_id)


def join_run(tx: Tx, run_id: str, message_id: str, content: str) -> None:
    """Add a person's message to the active run, which sees it at its next step."""
    runs.append_log(tx, run_id, [("message", {"message_id": message_id, "content": content})])
