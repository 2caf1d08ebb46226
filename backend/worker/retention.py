"""Delete what is past its retention time, people who are being erased, and rows of no further use."""

import asyncio

from backend.core.erasure import erase_leaving_people
from backend.core.retention import erase_old_sessions, has_expired_data, prune
from backend.db import Database
from backend.errors import Unavailable
from backend.observability.log import get_logger

log = get_logger(__name__)

IDLE_S = 5.0
PAUSE_S = 0.02


async def delete_expired_batch(db: Database, retention_days: int) -> bool:
    """Delete one batch of each kind, each in its own transaction. Returns whether there may be more."""
    if not await db.read(has_expired_data, retention_days):
        return False
    found = await db.transact(prune)
    found |= await db.transact(erase_leaving_people)
    return bool(found | await db.transact(erase_old_sessions, retention_days))


class RetentionLoop:
    """Runs beside a worker, in small batches with pauses, so that other work goes first."""

    def __init__(self, db: Database, retention_days: int) -> None:
        self._db = db
        self._days = retention_days
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.create_task(self._forget(), name="retention")

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.cancel()

    async def _forget(self) -> None:
        while True:
            more = False
            try:
                more = await delete_expired_batch(self._db, self._days)
            except Unavailable as error:
                log.warning("retention.postponed", reason=error.detail)
            except Exception:  # an error in one batch must not stop the loop
                log.exception("retention.failed")
            await asyncio.sleep(PAUSE_S if more else IDLE_S)
