"""Expire a request: apply its `on_timeout` answer."""

from backend.core.decisions.response import response_of
from backend.core.decisions.resume_run import hand_outcome_to_run
from backend.core.requests.close_request import close_request
from backend.db import Tx
from backend.db.locks import locks
from backend.db.queries import requests as store
from backend.domain.people import SYSTEM
from backend.domain.requests import timeout_answer
from backend.domain.states import FeedbackStatus, FeedbackType


@locks(request="request_id")
def expire_request(tx: Tx, request_id: str) -> bool:
    """Expire a request that is due: its `on_timeout` answer becomes the outcome. False if it is decided or not due yet."""
    row = store.request_by_id(tx, request_id)
    if row is None or row.status != FeedbackStatus.PENDING or row.due_at is None or row.due_at > tx.now:
        return False
    answer = timeout_answer(FeedbackType(row.type), row.body)
    response = response_of(answer, {"id": SYSTEM, "name": "nobody"}, "timeout", tx.now)
    why = "nobody answered in time"
    if close_request(tx, row, FeedbackStatus.EXPIRED, response, by=None, via="timeout", why=why) is None:
        return False
    hand_outcome_to_run(tx, row, FeedbackStatus.EXPIRED, answer)
    return True
