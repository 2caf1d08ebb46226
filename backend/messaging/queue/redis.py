"""The queue between processes: a Redis Stream for each kind of job, which a group of workers reads.

A job is deleted when it is taken, not when it is done. SQL holds the claim, so a lost job only waits for the reconciler.
Acknowledging later would need an owner, a timeout and a way to take over, all of which the lease in SQL has. While Redis is
unavailable, jobs reach the workers of the process that enqueues them, and its reconciler finds everything else that is due."""

import asyncio
from types import TracebackType
from typing import Any

from redis.exceptions import ResponseError

from backend.messaging.queue.contract import KINDS, Job, QueueStatus
from backend.messaging.queue.memory import MemoryJobQueue
from backend.messaging.redis_link import UNUSABLE_ERRORS, RedisLink, cancel_tasks
from backend.observability.log import get_logger

log = get_logger(__name__)

STREAM, QUEUED_SET, GROUP = "assent:jobs:{}", "assent:jobs:{}:announced", "workers"
READER = "worker"  # one name for all consumers, because entries are never left pending
MAX_STREAM_LENGTH = 10_000
MAX_UNSENT = 10_000
QUEUED_MS = 5_000  # a job can be enqueued again after this even if it was never taken
BLOCK_MS = 1_000
NO_GROUP_ERROR = ("NOGROUP", "UNBLOCKED")

ENQUEUE_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
for i = 3, #ARGV do
  if redis.call('ZADD', KEYS[2], 'NX', now + ARGV[1], ARGV[i]) == 1 then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'job', ARGV[i])
  end
end
"""


class RedisQueue:
    """See `contract.Queue`."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._lines = {kind: RedisJobQueue(link, kind) for kind in KINDS}

    async def __aenter__(self) -> "RedisQueue":
        for line in self._lines.values():
            line.open()
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await asyncio.gather(*(line.close() for line in self._lines.values()))

    def enqueue(self, job: Job) -> None:
        self._lines[job.kind].enqueue(job)

    async def take(self, kind: str) -> Job:
        return await self._lines[kind].take()

    async def status(self) -> QueueStatus:
        waiting = [await line.waiting() for line in self._lines.values()]
        return QueueStatus("redis", "ok" if self._link.up else "degraded", sum(waiting))


class RedisJobQueue:
    """The jobs of one kind."""

    def __init__(self, link: RedisLink, kind: str) -> None:
        self._link = link
        self._stream, self._announced = STREAM.format(kind), QUEUED_SET.format(kind)
        self._here = MemoryJobQueue()
        self._unsent: dict[Job, None] = {}
        self._filled, self._wanted = asyncio.Event(), asyncio.Event()
        self._sending = asyncio.Lock()
        self._takers = 0
        self._takes = False
        self._dropped = 0
        self._loops: list[asyncio.Task[None]] = []

    def open(self) -> None:
        self._link.on_up(self._log_dropped)
        self._loops = [
            asyncio.create_task(self._send(), name="queue sender"),
            asyncio.create_task(self._fetch(), name="queue reader"),
        ]

    async def close(self) -> None:
        """Put back what was fetched and not taken."""
        await cancel_tasks(*self._loops)
        while self._here.waiting():
            self._unsent[await self._here.take()] = None
        if self._link.up and self._unsent:
            await self._announce(list(self._unsent))

    def enqueue(self, job: Job) -> None:
        if self._link.up and len(self._unsent) < MAX_UNSENT:
            self._unsent[job] = None
            self._filled.set()
        else:
            self._enqueue_locally(job)

    def _enqueue_locally(self, job: Job) -> None:
        if self._takes:
            self._here.enqueue(job)
        else:
            self._dropped += 1

    def _log_dropped(self) -> None:
        if self._dropped:
            log.info("queue.jobs_dropped", jobs=self._dropped)
        self._dropped = 0

    async def take(self) -> Job:
        self._takes = True
        self._takers += 1
        self._update_demand()
        try:
            return await self._here.take()
        finally:
            self._takers -= 1
            self._update_demand()

    def _update_demand(self) -> None:
        """Fetch no more jobs than are awaited here: other processes have workers too."""
        if self._takers > self._here.waiting():
            self._wanted.set()
        else:
            self._wanted.clear()

    async def waiting(self) -> int:
        """How many jobs were enqueued and not taken; only those of this process while Redis is unavailable."""
        if self._link.up:
            try:
                async with asyncio.timeout(BLOCK_MS / 1000), self._sending:
                    return await self._link.client.xlen(self._stream) + self._waiting_locally()
            except UNUSABLE_ERRORS as error:
                self._link.failed(error)
        return self._waiting_locally()

    def _waiting_locally(self) -> int:
        return self._here.waiting() + len(self._unsent)

    async def _send(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            async with self._sending:
                jobs, self._unsent = list(self._unsent), {}
                if jobs and not await self._announce(jobs):
                    for job in jobs:
                        self._enqueue_locally(job)

    async def _announce(self, jobs: list[Job]) -> bool:
        """Add to the stream the jobs that are not in it; False when Redis did not accept them."""
        named = [f"{kind}:{id}" for kind, id in jobs]
        try:
            await self._link.client.eval(ENQUEUE_SCRIPT, 2, self._stream, self._announced, QUEUED_MS, MAX_STREAM_LENGTH, *named)
        except UNUSABLE_ERRORS as error:
            self._link.failed(error)
            return False
        return True

    async def _fetch(self) -> None:
        """Read from Redis while somebody here waits for a job."""
        while True:
            await self._wanted.wait()
            await self._link.until_up()
            try:
                await self._fetch_one()
            except ResponseError as error:
                await self._make_group(error)
            except UNUSABLE_ERRORS as error:
                self._link.failed(error)

    async def _fetch_one(self) -> None:
        found: Any = await self._link.client.xreadgroup(GROUP, READER, {self._stream: ">"}, count=1, block=BLOCK_MS, noack=True)
        for entry_id, fields in found[0][1] if found else ():
            kind, _, id = fields.get("job", "").partition(":")
            try:
                async with self._link.client.pipeline(transaction=False) as pipe:
                    pipe.xdel(self._stream, entry_id)
                    pipe.zrem(self._announced, f"{kind}:{id}")
                    await pipe.execute()
            finally:
                if id:
                    self._here.enqueue(Job(kind, id))
                    self._update_demand()

    async def _make_group(self, error: ResponseError) -> None:
        """Create the consumer group: for the first worker, or after Redis lost its data."""
        if not str(error).startswith(NO_GROUP_ERROR):
            self._link.failed(error)
            return
        try:
            await self._link.client.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
            log.info("queue.redis_was_empty")
        except ResponseError as refusal:
            if not str(refusal).startswith("BUSYGROUP"):
                self._link.failed(refusal)
        except UNUSABLE_ERRORS as failure:
            self._link.failed(failure)
