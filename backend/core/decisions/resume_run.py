"""Resume the run that asked, with the outcome of its request."""

from typing import Any

from backend.core.runs.lifecycle import resume_run
from backend.db import Row, Tx
from backend.domain.answers import Answer
from backend.domain.states import FeedbackStatus, FeedbackType


def hand_outcome_to_run(tx: Tx, row: Row[Any], status: FeedbackStatus, answer: Answer) -> None:
    if row.run_id is None:
        return
    entry = {
        "request_id": row.id,
        "status": status,
        "action": answer.action,
        "values": answer.values,
        "feedback": answer.feedback,
    }
    stop = row.type == FeedbackType.CHECKPOINT and answer.action == "stop"
    resume_run(tx, row.run_id, entry, stop)
