"""Threads for one kind of work each: what takes long holds no event loop up, and hangs or crowds nobody else."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class Threads:
    """So many threads of that name, begun when they are needed."""

    def __init__(self, name: str, count: int = 2) -> None:
        self._pool = ThreadPoolExecutor(count, name)

    async def run(self, work: Callable[..., Result], *args: object) -> Result:
        """What `work(*args)` gives or raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args))
