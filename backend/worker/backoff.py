"""What raises again and again is left alone for longer and longer: it must neither fill the log nor keep others waiting."""

import time
from collections.abc import Callable

MIN_S, MAX_S = 2.0, 600.0

Key = tuple[str, str]
"""What kind of thing it is, and which."""


class Backoff:
    """What failed, until when it rests. Kept in memory: after a restart everything is tried once more."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: dict[Key, tuple[int, float]] = {}

    def failed(self, key: Key) -> float:
        """It raised; for how many seconds it rests now."""
        times = self._failed.get(key, (0, 0.0))[0] + 1
        pause = min(MIN_S * 2.0 ** min(times - 1, 20), MAX_S)
        self._failed[key] = (times, self._clock() + pause)
        return pause

    def succeeded(self, key: Key) -> None:
        self._failed.pop(key, None)

    def is_waiting(self, key: Key) -> bool:
        return key in self._failed and self._clock() < self._failed[key][1]

    def count(self, kind: str) -> int:
        """How many of a kind have failed; those that nobody has tried for long are forgotten."""
        now = self._clock()
        for key in [key for key, (_, until) in self._failed.items() if now > until + MAX_S]:
            del self._failed[key]
        return sum(key[0] == kind for key in self._failed)
