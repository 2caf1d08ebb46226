"""Close a feedback request: the only way out of `pending`."""

from typing import Any

from backend.core.outbox.settle_copies import set_dead_letter, settle_copies
from backend.core.requests.publish import publish_request_event
from backend.core.requests.recipients import deciders_of, viewers_of
from backend.core.requests.view import shape_values
from backend.db import Row, Tx
from backend.db.queries import requests as store
from backend.domain.client_views import Closed, FeedbackRequest, Response
from backend.domain.events import (
    FeedbackResolved,
)
from backend.domain.people import SYSTEM, Person
from backend.domain.states import FeedbackStatus
from backend.observability.metrics import ANSWER
from backend.timestamps import to_text


def close_request(
    tx: Tx,
    row: Row[Any],
    to: FeedbackStatus,
    response: Response | None,
    *,
    by: Person | None,
    via: str,
    why: str | None = None,
    proof: str = "",
) -> FeedbackRequest | None:
    """Change the status from `pending` to `to`, settle every delivery and publish the outcome. `by` None means the platform;
    `why` completes "it was closed because"; `proof` is how we know that it was them. Returns None, having changed nothing,
    if the request was not pending."""
    closed = None if to is FeedbackStatus.ANSWERED else _closed(by, why, tx.now)
    if not store.decide_request(tx, row.id, to, response, closed):
        return None
    if to is FeedbackStatus.ANSWERED:
        tx.took(ANSWER, via, row.created_at)
    copies = settle_copies(tx, row.id)
    values = {**row._mapping, "status": to, "response": response, "closed": closed, "decided_at": tx.now}
    request = shape_values(values, [copy._mapping for copy in copies], deciders_of(tx, row.id))
    publish_request_event(tx, request, FeedbackResolved(type="feedback_resolved", request=request), viewers_of(tx, row.id))
    action = response and response["action"]
    actor = by.id if by else SYSTEM
    said = {"decision": action, "why": why, "proof": proof or None}
    tx.audit(row.session_id, actor=actor, via=via, action=f"feedback.{to}", subject=row.id, **said)
    return request


def mark_dead_letter(tx: Tx, row: Row[Any]) -> None:
    """Mark a request that nobody can decide as a dead letter, which its session's owner sees."""
    if set_dead_letter(tx, row.id, True):
        tx.audit(row.session_id, actor=SYSTEM, via="api", action="feedback.dead_letter", subject=row.id)


def _closed(by: Person | None, why: str | None, at: int) -> Closed:
    """Who or what closed a request that nobody answered."""
    closed = Closed(at=to_text(at))
    if by is not None:
        closed["by"] = {"id": by.id, "name": by.name}
    if why is not None:
        closed["why"] = why
    return closed
