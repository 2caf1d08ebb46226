"""Waiting for facts on an event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

PATIENCE_S = 60
Fact = TypeVar("Fact")


async def becomes(look: Callable[[], Fact], good: Callable[[Fact], object] = bool) -> Fact:
    """What `look` sees once it is good; fails when it never is."""
    async with asyncio.timeout(PATIENCE_S):
        while not good(seen := look()):
            await asyncio.sleep(0.005)
    return seen


async def soon(work: Awaitable[Fact]) -> Fact:
    """The result; fails when there is none."""
    async with asyncio.timeout(PATIENCE_S):
        return await work
