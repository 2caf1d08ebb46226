"""Rate limits of one process. The `limits` library's own storage starts timer threads under load and copies a list with each
count."""

import time
from collections import deque

from limits import RateLimitItem

CLEANUP_KEYS = 10_000
MAX_KEYS = 200_000  # above this, the least recently used keys are dropped

Key = tuple[str, ...]


class MemoryRateWindows:
    """See `contract.RateWindows`."""

    def __init__(self) -> None:
        self._marks: dict[Key, deque[float]] = {}
        self._longest = 0.0
        self._look_beyond = CLEANUP_KEYS

    async def hit(self, item: RateLimitItem, *key: str) -> bool:
        marks = self._recent(item, key)
        if len(marks) >= item.amount:
            return False
        marks.append(time.monotonic())
        self._marks.pop(key, None)
        self._marks[key] = marks  # most recently used last
        self._longest = max(self._longest, item.get_expiry())
        if len(self._marks) > max(self._look_beyond, CLEANUP_KEYS):
            self._remove_stale()
        return True

    async def undo(self, item: RateLimitItem, *key: str) -> None:
        marks = self._marks.get(key)
        if marks:
            marks.pop()

    async def test(self, item: RateLimitItem, *key: str) -> bool:
        return len(self._recent(item, key)) < item.amount

    async def seconds_left(self, item: RateLimitItem, *key: str) -> float:
        marks = self._recent(item, key)
        return marks[0] + item.get_expiry() - time.monotonic() if len(marks) >= item.amount else 0

    def _recent(self, item: RateLimitItem, key: Key) -> deque[float]:
        marks = self._marks.get(key) or deque()
        begins = time.monotonic() - item.get_expiry()
        while marks and marks[0] <= begins:
            marks.popleft()
        return marks

    def _remove_stale(self) -> None:
        """Drop the keys whose windows have passed, and check again when there are twice as many."""
        begins = time.monotonic() - self._longest
        kept = [(key, marks) for key, marks in self._marks.items() if marks and marks[-1] > begins]
        self._marks = dict(kept[-MAX_KEYS // 2 :])
        self._look_beyond = min(2 * len(self._marks), MAX_KEYS)
