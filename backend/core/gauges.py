"""Gauges: the state of the installation that an operator wants to be alerted about."""

from backend.core.outbox.claim_delivery import LEASE_MS as DELIVERY_LEASE_MS
from backend.core.runs.lease import LEASE_MS as RUN_LEASE_MS
from backend.db import Database, Tx
from backend.db.queries.gauges import count_open_requests, earliest_lease_ends, oldest_due_delivery_at
from backend.errors import Unavailable
from backend.messaging.queue.contract import Queue


async def gauges(db: Database, queue: Queue) -> dict[str, float]:
    """The gauges by their names in `metrics.GAUGES`. Those that cannot be read now are left out."""
    status = await queue.status()
    known = {"redis_up": float(status.status == "ok")} if status.kind == "redis" else {}
    try:
        return {**known, "database_up": 1.0, **await db.read(database_gauges)}
    except Unavailable:
        return {**known, "database_up": 0.0}


def database_gauges(tx: Tx) -> dict[str, float]:
    """The gauges that are read from the database."""
    requests, due = count_open_requests(tx), oldest_due_delivery_at(tx)
    lapses = zip(earliest_lease_ends(tx), (RUN_LEASE_MS, DELIVERY_LEASE_MS), strict=True)
    taken = [until - length for until, length in lapses if until is not None]
    return {
        "pending_requests": requests.pending,
        "dead_letters": requests.dead_letters,
        "oldest_due_delivery_seconds": _seconds_since(tx, due),
        "oldest_lease_seconds": _seconds_since(tx, min(taken, default=None)),
    }


def _seconds_since(tx: Tx, at: int | None) -> float:
    return 0.0 if at is None else max(0, tx.now - at) / 1000
