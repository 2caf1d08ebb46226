"""The contract of rate limits: one suite, run on every implementation."""

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
from limits import parse

from backend.messaging import redis_link
from backend.messaging.rate_limits.contract import RateWindows
from backend.messaging.rate_limits.memory import MemoryRateWindows
from backend.messaging.rate_limits.redis import RedisRateWindows
from backend.messaging.redis_link import RedisLink
from tests.support.redis import RedisServer
from tests.support.waiting import TIMEOUT_S

THREE = parse("3/hour")
ONE_A_SECOND = parse("1/second")


class Processes(NamedTuple):
    """The windows of two processes; with memory there is one only."""

    one: RateWindows
    other: RateWindows


@pytest.fixture(params=["memory", "redis"])
async def processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Processes]:
    if request.param == "memory":
        windows = MemoryRateWindows()
        yield Processes(windows, windows)
        return
    server: RedisServer = request.getfixturevalue("redis")
    monkeypatch.setattr(redis_link, "ANSWER_S", TIMEOUT_S)  # a slow machine is not a Redis that is away
    async with RedisLink(server.url) as here, RedisLink(server.url) as there:
        yield Processes(RedisRateWindows(here), RedisRateWindows(there))


class TestWindows:
    async def test_take_so_many_over_all_processes_and_no_more(self, processes: Processes) -> None:
        one, other = processes
        assert [await windows.hit(THREE, "work", "dana") for windows in (one, other, one)] == [True] * 3
        for windows in processes:
            assert not await windows.test(THREE, "work", "dana")
            assert not await windows.hit(THREE, "work", "dana")
            assert 3500 < await windows.seconds_left(THREE, "work", "dana") <= 3600

    async def test_count_each_key_for_itself_and_a_test_not_at_all(self, processes: Processes) -> None:
        one, other = processes
        for _ in range(5):
            assert await one.test(THREE, "work", "eve")
        assert await one.seconds_left(THREE, "work", "eve") == 0
        assert [await one.hit(THREE, "work", name) for name in ("eve", "eve", "eve", "dana")] == [True] * 4
        assert await other.hit(THREE, "answer", "eve")
        assert not await other.hit(THREE, "work", "eve")

    async def test_give_back_one_at_a_time(self, processes: Processes) -> None:
        one, other = processes
        assert [await one.hit(THREE, "work", "noor") for _ in range(4)] == [True] * 3 + [False]
        await one.undo(THREE, "work", "noor")
        assert [await other.hit(THREE, "work", "noor") for _ in range(2)] == [True, False]
        await one.undo(THREE, "work", "nobody")
        assert await one.test(THREE, "work", "nobody")

    async def test_let_no_more_through_at_once_than_one_by_one(self, processes: Processes) -> None:
        hits = [windows.hit(THREE, "work", "all at once") for windows in processes for _ in range(50)]
        assert (await asyncio.gather(*hits)).count(True) == 3

    async def test_make_room_as_time_passes(self, processes: Processes) -> None:
        one, other = processes
        assert await one.hit(ONE_A_SECOND, "dana")
        async with asyncio.timeout(TIMEOUT_S):
            while not await other.hit(ONE_A_SECOND, "dana"):
                await asyncio.sleep(await other.seconds_left(ONE_A_SECOND, "dana"))
