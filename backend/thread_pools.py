"""A thread pool for each kind of blocking work, so that slow work blocks neither the event loop nor other kinds of work."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class ThreadPool:
    """A pool of `count` threads with that name, started when they are needed."""

    def __init__(self, name: str, count: int = 2) -> None:
        self._pool = ThreadPoolExecutor(count, name)

    async def run(self, work: Callable[..., Result], *args: object) -> Result:
        """Run `work(*args)` in a thread; return its result or raise its exception."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args))
