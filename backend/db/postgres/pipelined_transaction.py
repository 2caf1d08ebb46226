"""A transaction over a pipeline: its beginning is sent with its first statement, its commit with its last."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from sqlalchemy import Row
from sqlalchemy.sql import Executable

from backend.db.locks import Locks
from backend.db.postgres.advisory_locks import NOW, lock
from backend.db.postgres.pipeline import Pipeline, ServerReply
from backend.db.postgres.statement import ServerStatement, compile_statement

_BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED"
_BEGIN_READ_ONLY = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_NOW = f"SELECT {NOW}".encode()
_COMMIT, _ROLLBACK = b"COMMIT", b"ROLLBACK"


class PendingAnswer:
    """What a statement found or did. Looking at it waits for the server."""

    __slots__ = ("_reply", "_statement")

    def __init__(self, statement: ServerStatement, reply: ServerReply) -> None:
        self._statement = statement
        self._reply = reply

    @property
    def rowcount(self) -> int:
        return int(self._reply.result.command_tuples or 0)

    def all(self) -> list[Row[Any]]:
        return self._statement.rows(self._reply.result)

    def first(self) -> Row[Any] | None:
        rows = self.all()
        return rows[0] if rows else None

    def one(self) -> Row[Any]:
        (row,) = self.all()
        return row

    def scalar(self) -> Any:
        rows = self.all()
        return rows[0][0] if rows else None

    def scalar_one(self) -> Any:
        return self.one()[0]

    def __iter__(self) -> Iterator[Row[Any]]:
        return iter(self.all())


class PipelinedTransaction:
    """What a `Tx` executes its statements on."""

    def __init__(self, pipeline: Pipeline, begin: bytes) -> None:
        self._pipeline = pipeline
        self._begin = pipeline.queue(begin)
        self._locked: ServerReply | None = None
        self._used = False

    @classmethod
    def to_write(cls, pipeline: Pipeline, locks: Locks | None) -> "PipelinedTransaction":
        """Under a use case's locks; None locks out every other writer."""
        transaction = cls(pipeline, _BEGIN)
        transaction._locked = lock(pipeline, locks)
        return transaction

    @classmethod
    def to_read(cls, pipeline: Pipeline) -> "PipelinedTransaction":
        """On one snapshot."""
        return cls(pipeline, _BEGIN_READ_ONLY)

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> PendingAnswer:
        """Queue the statement, once for each of several sets of parameters; the answer is that to the last."""
        self._used = True
        for each in [parameters or {}] if parameters is None or isinstance(parameters, Mapping) else parameters:
            compiled = compile_statement(statement, each)
            reply = self._pipeline.queue(compiled.text, compiled.encode(each), compiled.types)
        return PendingAnswer(compiled, reply)

    def now(self) -> int:
        """The server's time in milliseconds since 1970 UTC, once the locks were held; for a reader, when it first asked."""
        self._used = True
        if self._locked is None:
            self._locked = self._pipeline.queue(_NOW)
        return int(self._from_the_end(1))

    def number(self) -> str:
        """The id by which the server knows a writing transaction afterwards."""
        return self._from_the_end(2).decode()

    def _from_the_end(self, column: int) -> bytes:
        assert self._locked is not None, "only a writing transaction has a number"
        value: bytes = self._locked.result.get_value(0, self._locked.result.nfields - column)
        return value

    @property
    def is_used(self) -> bool:
        """Whether anything was asked of the database. Otherwise nothing was sent, and there is nothing to commit."""
        return self._used

    def commit(self) -> None:
        """Commit, with what is still queued. Raises psycopg.Error; if the connection failed, the outcome is unknown."""
        committed = self._pipeline.queue(_COMMIT)
        if committed.result.command_status != _COMMIT:
            raise psycopg.InternalError("the transaction was rolled back: one of its statements had failed")

    def end_reading(self) -> None:
        """Run what is still queued. Nothing depends on the end of the transaction, so it is not waited for."""
        if not self._used:
            self._pipeline.discard()
            return
        unread = not self._pipeline.is_empty
        self._pipeline.queue(_COMMIT)
        if unread:
            self._pipeline.sync()
        else:
            self._pipeline.send()

    def roll_back(self) -> None:
        """Drop what is queued, and roll back what was sent."""
        self._pipeline.discard()
        if self._begin.has_arrived and not self._pipeline.broken:
            self._pipeline.queue(_ROLLBACK)
            self._pipeline.send()
