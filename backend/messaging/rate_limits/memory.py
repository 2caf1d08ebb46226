"""The windows of one process. The storage `limits` brings starts a timer thread for it, again and
again under load, and shifts a whole list with each count."""

import time
from collections import deque

from limits import RateLimitItem

MANY_KEYS = 10_000
MOST_KEYS = 200_000  # beyond, those under which nothing happened for longest are forgotten

Key = tuple[str, ...]


class MemoryRateWindows:
    """See `contract.Windows`."""

    def __init__(self) -> None:
        self._marks: dict[Key, deque[float]] = {}
        self._longest = 0.0
        self._look_beyond = MANY_KEYS

    async def hit(self, item: RateLimitItem, *key: str) -> bool:
        marks = self._lately(item, key)
        if len(marks) >= item.amount:
            return False
        marks.append(time.monotonic())
        self._marks.pop(key, None)
        self._marks[key] = marks  # behind all others
        self._longest = max(self._longest, item.get_expiry())
        if len(self._marks) > max(self._look_beyond, MANY_KEYS):
            self._forget()
        return True

    async def give_back(self, item: RateLimitItem, *key: str) -> None:
        marks = self._marks.get(key)
        if marks:
            marks.pop()

    async def test(self, item: RateLimitItem, *key: str) -> bool:
        return len(self._lately(item, key)) < item.amount

    async def seconds_left(self, item: RateLimitItem, *key: str) -> float:
        marks = self._lately(item, key)
        return marks[0] + item.get_expiry() - time.monotonic() if len(marks) >= item.amount else 0

    def _lately(self, item: RateLimitItem, key: Key) -> deque[float]:
        marks = self._marks.get(key) or deque()
        begins = time.monotonic() - item.get_expiry()
        while marks and marks[0] <= begins:
            marks.popleft()
        return marks

    def _forget(self) -> None:
        """Let go of the keys under which nothing happened for as long as any window lasts, and look again when there are
        twice as many."""
        begins = time.monotonic() - self._longest
        kept = [(key, marks) for key, marks in self._marks.items() if marks and marks[-1] > begins]
        self._marks = dict(kept[-MOST_KEYS // 2 :])
        self._look_beyond = min(2 * len(self._marks), MOST_KEYS)
