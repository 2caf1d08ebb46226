"""A window that counts one too many lets work through; one that forgets too late refuses it."""

import time

import pytest
from limits import parse

from backend.api import windows
from backend.api.windows import Windows

THREE = parse("3/minute")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which only the test moves."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


class TestWindows:
    def test_take_so_many_in_any_window_and_no_more(self, clock: list[float]) -> None:
        counted = Windows()
        for at in (0, 20, 40):
            clock[0] = 1000 + at
            assert counted.hit(THREE, "dana")
        assert not counted.hit(THREE, "dana")
        assert not counted.test(THREE, "dana")
        assert counted.seconds_left(THREE, "dana") == 20
        clock[0] = 1060
        assert counted.test(THREE, "dana")
        assert counted.hit(THREE, "dana")
        assert counted.seconds_left(THREE, "dana") == 20

    def test_count_each_key_for_itself_and_a_test_not_at_all(self, clock: list[float]) -> None:
        counted = Windows()
        assert all(counted.hit(THREE, "dana") for _ in range(3))
        assert all(counted.test(THREE, "eve") for _ in range(5))
        assert counted.seconds_left(THREE, "eve") == 0
        assert all(counted.hit(THREE, "eve") for _ in range(3))

    def test_of_many_keys_forget_only_what_is_over(self, clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(windows, "MANY_KEYS", 4)
        counted, hourly = Windows(), parse("1/hour")
        assert counted.hit(hourly, "slow")
        clock[0] += 120
        assert all(counted.hit(THREE, str(number)) for number in range(10))
        assert not counted.hit(hourly, "slow")
        clock[0] += 3600
        assert counted.hit(hourly, "slow")
        assert len(counted._marks) <= 4
