"""Runs use cases over SQLite: one writer thread that commits in groups, readers beside it, effects only after commit."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from backend.db.audit_sealer import UNSEALED, Sealer
from backend.db.database import Database, P, Sink, T
from backend.db.sqlite.clock import Clock
from backend.db.sqlite.compiled import OpenTransaction, Statements
from backend.db.transaction import Tx, dumps
from backend.db.unit_of_work import UnitOfWork, settle_on_loop
from backend.errors import Unavailable
from backend.failpoints import FailpointRaised, armed, failpoint
from backend.observability.log import get_logger

log = get_logger(__name__)

BUSY_TIMEOUT_S = 5.0
DATABASE_ERRORS = (DBAPIError, sqlite3.Error)
GROUP_MAX = 64
READERS = 3


class SqliteDatabase(Database):
    """Effects go to the sink in commit order."""

    def __init__(self, path: Path, sink: Sink, sealer: Sealer = UNSEALED) -> None:
        self._sealer = sealer
        self._clock = Clock()
        self._sink = sink
        self._engine = connect(path)
        self._statements = Statements(self._engine.dialect)
        self._jobs: queue.SimpleQueue[UnitOfWork | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_until_closed, name="db-writer", daemon=True)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-reader")
        self._local = threading.local()
        self._writer.start()

    async def transact(self, use_case: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        job = UnitOfWork.of(use_case, args, kwargs)
        self._jobs.put(job)
        return await job.future  # type: ignore[no-any-return]

    async def read(self, query: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(
            self._readers, lambda: self._read(lambda tx: query(tx, *args, **kwargs))
        )

    def close(self) -> None:
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
                return query(Tx(OpenTransaction(connection, self._statements), self._clock.now(), self._sealer))
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

    def _commit_group(self, connection: Connection, jobs: list[UnitOfWork]) -> None:
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
                job.roll_back()
                job.error = Unavailable()
        else:
            for job in jobs if armed() else ():
                try:
                    failpoint(f"{job.name}.committed")
                except FailpointRaised as error:
                    job.error = job.error or error
        settle_on_loop(jobs, self._sink)

    def _run(self, connection: Connection, job: UnitOfWork, savepoint: bool) -> None:
        if savepoint:
            _do(connection, "SAVEPOINT job")
        try:
            job.run(Tx(OpenTransaction(connection, self._statements), self._clock.now(), self._sealer))
            if savepoint:
                _do(connection, "RELEASE job")
        except BaseException as error:  # whatever it is belongs to the caller; the writer goes on
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise
            job.roll_back()
            job.error = _explained(job, error)
            if savepoint:
                _do(connection, "ROLLBACK TO job")
                _do(connection, "RELEASE job")


def _explained(job: UnitOfWork, error: BaseException) -> BaseException:
    if isinstance(error, DATABASE_ERRORS) and isinstance(_origin(error), sqlite3.OperationalError):
        log.error("write failed", use_case=job.name, error=_said(error))
        return Unavailable()
    return error


def connect(path: Path) -> Engine:
    """An engine on a SQLite file: WAL, every commit on disk, what is deleted overwritten, writers announced at BEGIN."""
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=NullPool,
        json_serializer=dumps,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
            "cache_size=-16000",
        ):
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
    return str(_origin(error))


def _origin(error: DBAPIError | sqlite3.Error) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error
