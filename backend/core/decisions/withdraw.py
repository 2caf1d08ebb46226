"""Withdraw a request before it is decided."""

from typing import Any

from backend.core.decisions.answer import load_request
from backend.core.decisions.late_answers import already_decided
from backend.core.decisions.resume_run import hand_outcome_to_run
from backend.core.requests.close_request import close_request
from backend.db import Row, Tx
from backend.db.locks import locks
from backend.domain.answers import Answer
from backend.domain.client_views import FeedbackRequest
from backend.domain.people import Person
from backend.domain.states import FeedbackStatus
from backend.errors import Conflict, Forbidden


@locks(request="request_id")
def cancel_request(tx: Tx, person: Person, request_id: str, via: str) -> FeedbackRequest | Conflict:
    """Withdraw a request on behalf of its session's owner, and resume the run that asked."""
    row = load_request(tx, person, request_id)
    if person.id != row.owner_id:
        raise Forbidden("Only the person who asked can withdraw this request.")
    request = close_request(tx, row, FeedbackStatus.CANCELLED, None, by=person, via=via)
    if request is None:
        return already_decided(tx, load_request(tx, person, request_id))
    hand_outcome_to_run(tx, row, FeedbackStatus.CANCELLED, Answer("cancelled"))
    return request


def withdraw_request(tx: Tx, row: Row[Any], why: str) -> None:
    """Withdraw an open request on behalf of the platform, and resume the run that asked."""
    if close_request(tx, row, FeedbackStatus.CANCELLED, None, by=None, via="api", why=why) is not None:
        hand_outcome_to_run(tx, row, FeedbackStatus.CANCELLED, Answer("cancelled"))
