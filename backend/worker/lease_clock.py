"""How long a lease certainly holds, by a clock that goes on while this process is stopped or its machine sleeps."""

import asyncio
import time

from backend.tools.contract import ToolNotRun

_SOURCE = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
MARGIN_S = 1.0  # for the effect itself


def clock() -> float:
    """Seconds since boot."""
    return time.clock_gettime(_SOURCE)


class LeaseTimer:
    """A lease of `seconds` that was asked for at `since`, by `clock`: the database granted it then or later. `token_lock`: who
    commits its token anew, and who renews it, take turns."""

    def __init__(self, seconds: float, since: float) -> None:
        self._seconds = seconds
        self._until = since + seconds
        self.lost = False
        self.token_lock = asyncio.Lock()

    def renewed(self, since: float) -> None:
        """It was granted anew, having been asked for at `since`."""
        self._until = max(self._until, since + self._seconds)

    def left(self) -> float:
        """Seconds during which nobody else can own it; negative: somebody may."""
        return self._until - clock()


class Fence:
    """What a call passes right before its effect, from any thread. Raises ToolNotRun where somebody else may own the lease,
    or people are being asked whether to repeat the call."""

    def __init__(self, hold: LeaseTimer) -> None:
        self.hold = hold
        self.closed = False

    def __call__(self) -> None:
        if self.closed or self.hold.lost or self.hold.left() < MARGIN_S:
            raise ToolNotRun
