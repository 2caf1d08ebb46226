"""Runs use cases over SQLite: one writer thread that commits in groups, readers beside it, effects only after commit."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from backend.db.clock import Clock
from backend.db.transaction import Effect, Tx, dumps
from backend.errors import Unavailable
from backend.failpoints import FailpointRaised, armed, failpoint
from backend.log import get_logger

log = get_logger(__name__)

Sink = Callable[[Sequence[Effect]], None]
BUSY_TIMEOUT_S = 5.0
DATABASE_ERRORS = (DBAPIError, sqlite3.Error)
GROUP_MAX = 64
READERS = 3

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Job:
    """One use case on its way through the writer: its call, who waits for it, and what came of it."""

    call: Callable[[Tx], Any]
    name: str
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None
    effects: list[Effect] = field(default_factory=list)


class Database:
    """`transact` writes, `read` reads; both run a plain synchronous function whole, away from the event loop.

    After a commit the effects of every transaction go, in commit order and on the event loop, to `sink` before the
    caller learns its result; a caller that went away loses nothing."""

    def __init__(self, path: Path, sink: Sink) -> None:
        self.clock = Clock()
        self._sink = sink
        self._engine = connect(path)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_until_closed, name="db-writer", daemon=True)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-reader")
        self._local = threading.local()
        self._writer.start()

    async def transact(self, use_case: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `use_case(tx, ...)` in a transaction that is on disk when this returns. Whatever it raises rolls it back
        and is raised here. Raises Unavailable when the database cannot write."""
        loop = asyncio.get_running_loop()
        job = Job(lambda tx: use_case(tx, *args, **kwargs), use_case.__name__, loop, loop.create_future())
        self._jobs.put(job)
        return await job.future  # type: ignore[no-any-return]

    async def read(self, query: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `query(tx, ...)` on one consistent snapshot. Raises Unavailable when the database cannot be read."""
        return await asyncio.get_running_loop().run_in_executor(
            self._readers, lambda: self._read(lambda tx: query(tx, *args, **kwargs))
        )

    def close(self) -> None:
        """Finish what was handed in, then let go of the file."""
        self._jobs.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._engine.dispose()

    def _read(self, query: Callable[[Tx], T]) -> T:
        connection: Connection | None = getattr(self._local, "connection", None)
        try:
            if connection is None:
                connection = self._local.connection = self._engine.connect()
            with connection.begin():
                return query(Tx(connection, self.clock.now()))
        except DATABASE_ERRORS as error:
            log.error("read failed", error=_said(error))
            raise Unavailable("The database cannot be read right now; try again in a moment.") from error

    def _write_until_closed(self) -> None:
        with self._engine.connect().execution_options(writes=True) as connection:
            while (job := self._jobs.get()) is not None:
                jobs, closing = [job], False
                while len(jobs) < GROUP_MAX and not closing:
                    try:
                        following = self._jobs.get_nowait()
                    except queue.Empty:
                        break
                    if following is None:
                        closing = True
                    else:
                        jobs.append(following)
                self._commit_group(connection, jobs)
                if closing:
                    return

    def _commit_group(self, connection: Connection, jobs: list[Job]) -> None:
        """Commit the jobs together. A lone job needs no savepoint; in a company each failure rolls back only itself."""
        try:
            with connection.begin() as transaction:
                for job in jobs:
                    self._run(connection, job, savepoint=len(jobs) > 1)
                if len(jobs) == 1 and jobs[0].error:
                    transaction.rollback()
        except DATABASE_ERRORS as error:
            log.error("commit failed", error=_said(error), use_cases=[job.name for job in jobs])
            for job in jobs:
                job.error, job.effects = Unavailable(), []
        else:
            for job in jobs if armed() else ():
                try:
                    failpoint(f"{job.name}.committed")
                except FailpointRaised as error:
                    job.error = job.error or error
        loop = jobs[0].loop
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._settle, jobs)

    def _run(self, connection: Connection, job: Job, savepoint: bool) -> None:
        tx = Tx(connection, self.clock.now())
        if savepoint:
            _do(connection, "SAVEPOINT job")
        try:
            job.result = job.call(tx)
            tx.flush()
            if armed():
                failpoint(f"{job.name}.before_commit")
            job.effects = tx.effects
            if savepoint:
                _do(connection, "RELEASE job")
        except BaseException as error:  # whatever it is belongs to the caller; the writer goes on
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise
            job.error = error
            if savepoint:
                _do(connection, "ROLLBACK TO job")
                _do(connection, "RELEASE job")

    def _settle(self, jobs: list[Job]) -> None:
        for job in jobs:
            if job.effects:
                self._sink(job.effects)
            if job.future.done():
                continue
            if job.error is None:
                job.future.set_result(job.result)
            else:
                job.future.set_exception(_explain(job))


def _explain(job: Job) -> BaseException:
    if isinstance(job.error, DBAPIError) and isinstance(job.error.orig, sqlite3.OperationalError):
        log.error("write failed", use_case=job.name, error=_said(job.error))
        return Unavailable()
    assert job.error is not None
    return job.error


def connect(path: Path) -> Engine:
    """An engine on a SQLite file: WAL, every commit on disk, writers announce themselves at BEGIN."""
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=NullPool,
        json_serializer=dumps,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-16000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        _do(connection, "BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

    return engine


def _do(connection: Connection, words: str) -> None:
    """Say a word of transaction control straight to the driver: SQLAlchemy's way round costs a tenth of a use case."""
    driver: Any = connection.connection.driver_connection
    driver.execute(words)


def _said(error: DBAPIError | sqlite3.Error) -> str:
    return str(error.orig if isinstance(error, DBAPIError) else error)
