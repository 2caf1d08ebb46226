"""How long a lease is certain to hold, by a clock that also counts while the process is suspended or the machine sleeps."""

import asyncio
import time

from backend.tools.contract import ToolNotRun

_SOURCE = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
MARGIN_S = 1.0  # for the effect itself


def clock() -> float:
    """Seconds since boot."""
    return time.clock_gettime(_SOURCE)


class LeaseTimer:
    """A lease of `seconds` that was requested at `since`, by `clock`. `token_lock` serialises renewing the lease and commits
    that change its token."""

    def __init__(self, seconds: float, since: float) -> None:
        self._seconds = seconds
        self._until = since + seconds
        self.lost = False
        self.token_lock = asyncio.Lock()

    def renewed(self, since: float) -> None:
        """Record a renewal that was requested at `since`."""
        self._until = max(self._until, since + self._seconds)

    def left(self) -> float:
        """Seconds for which nobody else can hold the lease; negative once somebody may."""
        return self._until - clock()


class Fence:
    """Checked by a call right before its effect, in any thread. Raises ToolNotRun if another worker may hold the lease or if
    people are being asked whether to repeat the call."""

    def __init__(self, hold: LeaseTimer) -> None:
        self.hold = hold
        self.closed = False

    def __call__(self) -> None:
        if self.closed or self.hold.lost or self.hold.left() < MARGIN_S:
            raise ToolNotRun
