"""Queries about the whole: how much waits, and for how long."""

from typing import Any

from sqlalchemy import Row, bindparam, func, or_, select

from backend.db.tables import deliveries, feedback_requests, runs
from backend.db.transaction import Tx

_open = select(func.count().label("pending"), func.count().filter(feedback_requests.c.dead_letter).label("dead_letters")).where(
    feedback_requests.c.status == "pending"
)
_due = select(func.min(deliveries.c.next_at)).where(
    deliveries.c.next_at <= bindparam("now"),
    or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until <= bindparam("now")),
)
_leases = {table: select(func.min(table.c.lease_until)) for table in (runs, deliveries)}


def count_open_requests(tx: Tx) -> Row[Any]:
    """(pending, dead_letters): how many requests wait, and how many of them reached nobody."""
    return tx.execute(_open).one()


def oldest_due_delivery_at(tx: Tx) -> int | None:
    """Since when a delivery is due that nobody carries; None: there is none."""
    found: int | None = tx.execute(_due, {"now": tx.now}).scalar()
    return found


def earliest_lease_ends(tx: Tx) -> tuple[int | None, int | None]:
    """When the earliest lease of a run and of a delivery ends, or ended."""
    return tx.execute(_leases[runs]).scalar(), tx.execute(_leases[deliveries]).scalar()
