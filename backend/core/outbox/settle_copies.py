"""Settle the deliveries of a closed request; record dead letters and what was seen."""

from collections.abc import Sequence
from typing import Any

from backend.core.outbox.escalation import DELIVER_JOB
from backend.db import Row, Tx
from backend.db.queries import deliveries
from backend.domain.states import ChannelType


def settle_copies(tx: Tx, request_id: str) -> Sequence[Row[Any]]:
    """Settle every delivery: at once if nothing was sent, through a worker if a sent message must be updated."""
    copies = deliveries.settle_deliveries(tx, request_id)
    for copy in copies:
        if copy.next_at is not None:
            tx.enqueue(DELIVER_JOB, copy.id)
    return copies


def record_seen(tx: Tx, request_id: str, person_id: str) -> bool:
    """Record that the person's copy in the web chat was seen; False where there is none that was not seen before."""
    return bool(deliveries.mark_deliveries_seen(tx, request_id, person_id, ChannelType.CHAT))


def set_dead_letter(tx: Tx, request_id: str, dead: bool) -> bool:
    """Record whether the request reached nobody; False where that was already on record."""
    return deliveries.mark_dead_letter(tx, request_id, dead)
