"""Transactions that go on one exchange with the server at a time, in an order that was chosen beforehand."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from backend.db.postgres.pipeline import Pipeline
from tests.support.waiting import TIMEOUT_S

_BLOCKED = "SELECT pid FROM pg_locks WHERE NOT granted"
_GLANCE_S = 0.002


class Turns:
    """One at a time: whoever has the turn speaks with the server once, and then waits for the next turn. Whom the server lets
    wait for a lock has no turn until it is let go on. `order` chooses among those who wait, again and again."""

    def __init__(self, order: Sequence[int], url: str) -> None:
        self._order = list(order) or [0]
        self._taken = 0
        self._server = psycopg.connect(url, autocommit=True)
        self._changed = threading.Condition()
        self._mine = threading.local()
        self._waiting: set[int] = set()
        self._left: set[int] = set()
        self._pids: dict[int, int] = {}
        self._turn: int | None = None
        self.exchanges = 0

    @contextmanager
    def playing(self) -> Iterator["Turns"]:
        """From now on every exchange waits for its turn."""
        exchange: Any = Pipeline._exchange

        def in_turn(pipeline: Pipeline, read: bool) -> None:
            self._wait(pipeline)
            exchange(pipeline, read)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Pipeline, "_exchange", in_turn)
            yield self
        self._server.close()

    def taken_by(self, player: int, use_case: Callable[..., Any]) -> Callable[..., Any]:
        """The use case, in whatever thread and however often it is run, as this player's."""

        def play(*args: Any, **kwargs: Any) -> Any:
            self._mine.player = player
            return use_case(*args, **kwargs)

        play.__name__ = use_case.__name__
        if hasattr(use_case, "locks"):
            play.locks = use_case.locks  # type: ignore[attr-defined]
        return play

    def leave(self, player: int) -> None:
        with self._changed:
            self._left.add(player)
            self._waiting.discard(player)
            self._changed.notify_all()

    def drive(self, players: int) -> None:
        """Until all have left."""
        with self._changed:
            while len(self._left) < players:
                if self._is_settled(players):
                    ready = sorted(self._waiting)
                    self._turn = ready[self._order[self._taken % len(self._order)] % len(ready)]
                    self._taken += 1
                    self._waiting.discard(self._turn)
                    self._changed.notify_all()

    def _wait(self, pipeline: Pipeline) -> None:
        player = getattr(self._mine, "player", None)
        if player is None or player in self._left:
            return
        with self._changed:
            self.exchanges += 1
            self._pids[player] = pipeline.backend_pid
            self._waiting.add(player)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._turn == player, TIMEOUT_S)
            self._turn = None
            self._changed.notify_all()

    def _is_settled(self, players: int) -> bool:
        """Whether somebody waits for a turn, and everybody else for the server to give them a lock."""
        at_work = set(range(players)) - self._waiting - self._left
        if self._turn is not None or at_work:
            self._changed.wait(_GLANCE_S)
            at_work = set(range(players)) - self._waiting - self._left
        if self._turn is not None or not self._waiting:
            return False
        if not at_work:
            return True
        blocked = {row[0] for row in self._server.execute(_BLOCKED.encode())}
        return all(self._pids.get(player) in blocked for player in at_work)
