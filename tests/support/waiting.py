"""Waiting for facts on an event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

TIMEOUT_S = 60
Fact = TypeVar("Fact")


async def wait_until(look: Callable[[], Fact], good: Callable[[Fact], object] = bool) -> Fact:
    """What `look` sees once it is good; fails when it never is."""
    async with asyncio.timeout(TIMEOUT_S):
        while not good(seen := look()):
            await asyncio.sleep(0.005)
    return seen


async def wait_for(work: Awaitable[Fact]) -> Fact:
    """The result; fails when there is none."""
    async with asyncio.timeout(TIMEOUT_S):
        return await work
