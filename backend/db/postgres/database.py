"""Runs use cases over PostgreSQL: several at once, each under the locks it declares; effects only after commit."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, Concatenate

from backend.db.audit_sealer import UNSEALED, Sealer
from backend.db.database import Database, P, Sink, T
from backend.db.postgres.connection import DATABASE_ERRORS, is_lost, said
from backend.db.postgres.pipelined_transaction import PipelinedTransaction
from backend.db.postgres.retry import Retries
from backend.db.postgres.thread_connections import ThreadConnections
from backend.db.transaction import Tx
from backend.db.unit_of_work import UnitOfWork, settle_on_loop
from backend.errors import Unavailable
from backend.failpoints import armed, failpoint
from backend.observability.log import get_logger

log = get_logger(__name__)

WRITERS, READERS = 4, 4  # threads, and connections, of one process
WAIT_S = 5.0
FIND_OUT_S, ASK_AGAIN_S = 5.0, 0.1
_STATUS = b"SELECT pg_xact_status($1::xid8)"
UNKNOWN = "It is not known whether this was recorded: the database went away while it did. Look before you try again."


class PostgresDatabase(Database):
    """As many transactions at once as there are threads; who waits longer than WAIT_S for one is refused."""

    def __init__(self, url: str, sink: Sink, sealer: Sealer = UNSEALED) -> None:
        self._sealer = sealer
        self._sink = sink
        self._connections = ThreadConnections(url)
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="db-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-reader")

    async def transact(self, use_case: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._hand_in(self._writers, self._write, UnitOfWork.of(use_case, args, kwargs))  # type: ignore[no-any-return]

    async def read(self, query: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._hand_in(self._readers, self._read, UnitOfWork.of(query, args, kwargs))  # type: ignore[no-any-return]

    def close(self) -> None:
        self._writers.shutdown()
        self._readers.shutdown()
        self._connections.close()

    async def _hand_in(self, threads: ThreadPoolExecutor, work: Callable[[UnitOfWork], None], job: UnitOfWork) -> Any:
        handed = threads.submit(work, job)
        handed.add_done_callback(lambda _: self._settle(handed, job))
        patience = job.loop.call_later(WAIT_S, handed.cancel)  # which does nothing once a thread has begun
        try:
            return await job.future
        finally:
            patience.cancel()

    def _settle(self, handed: Future[None], job: UnitOfWork) -> None:
        if handed.cancelled():
            log.error("no connection became free", use_case=job.name, seconds=WAIT_S)
            job.error = Unavailable()
        else:
            job.error = handed.exception()
        settle_on_loop([job], self._sink)

    def _write(self, job: UnitOfWork) -> None:
        tries = Retries(job.name)
        with ExitStack() as failed:
            failed.callback(job.roll_back)
            while not self._is_committed(job, tries):
                job.roll_back()
            failed.pop_all()
        if armed():
            failpoint(f"{job.name}.committed")

    def _is_committed(self, job: UnitOfWork, tries: Retries) -> bool:
        """One try. False: it came to nothing and is worth another. Raises what the use case raises, and Unavailable."""
        try:
            self._commit(job)
            return True
        except DATABASE_ERRORS as error:
            tries.bear(error)
            return False

    def _commit(self, job: UnitOfWork) -> None:
        pipeline = self._connections.get()
        transaction = PipelinedTransaction.to_write(pipeline, job.locks)
        with ExitStack() as failed:
            failed.callback(transaction.roll_back)
            job.run(Tx(transaction, transaction.now, self._sealer))
            if not transaction.is_used:
                return
            number = transaction.number()
            failed.pop_all()
        try:
            transaction.commit()
            return
        except DATABASE_ERRORS as error:
            transaction.roll_back()
            if not is_lost(error):
                raise
            lost = error
        if not self._was_committed(number, pipeline.server_start):
            raise lost

    def _was_committed(self, number: str, server_start: str) -> bool:
        """The connection ended while it committed: the server knows what came of it. Raises Unavailable when it cannot be
        asked in time, or when it was cut off meanwhile and calls the number committed: it may be another's by now."""
        until = time.monotonic() + FIND_OUT_S
        while time.monotonic() < until:
            try:
                pipeline = self._connections.get()
                became = pipeline.queue(_STATUS, [number.encode()]).result.get_value(0, 0)
                is_ours = pipeline.server_start == server_start
            except DATABASE_ERRORS as error:
                log.warning("outcome not known yet", error=said(error))
                became = None
            if became == b"committed" and not is_ours:
                break
            if became in (b"committed", b"aborted"):
                return bool(became == b"committed")
            time.sleep(ASK_AGAIN_S)
        raise Unavailable(UNKNOWN, code="outcome_unknown")

    def _read(self, job: UnitOfWork) -> None:
        tries = Retries(job.name)
        while not self._has_read(job, tries):
            pass

    def _has_read(self, job: UnitOfWork, tries: Retries) -> bool:
        try:
            transaction = PipelinedTransaction.to_read(self._connections.get())
            with ExitStack() as failed:
                failed.callback(transaction.roll_back)
                job.result = job.call(Tx(transaction, transaction.now, self._sealer))
                transaction.end_reading()
                failed.pop_all()
            return True
        except DATABASE_ERRORS as error:
            tries.bear(error)
            return False
