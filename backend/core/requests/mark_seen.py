"""Mark a request as seen by a person."""

from backend.core.outbox.escalation import escalate, publish_delivery
from backend.core.outbox.settle_copies import record_seen, set_dead_letter
from backend.core.requests.recipients import may_see
from backend.db import Tx
from backend.db.locks import locks
from backend.db.queries import requests as store
from backend.domain.people import Person
from backend.domain.states import ChannelType, DeliveryStatus, FeedbackStatus


@locks(request="request_id")
def mark_request_seen(tx: Tx, person: Person, request_id: str) -> None:
    """Mark the person's web chat delivery as seen; a dead letter that was seen is delivered after all."""
    row = store.request_by_id(tx, request_id)
    if row is None or not may_see(tx, row, person.id) or not record_seen(tx, request_id, person.id):
        return
    arrived = row.dead_letter and set_dead_letter(tx, request_id, False)
    seen = {"channel": ChannelType.CHAT, "person_id": person.id, "status": DeliveryStatus.SEEN, "error": None}
    publish_delivery(tx, row, seen, dead_letter=False if arrived else None)
    if row.status == FeedbackStatus.PENDING:
        escalate(tx, row, person.id)
