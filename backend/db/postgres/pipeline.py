"""A connection to PostgreSQL in pipeline mode: statements are queued until a reply is needed, and then sent together, so that
one round trip carries as many of them as do not depend on one another's replies."""

import itertools
import select
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple, NoReturn

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result

ANSWER_S = 30.0  # longer than the server itself lets a statement take
SHORT = 8  # a statement of at most so many characters is prepared under its own text
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class ServerReply:
    """The server's reply to one statement. Reading it sends whatever is queued."""

    __slots__ = ("_pipeline", "_result")

    def __init__(self, pipeline: "Pipeline") -> None:
        self._pipeline = pipeline
        self._result: Any = None

    @property
    def result(self) -> Any:
        """A `psycopg.pq.PGresult`. Raises psycopg.Error if this statement failed, or one that was sent with it."""
        if self._result is None:
            self._pipeline.sync()
        return self._result

    @property
    def has_arrived(self) -> bool:
        return self._result is not None

    def arrived(self, result: Any) -> None:
        self._result = result


class _Queued(NamedTuple):
    text: bytes
    values: Sequence[bytes | None]
    types: Sequence[int]
    reply: ServerReply


_Expected = deque[tuple[bytes, ServerReply | None]]  # without a reply: that the text was prepared


class Pipeline:
    """Not thread-safe. `server_start` identifies the server's life in which the connection was made. Once the connection itself
    has failed the pipeline is `broken`, and must be replaced."""

    def __init__(self, connection: psycopg.Connection[Any], server_start: str) -> None:
        self.server_start = server_start
        self.broken = False
        self._connection = connection
        self._pg: Any = connection.pgconn
        self._pg.enter_pipeline_mode()
        self._poll = select.poll()
        self._poll.register(self._pg.socket, select.POLLIN)
        self._prepared: dict[bytes, bytes] = {}
        self._numbers = itertools.count(1)
        self._queue: list[_Queued] = []
        self._unread_syncs = 0

    def queue(self, text: bytes, values: Sequence[bytes | None] = (), types: Sequence[int] = ()) -> ServerReply:
        """Queue a statement. It is prepared on first use, so the server parses it once per connection."""
        reply = ServerReply(self)
        self._queue.append(_Queued(text, values, types, reply))
        return reply

    @property
    def is_empty(self) -> bool:
        """Whether nothing is queued."""
        return not self._queue

    @property
    def backend_pid(self) -> int:
        """The server process at the other end."""
        return int(self._pg.backend_pid)

    def discard(self) -> None:
        """Drop what is queued."""
        self._queue.clear()

    def sync(self) -> None:
        """Send what is queued and read all replies. Raises the psycopg.Error of the first statement that failed; the server
        skipped those after it."""
        self._exchange(read=True)

    def send(self) -> None:
        """Send what is queued without waiting. Its replies are read, and expected to be good, before those of the next sync."""
        self._exchange(read=False)

    def close(self) -> None:
        self.broken = True
        self._connection.close()

    def _exchange(self, read: bool) -> None:
        queued, self._queue = self._queue, []
        with ExitStack() as failed:
            failed.callback(self.close)  # replies may be left unread: they cannot be told from later ones
            expected = self._send(queued)
            failure = self._read(expected) if read else None
            failed.pop_all()
        if failure is not None:
            raise failure

    def _send(self, queued: list[_Queued]) -> _Expected:
        expected: _Expected = deque()
        for text, values, types, reply in queued:
            name = self._prepared.get(text)
            if name is None:
                name = self._prepared[text] = text if len(text) <= SHORT else b"s%d" % next(self._numbers)
                self._pg.send_prepare(name, text, types or None)
                expected.append((text, None))
            self._pg.send_query_prepared(name, values)
            expected.append((text, reply))
        self._pg.pipeline_sync()
        self._unread_syncs += 1
        while self._pg.flush():
            self._poll.modify(self._pg.socket, select.POLLIN | select.POLLOUT)
            self._receive()
            self._poll.modify(self._pg.socket, select.POLLIN)
        return expected

    def _read(self, expected: _Expected) -> psycopg.Error | None:
        """Read up to the last sync. Return the first failure."""
        failure: psycopg.Error | None = None
        while True:
            result = self._next_result()
            if result is None:
                continue
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                self._unread_syncs -= 1
                if self._unread_syncs == 0:
                    return failure
            elif self._unread_syncs > 1:
                if result.status not in _GOOD:
                    self._refuse(result)
            else:
                failure = self._take(result, *expected.popleft()) or failure

    def _take(self, result: Any, text: bytes, reply: ServerReply | None) -> psycopg.Error | None:
        if result.status in _GOOD:
            if reply is not None:
                reply.arrived(result)
            return None
        if reply is None:
            self._prepared.pop(text, None)
        if result.status == pq.ExecStatus.PIPELINE_ABORTED:
            return None
        return error_from_result(result, self._connection.info.encoding)

    def _refuse(self, result: Any) -> NoReturn:
        raise psycopg.OperationalError(f"what was sent without waiting failed: {result.error_message}")

    def _next_result(self) -> Any:
        while self._pg.is_busy():
            self._receive()
        return self._pg.get_result()

    def _receive(self) -> None:
        if not self._poll.poll(ANSWER_S * 1000):
            raise psycopg.OperationalError(f"the server did not answer within {ANSWER_S:g} seconds")
        self._pg.consume_input()
