"""A token bucket: how many frames a connection may send at once, and how many per second after that."""

import time


class TokenBucket:
    def __init__(self, burst: int, per_second: int) -> None:
        self._burst, self._per_second = burst, per_second
        self._left, self._counted = float(burst), time.monotonic()

    def take(self, count: int = 1) -> bool:
        """Take `count` tokens; False if there are not enough."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._counted) * self._per_second) - count
        self._counted = now
        return self._left >= 0
