"""One use case on its way through a database: its call, who waits for it, and what came of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend.db.database import Sink
from backend.db.locks import Locks, locks_of
from backend.db.transaction import Tx
from backend.failpoints import armed, failpoint


@dataclass(slots=True)
class UnitOfWork:
    """`tx` is the transaction of the newest try."""

    call: Callable[[Tx], Any]
    name: str
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None
    tx: Tx | None = None
    locks: Locks | None = None

    @classmethod
    def of(cls, use_case: Callable[..., Any], args: Any, kwargs: Any) -> "UnitOfWork":
        loop = asyncio.get_running_loop()
        job = cls(lambda tx: use_case(tx, *args, **kwargs), use_case.__name__, loop, loop.create_future())
        job.locks = locks_of(use_case, args, kwargs)
        return job

    def run(self, tx: Tx) -> None:
        """Everything but the commit. Raises what the use case raises; then `roll_back` is due."""
        self.tx = tx
        self.result = self.call(tx)
        tx.flush()
        if armed():
            failpoint(f"{self.name}.before_commit")

    def roll_back(self) -> None:
        """Nothing of the newest try will be committed: it has no effects, and what it changed in memory is as before."""
        if self.tx is not None:
            self.tx.roll_back()
            self.tx = None

    def settle(self, sink: Sink) -> None:
        """On the event loop: first the effects of what was committed, then the caller."""
        if self.tx is not None and self.tx.effects:
            sink(self.tx.effects)
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


def settle_on_loop(jobs: list[UnitOfWork], sink: Sink) -> None:
    """From any thread: settle the jobs, which were committed together, in their order."""
    loop = jobs[0].loop
    if not loop.is_closed():
        loop.call_soon_threadsafe(_settle, jobs, sink)


def _settle(jobs: list[UnitOfWork], sink: Sink) -> None:
    for job in jobs:
        job.settle(sink)
