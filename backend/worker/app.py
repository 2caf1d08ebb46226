"""The worker process: take jobs from the queue, run their handlers, and find due work in SQL that nobody rang for."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import structlog

from backend.core.decisions.expire import expire_request
from backend.core.mail.mailboxes import FETCH_MAIL_JOB
from backend.core.outbox.escalation import DELIVER_JOB
from backend.core.runs.lease import ADVANCE_RUN_JOB
from backend.db import Database, Tx
from backend.db.queries.deliveries import due_deliveries
from backend.db.queries.mail import due_mailboxes
from backend.db.queries.requests import due_requests
from backend.db.queries.runs import due_runs
from backend.errors import Unavailable
from backend.messaging.queue.contract import Job, Queue
from backend.observability.log import get_logger
from backend.worker.backoff import Backoff

log = get_logger(__name__)

Handler = Callable[[str], Awaitable[None]]
DueQuery = Callable[[Tx, int], Sequence[str]]
CONCURRENCY = {ADVANCE_RUN_JOB: 64, DELIVER_JOB: 64, FETCH_MAIL_JOB: 16}
DUE: dict[str, DueQuery] = {ADVANCE_RUN_JOB: due_runs, DELIVER_JOB: due_deliveries, FETCH_MAIL_JOB: due_mailboxes}
EXPIRE = "expire_request"
UNTHROTTLED = 8
PAUSE_S, LAG_S = 0.02, 0.002
RECONCILE_S = 1.0
BATCH = 100


class Worker:
    """Runs jobs concurrently until it is drained. Each kind has its own limit, so that a slow model does not delay deliveries
    and a slow channel does not delay runs."""

    def __init__(
        self,
        db: Database,
        queue: Queue,
        handlers: Mapping[str, Handler],
        concurrency: Mapping[str, int] = CONCURRENCY,
        every_s: float = RECONCILE_S,
    ) -> None:
        self._db = db
        self._queue = queue
        self._handlers = handlers
        self._slots = {kind: asyncio.Semaphore(concurrency[kind]) for kind in handlers}
        self._busy: Counter[str] = Counter()
        self._every_s = every_s
        self._backoff = Backoff()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._loops = [
            *(asyncio.create_task(self._take_jobs(kind), name=f"worker {kind}") for kind in self._handlers),
            asyncio.create_task(self._reconcile(), name="reconciler"),
        ]

    async def drain(self, seconds: float, grace: float) -> None:
        """Take no new jobs, give running ones `seconds` to finish, then cancel them and wait `grace` seconds. Leases cover
        whatever is left."""
        for loop in self._loops:
            loop.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=grace)

    async def _take_jobs(self, kind: str) -> None:
        while True:
            await self._slots[kind].acquire()
            await self._wait_for_idle_loop(kind)
            job = await self._queue.take(kind)
            self._busy[kind] += 1
            task = asyncio.create_task(self._handle(job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _wait_for_idle_loop(self, kind: str) -> None:
        """Above a few jobs, take another only while the event loop is not lagging, so that requests to the API stay fast."""
        clock = asyncio.get_running_loop().time
        while self._busy[kind] >= UNTHROTTLED:
            begun = clock()
            await asyncio.sleep(PAUSE_S)
            if clock() - begun < PAUSE_S + LAG_S:
                return

    async def _handle(self, job: Job) -> None:
        try:
            with structlog.contextvars.bound_contextvars(job=job.kind, job_id=job.id):
                await self._run_guarded(job, partial(self._handlers[job.kind], job.id))
        except Unavailable as error:
            log.warning("job.postponed", job=job.kind, job_id=job.id, reason=error.detail)
        finally:
            self._busy[job.kind] -= 1
            self._slots[job.kind].release()

    async def _run_guarded(self, key: tuple[str, str], work: Callable[[], Awaitable[object]]) -> None:
        """Run the work; if it raises, log the error and back off from this key. Raises Unavailable."""
        try:
            await work()
        except Unavailable:
            raise
        except Exception:
            log.exception("job.failed", job=key[0], job_id=key[1], retry_after_s=self._backoff.failed(key))
        else:
            self._backoff.succeeded(key)

    async def _reconcile(self) -> None:
        """Periodically expire due requests, and ring for due runs, deliveries and mailboxes that nobody rang for."""
        while True:
            await self._attempt(self._expire)
            for kind in self._handlers:
                await self._attempt(partial(self._ring_for, kind))
            await asyncio.sleep(self._every_s)

    async def _attempt(self, look: Callable[[], Awaitable[None]]) -> None:
        try:
            await look()
        except Unavailable as error:
            log.warning("reconciler.postponed", reason=error.detail)
        except Exception:  # the reconciler is the safety net and must survive any error
            log.exception("reconciler.failed")

    async def _expire(self) -> None:
        for request_id in await self._due(EXPIRE, due_requests):
            await self._run_guarded((EXPIRE, request_id), partial(self._db.transact, expire_request, request_id))

    async def _ring_for(self, kind: str) -> None:
        for id in await self._due(kind, DUE[kind]):
            self._queue.enqueue(Job(kind, id))

    async def _due(self, kind: str, look: DueQuery) -> list[str]:
        """The due ids that are not backing off; those that are do not use up the batch."""
        found = await self._db.read(look, BATCH + self._backoff.count(kind))
        return [id for id in found if not self._backoff.is_waiting((kind, id))]
