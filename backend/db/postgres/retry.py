"""When a transaction that failed on PostgreSQL is tried again, and what its caller is told when it is not."""

import time
from random import SystemRandom

import psycopg
from sqlalchemy.exc import DBAPIError

from backend.db.postgres.connection import is_lost, said, state_of
from backend.errors import Unavailable
from backend.observability.log import get_logger

log = get_logger(__name__)

TRY_FOR_S = 5.0
LOSSES = 3
PAUSE_S, LONGEST_PAUSE_S = 0.002, 0.1
LOCKED = "55P03"  # a lock was not free in time
LOST_RACES = ("40001", "40P01", LOCKED)  # serialization failure, deadlock
LET_OTHERS_PASS_S = 0.3
KEY_TAKEN = "23505"
READ_ONLY = "25006"  # such as a standby, until it is promoted
_chance = SystemRandom()


class Retries:
    """The tries of one transaction. A race that was lost is run again from its start, and so is a transaction that
    certainly was not committed when its connection ended; for a while, with growing pauses."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._until = time.monotonic() + TRY_FOR_S
        self._failed = self._losses = 0
        self._taken = ""

    def bear(self, error: DBAPIError | psycopg.Error) -> None:
        """Return, after a pause, where another try may succeed; else raise Unavailable, or `error` where it is a fault."""
        if not self._may_succeed(error):
            log.error("transaction failed", use_case=self._name, error=said(error))
            raise _explained(error) from error
        if time.monotonic() > self._until:
            log.error("transaction given up", use_case=self._name, tries=self._failed + 1, error=said(error))
            raise Unavailable() from error
        least, most = 0.0, min(LONGEST_PAUSE_S, PAUSE_S * 2**self._failed)
        if state_of(error) == LOCKED:
            least, most = LET_OTHERS_PASS_S, 2 * LET_OTHERS_PASS_S
        time.sleep(_chance.uniform(least, most))
        self._failed += 1

    def _may_succeed(self, error: DBAPIError | psycopg.Error) -> bool:
        if is_lost(error):
            self._losses += 1
            return self._losses < LOSSES
        return state_of(error) in LOST_RACES or (state_of(error) == KEY_TAKEN and self._is_race(error))

    def _is_race(self, error: DBAPIError | psycopg.Error) -> bool:
        """A key that another transaction took first is seen by the next try; the same key twice is no race."""
        origin = error.orig if isinstance(error, DBAPIError) else error
        before, self._taken = self._taken, str(origin)
        return self._taken != before


def _explained(error: DBAPIError | psycopg.Error) -> Exception:
    """Unavailable where the server could not, the error itself where it was asked for something wrong."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    unable = isinstance(origin, psycopg.OperationalError) or state_of(error) == READ_ONLY
    return Unavailable() if unable else error
