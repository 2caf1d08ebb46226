"""The queue contract."""

from typing import Literal, NamedTuple, Protocol

KINDS = ("advance_run", "carry", "collect")
"""Each kind has a line of its own: a worker that has no room for one takes the others."""


class Job(NamedTuple):
    """Something to look at: `kind` names the handler, `id` the row that says what is due."""

    kind: str
    id: str


class QueueStatus(NamedTuple):
    """`waiting` jobs are announced and not taken. A degraded queue reaches the workers of this process only; what is due
    elsewhere is found in SQL."""

    kind: Literal["memory", "redis"]
    status: Literal["ok", "degraded"]
    waiting: int


class Queue(Protocol):
    """Carries rings to workers. A ring may come twice or never; handlers claim in SQL and find nothing when it is done."""

    def ring(self, job: Job) -> None:
        """Announce the job; one already announced and not yet taken is not announced twice. Never raises, never waits."""
        ...

    async def take(self, kind: str) -> Job:
        """The next job of a kind; waits for one."""
        ...

    async def status(self) -> QueueStatus:
        """How it is. Never raises; waits for a moment at most."""
        ...
