"""Rate limits shared by all processes, counted in Redis beside this process's own.

Both must be within the limit. So whatever happens to Redis, nobody gets more than one process allows: while Redis is unavailable
or after it lost its data, only the counts of the other processes are missing."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from backend.messaging.rate_limits.memory import MemoryRateWindows
from backend.messaging.redis_link import UNUSABLE_ERRORS, RedisLink

ANSWER_TIMEOUT_S = 0.5
PREFIX = "assent:window"
Answer = TypeVar("Answer")


class RedisRateWindows:
    """See `contract.RateWindows`."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._own = MemoryRateWindows()
        pool: Any = link.client.connection_pool  # accepted, though not in the annotations
        storage = RedisStorage("async+redis://", implementation="redispy", key_prefix=PREFIX, connection_pool=pool)
        self._shared = MovingWindowRateLimiter(storage)

    async def hit(self, item: RateLimitItem, *key: str) -> bool:
        if not await self._own.test(item, *key):
            return False
        return await self._ask_redis(lambda: self._shared.hit(item, *key), True) and await self._own.hit(item, *key)

    async def undo(self, item: RateLimitItem, *key: str) -> None:
        await self._own.undo(item, *key)
        await self._ask_redis(lambda: self._take_newest(f"{PREFIX}:{item.key_for(*key)}"), None)

    async def _take_newest(self, key: str) -> None:
        await self._link.client.lpop(key)  # stored as a list of times, newest first

    async def test(self, item: RateLimitItem, *key: str) -> bool:
        return await self._own.test(item, *key) and await self._ask_redis(lambda: self._shared.test(item, *key), True)

    async def seconds_left(self, item: RateLimitItem, *key: str) -> float:
        own = await self._own.seconds_left(item, *key)
        return max(own, await self._ask_redis(lambda: self._shared_seconds_left(item, *key), 0.0))

    async def _shared_seconds_left(self, item: RateLimitItem, *key: str) -> float:
        window = await self._shared.get_window_stats(item, *key)
        return 0.0 if window.remaining else window.reset_time - time.time()

    async def _ask_redis(self, question: Callable[[], Awaitable[Answer]], otherwise: Answer) -> Answer:
        """Redis's answer, or `otherwise` when there is none in time."""
        if not self._link.up:
            return otherwise
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await question()
        except UNUSABLE_ERRORS as error:
            self._link.failed(error)
            return otherwise
