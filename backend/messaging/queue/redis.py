"""The queue between processes: a Redis Stream for each kind of job, which a group of workers reads.

A job is deleted as it is taken, not when it is done. SQL holds the claim, so a job that falls between costs one turn of the
reconciler; kept and acknowledged later, it would need an owner, a timeout and a thief, all of which the lease in SQL has.
While Redis is away, rings reach the workers of the process they are rung in, whose reconciler finds everything due."""

import asyncio
from types import TracebackType
from typing import Any

from redis.exceptions import ResponseError

from backend.messaging.queue.contract import KINDS, Job, QueueStatus
from backend.messaging.queue.memory import MemoryLine
from backend.messaging.redis_link import AWAY, RedisLink, ended
from backend.observability.log import get_logger

log = get_logger(__name__)

STREAM, ANNOUNCED, GROUP = "assent:jobs:{}", "assent:jobs:{}:announced", "workers"
READER = "worker"  # one name for all: nothing is ever pending under it
LONGEST_STREAM = 10_000
MOST_UNSENT = 10_000
ANNOUNCED_MS = 5_000  # a job whose taker died in between may be announced again after this
BLOCK_MS = 1_000
GROUP_GONE = ("NOGROUP", "UNBLOCKED")

RING = """
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
        self._lines = {kind: RedisLine(link, kind) for kind in KINDS}

    async def __aenter__(self) -> "RedisQueue":
        for line in self._lines.values():
            line.open()
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await asyncio.gather(*(line.close() for line in self._lines.values()))

    def ring(self, job: Job) -> None:
        self._lines[job.kind].ring(job)

    async def take(self, kind: str) -> Job:
        return await self._lines[kind].take()

    async def status(self) -> QueueStatus:
        waiting = [await line.waiting() for line in self._lines.values()]
        return QueueStatus("redis", "ok" if self._link.up else "degraded", sum(waiting))


class RedisLine:
    """The jobs of one kind."""

    def __init__(self, link: RedisLink, kind: str) -> None:
        self._link = link
        self._stream, self._announced = STREAM.format(kind), ANNOUNCED.format(kind)
        self._here = MemoryLine()
        self._unsent: dict[Job, None] = {}
        self._filled, self._wanted = asyncio.Event(), asyncio.Event()
        self._sending = asyncio.Lock()
        self._takers = 0
        self._takes = False
        self._dropped = 0
        self._loops: list[asyncio.Task[None]] = []

    def open(self) -> None:
        self._link.on_up(self._say_dropped)
        self._loops = [
            asyncio.create_task(self._send(), name="queue sender"),
            asyncio.create_task(self._fetch(), name="queue reader"),
        ]

    async def close(self) -> None:
        """Hand back what was fetched and not taken."""
        await ended(*self._loops)
        while self._here.waiting():
            self._unsent[await self._here.take()] = None
        if self._link.up and self._unsent:
            await self._announce(list(self._unsent))

    def ring(self, job: Job) -> None:
        if self._link.up and len(self._unsent) < MOST_UNSENT:
            self._unsent[job] = None
            self._filled.set()
        else:
            self._ring_here(job)

    def _ring_here(self, job: Job) -> None:
        if self._takes:
            self._here.ring(job)
        else:
            self._dropped += 1

    def _say_dropped(self) -> None:
        if self._dropped:
            log.info("rings were dropped while redis was away; the reconciler finds what is due", rings=self._dropped)
        self._dropped = 0

    async def take(self) -> Job:
        self._takes = True
        self._takers += 1
        self._see_what_is_wanted()
        try:
            return await self._here.take()
        finally:
            self._takers -= 1
            self._see_what_is_wanted()

    def _see_what_is_wanted(self) -> None:
        """Fetch no more than somebody here waits for: other processes have workers too."""
        if self._takers > self._here.waiting():
            self._wanted.set()
        else:
            self._wanted.clear()

    async def waiting(self) -> int:
        """How many are announced and not taken; only those of this process while Redis is away."""
        if self._link.up:
            try:
                async with asyncio.timeout(BLOCK_MS / 1000), self._sending:
                    return await self._link.client.xlen(self._stream) + self._waiting_here()
            except AWAY as error:
                self._link.failed(error)
        return self._waiting_here()

    def _waiting_here(self) -> int:
        return self._here.waiting() + len(self._unsent)

    async def _send(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            async with self._sending:
                jobs, self._unsent = list(self._unsent), {}
                if jobs and not await self._announce(jobs):
                    for job in jobs:
                        self._ring_here(job)

    async def _announce(self, jobs: list[Job]) -> bool:
        """Put the jobs into the stream that are not in it; False when Redis did not take them."""
        named = [f"{kind}:{id}" for kind, id in jobs]
        try:
            await self._link.client.eval(RING, 2, self._stream, self._announced, ANNOUNCED_MS, LONGEST_STREAM, *named)
        except AWAY as error:
            self._link.failed(error)
            return False
        return True

    async def _fetch(self) -> None:
        """While somebody waits for a job, wait for one at Redis."""
        while True:
            await self._wanted.wait()
            await self._link.until_up()
            try:
                await self._fetch_one()
            except ResponseError as error:
                await self._make_group(error)
            except AWAY as error:
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
                    self._here.ring(Job(kind, id))
                    self._see_what_is_wanted()

    async def _make_group(self, error: ResponseError) -> None:
        """The first worker makes the group, and so does the first after Redis lost everything."""
        if not str(error).startswith(GROUP_GONE):
            self._link.failed(error)
            return
        try:
            await self._link.client.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
            log.info("redis was empty; what is announced and counted there begins anew")
        except ResponseError as refusal:
            if not str(refusal).startswith("BUSYGROUP"):
                self._link.failed(refusal)
        except AWAY as failure:
            self._link.failed(failure)
