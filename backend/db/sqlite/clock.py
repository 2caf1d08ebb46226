"""The database's clock where the database is SQLite and so has none of its own."""

import time


class Clock:
    """Wall time read once, then carried by the clock that counts since boot: a jump of the wall clock under a running
    process moves no deadline and ends no lease."""

    def __init__(self) -> None:
        self._source = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        self._offset = time.time_ns() - time.clock_gettime_ns(self._source)

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        return (time.clock_gettime_ns(self._source) + self._offset) // 1_000_000
