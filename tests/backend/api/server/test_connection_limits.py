"""Whoever only holds connections open loses the oldest of them; whoever brings a request has room."""

from backend.api.server.connection_limits import ConnectionLimits

HERE, THERE = "203.0.113.7", "2001:db8::1"


class Held:
    """A connection that goes when it is asked to."""

    def __init__(self, crowd: ConnectionLimits, address: str) -> None:
        self.limits, self.address, self.is_open = crowd, address, True

    def make_way(self) -> None:
        self.is_open = False
        self.limits.discard(self, self.address)


def held(crowd: ConnectionLimits, address: str, count: int) -> list[Held]:
    connections = [Held(crowd, address) for _ in range(count)]
    for connection in connections:
        crowd.unfinished(connection, address)
    return connections


def still_open(connections: list[Held]) -> list[bool]:
    return [connection.is_open for connection in connections]


class TestCrowd:
    def test_of_one_place_keeps_its_newest(self) -> None:
        crowd = ConnectionLimits(100, 3)
        strangers, dana = held(crowd, HERE, 5), held(crowd, THERE, 1)
        assert still_open(strangers) == [False, False, True, True, True]
        assert still_open(dana) == [True]

    def test_of_one_network_is_one_place(self) -> None:
        crowd = ConnectionLimits(100, 1)
        first, second = held(crowd, "2001:db8::1", 1), held(crowd, "2001:db8::2:1", 1)
        assert still_open(first + second) == [False, True]

    def test_that_fills_the_house_makes_way_before_anybody_who_has_less(self) -> None:
        crowd = ConnectionLimits(4, 100)
        dana, strangers = held(crowd, THERE, 1), held(crowd, HERE, 3)
        assert crowd.has_room(4)
        assert crowd.has_room(5)
        assert still_open(dana + strangers) == [True, False, True, True]

    def test_that_is_idle_makes_way_after_whoever_has_not_asked_yet(self) -> None:
        crowd = ConnectionLimits(2, 100)
        [idle] = held(crowd, HERE, 1)
        crowd.idle(idle, HERE)
        [unfinished] = held(crowd, THERE, 1)
        assert crowd.has_room(3)
        assert (idle.is_open, unfinished.is_open) == (True, False)
        assert crowd.has_room(3)
        assert not idle.is_open

    def test_at_work_is_not_sent_away(self) -> None:
        crowd = ConnectionLimits(1, 100)
        [busy] = held(crowd, HERE, 1)
        crowd.discard(busy, HERE)
        assert not crowd.has_room(2)
        assert busy.is_open
