"""The windows contract."""

from typing import Protocol

from limits import RateLimitItem


class RateWindows(Protocol):
    """What happened lately under each key. Never raises; waits for a moment at most."""

    async def hit(self, item: RateLimitItem, *key: str) -> bool:
        """Count one more; False, and nothing is counted, where the window is full."""
        ...

    async def give_back(self, item: RateLimitItem, *key: str) -> None:
        """Take back the newest of what was counted."""
        ...

    async def test(self, item: RateLimitItem, *key: str) -> bool:
        """Whether one more would fit."""
        ...

    async def seconds_left(self, item: RateLimitItem, *key: str) -> float:
        """Until one more fits; 0 where it does."""
        ...
