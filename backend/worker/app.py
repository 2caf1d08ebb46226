"""Takes jobs off the queue and hands each to its handler; looks into SQL for what nobody rang for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from backend.core.answers import expire_request
from backend.core.ladders import CARRY
from backend.core.mailboxes import COLLECT
from backend.core.runs import ADVANCE
from backend.db import Database
from backend.db.deliveries import due_deliveries
from backend.db.feedback import due_requests
from backend.db.mails import due_mailboxes
from backend.db.runs import due_runs
from backend.errors import Unavailable
from backend.jobs.contract import Job, Queue
from backend.log import get_logger

log = get_logger(__name__)

Handler = Callable[[str], Awaitable[None]]
AT_ONCE = 64
FREELY = 8
BREATH_S, LATE_S = 0.02, 0.002
RECONCILE_S = 1.0
BATCH = 100


class Worker:
    """Runs jobs, many at once, until it is drained."""

    def __init__(self, db: Database, queue: Queue, handlers: Mapping[str, Handler]) -> None:
        self._db = db
        self._queue = queue
        self._handlers = handlers
        self._room = asyncio.Semaphore(AT_ONCE)
        self._at_work: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._loops = [
            asyncio.create_task(self._take_jobs(), name="worker"),
            asyncio.create_task(self._reconcile(), name="reconciler"),
        ]

    async def drain(self, seconds: float, grace: float) -> None:
        """Take nothing new, give running work `seconds` to reach its next commit, then tell it to stop and wait `grace` for
        what it must see through; the rest is left to its lease."""
        for loop in self._loops:
            loop.cancel()
        if self._at_work:
            _, late = await asyncio.wait(self._at_work, timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=grace)

    async def _take_jobs(self) -> None:
        while True:
            await self._room.acquire()
            await self._let_others_go_first()
            job = await self._queue.take()
            task = asyncio.create_task(self._handle(job))
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)

    async def _let_others_go_first(self) -> None:
        """Beyond a few jobs, take one more only while the loop is on time: a model elsewhere leaves it idle, one in this
        process does not, and whoever sends a message now waits for the loop."""
        clock = asyncio.get_running_loop().time
        while len(self._at_work) >= FREELY:
            begun = clock()
            await asyncio.sleep(BREATH_S)
            if clock() - begun < BREATH_S + LATE_S:
                return

    async def _handle(self, job: Job) -> None:
        try:
            with structlog.contextvars.bound_contextvars(job=job.kind, job_id=job.id):
                await self._handlers[job.kind](job.id)
        except Unavailable as error:
            log.warning("job put off", reason=error.detail)
        except Exception:  # one bad job must not stop the others; its lease lapses and the claim counter bounds it
            log.exception("job failed")
        finally:
            self._room.release()

    async def _reconcile(self) -> None:
        """Once a second: let due times speak, and ring for runs, deliveries and mailboxes that are due but not rung for."""
        while True:
            try:
                for request_id in await self._db.read(due_requests, BATCH):
                    await self._db.transact(expire_request, request_id)
                for run_id in await self._db.read(due_runs, BATCH):
                    self._queue.ring(Job(ADVANCE, run_id))
                for delivery_id in await self._db.read(due_deliveries, BATCH):
                    self._queue.ring(Job(CARRY, delivery_id))
                if COLLECT in self._handlers:
                    for account in await self._db.read(due_mailboxes, BATCH):
                        self._queue.ring(Job(COLLECT, account))
            except Unavailable as error:
                log.warning("reconciler put off", reason=error.detail)
            except Exception:  # the reconciler is the safety net: it must outlive whatever it finds
                log.exception("reconciler failed")
            await asyncio.sleep(RECONCILE_S)
