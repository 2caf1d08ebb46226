"""Back off exponentially from work that keeps raising, so that it neither fills the log nor delays other work."""

import time
from collections.abc import Callable

MIN_S, MAX_S = 2.0, 600.0

Key = tuple[str, str]
"""(kind, id)"""


class Backoff:
    """What failed and until when to leave it alone. Kept in memory: a restart tries everything again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: dict[Key, tuple[int, float]] = {}

    def failed(self, key: Key) -> float:
        """Record a failure. Returns how many seconds to back off."""
        times = self._failed.get(key, (0, 0.0))[0] + 1
        pause = min(MIN_S * 2.0 ** min(times - 1, 20), MAX_S)
        self._failed[key] = (times, self._clock() + pause)
        return pause

    def succeeded(self, key: Key) -> None:
        self._failed.pop(key, None)

    def is_waiting(self, key: Key) -> bool:
        return key in self._failed and self._clock() < self._failed[key][1]

    def count(self, kind: str) -> int:
        """How many keys of a kind have failed. Keys that were not tried for long are forgotten."""
        now = self._clock()
        for key in [key for key, (_, until) in self._failed.items() if now > until + MAX_S]:
            del self._failed[key]
        return sum(key[0] == kind for key in self._failed)
