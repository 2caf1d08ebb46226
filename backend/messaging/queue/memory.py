"""The queue inside one process."""

import asyncio

from backend.messaging.queue.contract import KINDS, Job, QueueStatus


class MemoryJobQueue:
    """The queue of one kind of job, in order."""

    def __init__(self) -> None:
        self._jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._announced: set[Job] = set()

    def enqueue(self, job: Job) -> None:
        if job not in self._announced:
            self._announced.add(job)
            self._jobs.put_nowait(job)

    async def take(self) -> Job:
        job = await self._jobs.get()
        self._announced.discard(job)
        return job

    def waiting(self) -> int:
        return len(self._announced)


class MemoryQueue:
    """See `contract.Queue`."""

    def __init__(self) -> None:
        self._lines = {kind: MemoryJobQueue() for kind in KINDS}

    def enqueue(self, job: Job) -> None:
        self._lines[job.kind].enqueue(job)

    async def take(self, kind: str) -> Job:
        return await self._lines[kind].take()

    async def status(self) -> QueueStatus:
        return QueueStatus("memory", "ok", sum(line.waiting() for line in self._lines.values()))
