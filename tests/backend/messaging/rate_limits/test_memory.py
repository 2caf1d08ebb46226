"""A window that counts one too many lets work through; one that forgets too late refuses it."""

import time

import pytest
from limits import parse

from backend.messaging.rate_limits import memory
from backend.messaging.rate_limits.memory import MemoryRateWindows

THREE = parse("3/minute")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which only the test moves."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


class TestWindows:
    async def test_take_so_many_in_any_window_and_no_more(self, clock: list[float]) -> None:
        counted = MemoryRateWindows()
        for at in (0, 20, 40):
            clock[0] = 1000 + at
            assert await counted.hit(THREE, "dana")
        assert not await counted.hit(THREE, "dana")
        assert not await counted.test(THREE, "dana")
        assert await counted.seconds_left(THREE, "dana") == 20
        clock[0] = 1060
        assert await counted.test(THREE, "dana")
        assert await counted.hit(THREE, "dana")
        assert await counted.seconds_left(THREE, "dana") == 20

    async def test_count_each_key_for_itself_and_a_test_not_at_all(self, clock: list[float]) -> None:
        counted = MemoryRateWindows()
        for _ in range(3):
            assert await counted.hit(THREE, "dana")
        for _ in range(5):
            assert await counted.test(THREE, "eve")
        assert await counted.seconds_left(THREE, "eve") == 0
        for _ in range(3):
            assert await counted.hit(THREE, "eve")

    async def test_of_many_keys_forget_only_what_is_over(self, clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(memory, "CLEANUP_KEYS", 4)
        counted, hourly = MemoryRateWindows(), parse("1/hour")
        assert await counted.hit(hourly, "slow")
        clock[0] += 120
        for number in range(10):
            assert await counted.hit(THREE, str(number))
        assert not await counted.hit(hourly, "slow")
        clock[0] += 3600
        assert await counted.hit(hourly, "slow")
        for number in range(10):
            clock[0] += 120
            assert await counted.hit(THREE, str(number))
        assert len(counted._marks) <= 12

    async def test_of_more_keys_than_fit_forget_those_untouched_for_longest(
        self, clock: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(memory, "CLEANUP_KEYS", 4)
        monkeypatch.setattr(memory, "MAX_KEYS", 8)
        counted = MemoryRateWindows()
        for number in range(100):
            assert await counted.hit(THREE, str(number))
        assert len(counted._marks) <= 9
        assert [await counted.hit(THREE, "99") for _ in range(3)] == [True, True, False]
