"""The contract of a queue: one suite, run on every implementation."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from backend.messaging.queue.contract import Job, Queue
from backend.messaging.queue.memory import MemoryQueue
from backend.messaging.queue.redis import RedisQueue
from backend.messaging.redis_link import RedisLink
from tests.support.redis import RedisServer
from tests.support.waiting import TIMEOUT_S, wait_for

ONE, TWO, THREE = (Job("advance_run", f"run_{number}") for number in (1, 2, 3))


@pytest.fixture(params=["memory", "redis"])
async def queue(request: pytest.FixtureRequest) -> AsyncIterator[Queue]:
    if request.param == "memory":
        yield MemoryQueue()
        return
    server: RedisServer = request.getfixturevalue("redis")
    async with RedisLink(server.url) as link, RedisQueue(link) as queue:
        yield queue


async def waiting(queue: Queue, count: int) -> None:
    """Until the queue says that so many wait."""
    async with asyncio.timeout(TIMEOUT_S):
        while (await queue.status()).waiting != count:
            await asyncio.sleep(0.005)


class TestQueue:
    async def test_hands_out_jobs_in_the_order_of_ringing(self, queue: Queue) -> None:
        for job in (ONE, TWO, THREE):
            queue.enqueue(job)
        assert [await wait_for(queue.take("advance_run")) for _ in range(3)] == [ONE, TWO, THREE]

    async def test_announces_a_job_once_until_it_is_taken_and_then_again(self, queue: Queue) -> None:
        queue.enqueue(ONE)
        await waiting(queue, 1)
        queue.enqueue(ONE)
        queue.enqueue(TWO)
        queue.enqueue(ONE)
        await waiting(queue, 2)
        assert [await wait_for(queue.take("advance_run")) for _ in range(2)] == [ONE, TWO]
        queue.enqueue(ONE)
        assert await wait_for(queue.take("advance_run")) == ONE
        await waiting(queue, 0)

    async def test_wakes_whoever_waits(self, queue: Queue) -> None:
        first, second = asyncio.ensure_future(queue.take("advance_run")), asyncio.ensure_future(queue.take("advance_run"))
        await asyncio.sleep(0)
        queue.enqueue(ONE)
        queue.enqueue(TWO)
        assert {await wait_for(first), await wait_for(second)} == {ONE, TWO}

    async def test_goes_on_after_somebody_stopped_waiting(self, queue: Queue) -> None:
        gone = asyncio.ensure_future(queue.take("advance_run"))
        await asyncio.sleep(0)
        gone.cancel()
        queue.enqueue(ONE)
        assert await wait_for(queue.take("advance_run")) == ONE

    async def test_says_how_it_is(self, queue: Queue) -> None:
        kind = "memory" if isinstance(queue, MemoryQueue) else "redis"
        assert await queue.status() == (kind, "ok", 0)
        for job in (ONE, TWO, THREE):
            queue.enqueue(job)
        await waiting(queue, 3)
        await wait_for(queue.take("advance_run"))
        await waiting(queue, 2)
