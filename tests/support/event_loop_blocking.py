"""How long an event loop stands still for the work of its own thread: CPU time between two looks at what has come, not the
clock on the wall, so that a busy machine changes nothing. What the garbage collector takes is left out."""

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class BlockedTime:
    """The longest that the loop was held, in seconds of CPU."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._collected_s = self._collecting_since = 0.0

    def collected(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._collecting_since = time.thread_time()
        else:
            self._collected_s += time.thread_time() - self._collecting_since

    def turned(self, since_s: float) -> None:
        self.longest_s = max(self.longest_s, time.thread_time() - since_s - self._collected_s)
        self._collected_s = 0.0


@contextmanager
def watch_event_loop() -> Iterator[BlockedTime]:
    """Watch the running loop, which is one of asyncio's own."""
    loop: Any = asyncio.get_running_loop()
    held, turn = BlockedTime(), loop._run_once

    def watched_turn() -> None:
        since = time.thread_time()
        turn()
        held.turned(since)

    loop._run_once = watched_turn
    gc.callbacks.append(held.collected)
    try:
        yield held
    finally:
        gc.callbacks.remove(held.collected)
        loop._run_once = turn
