"""Lets go of what is not to be kept: content past its time, people who are being erased, and what is of no use any more."""

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
    """One batch of each kind, a transaction each; whether there may be more."""
    if not await db.read(has_expired_data, retention_days):
        return False
    found = await db.transact(prune)
    found |= await db.transact(erase_leaving_people)
    return bool(found | await db.transact(erase_old_sessions, retention_days))


class RetentionLoop:
    """Runs beside a worker; batches are small and far enough apart for everybody else to go first."""

    def __init__(self, db: Database, retention_days: int) -> None:
        self._db = db
        self._days = retention_days
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.create_task(self._forget(), name="forgetter")

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
            except Exception:  # what cannot be erased now must not keep the rest from going
                log.exception("retention.failed")
            await asyncio.sleep(PAUSE_S if more else IDLE_S)
