"""The queue contract."""

from typing import Literal, NamedTuple, Protocol

KINDS = ("advance_run", "carry", "collect")
"""Each kind has a queue of its own, so a worker that is full for one kind still takes the others."""


class Job(NamedTuple):
    """Work for a handler: `kind` names the handler, `id` the row that says what is due."""

    kind: str
    id: str


class QueueStatus(NamedTuple):
    """`waiting` jobs were enqueued and not taken. A degraded queue reaches only the workers of this process; others find what is
    due in SQL."""

    kind: Literal["memory", "redis"]
    status: Literal["ok", "degraded"]
    waiting: int


class Queue(Protocol):
    """Carries jobs to workers. A job may arrive twice or never: handlers claim the row in SQL, and do nothing when it is done
    already."""

    def enqueue(self, job: Job) -> None:
        """Enqueue the job, unless it is in the queue already. Never raises, never waits."""
        ...

    async def take(self, kind: str) -> Job:
        """The next job of a kind; waits for one."""
        ...

    async def status(self) -> QueueStatus:
        """The queue's status. Never raises; waits briefly at most."""
        ...
