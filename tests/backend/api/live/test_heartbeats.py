"""Heartbeats of many sockets: each in time, and not all at once."""

import contextlib
from collections.abc import Iterator
from typing import Any, cast

import pytest
from starlette.websockets import WebSocket

from backend.api.live import sockets as live
from backend.api.live.sockets import Socket, Sockets
from backend.auth.principal import Principal
from backend.domain.people import Person

DANA = Principal(Person("per_1", "Dana"), "dana@example.org", "user", "sin_1")


@contextlib.contextmanager
def opened(sockets: Sockets, count: int) -> Iterator[list[Socket]]:
    with contextlib.ExitStack() as stack:
        made = [Socket(cast(WebSocket, None), DANA, f"ses_{n}") for n in range(count)]
        for socket in made:
            stack.enter_context(sockets.register(socket))
        yield made


class TestSockets:
    async def test_that_were_sent_something_lately_are_not_due(self) -> None:
        sockets = Sockets()
        with opened(sockets, 3):
            assert sockets.due_for_heartbeat() == []

    async def test_that_were_opened_together_are_due_in_turns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live, "HEARTBEAT_S", -1)
        sockets, seen = Sockets(), list[Any]()
        with opened(sockets, 800) as made:
            for _ in range(live.HEARTBEAT_SPREAD):
                due = sockets.due_for_heartbeat()
                assert len(due) == 100
                for socket in due:
                    socket.beat(7)
                    assert await socket.next_frame() == 7
                    socket.heartbeat_at += 1_000
                seen += due
        assert set(seen) == set(made)

    async def test_send_what_is_queued_before_a_heartbeat(self) -> None:
        with opened(Sockets(), 1) as (socket,):
            socket.beat(3)
            socket.queue_frame("{}", 4)
            assert [await socket.next_frame(), await socket.next_frame()] == [("{}", 4), 3]
