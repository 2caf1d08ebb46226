"""The rate-limit contract."""

from typing import Protocol

from limits import RateLimitItem


class RateWindows(Protocol):
    """Counts events per key within a moving window. Never raises; waits briefly at most."""

    async def hit(self, item: RateLimitItem, *key: str) -> bool:
        """Count one event; False, without counting it, when the limit is reached."""
        ...

    async def undo(self, item: RateLimitItem, *key: str) -> None:
        """Remove the newest event counted."""
        ...

    async def test(self, item: RateLimitItem, *key: str) -> bool:
        """Whether one more event is within the limit."""
        ...

    async def seconds_left(self, item: RateLimitItem, *key: str) -> float:
        """Seconds until one more event is within the limit; 0 if it is now."""
        ...
