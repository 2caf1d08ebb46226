"""The HTTP/1.1 protocol with limits: refuse ambiguous requests, and time out heads, bodies and writes.

uvicorn waits for slow clients without limit, and buffers what a client does not read."""

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from backend.api.http.problems import problem_bytes
from backend.api.server.connection_limits import ConnectionLimits
from backend.api.server.request_heads import ambiguity
from backend.errors import BadRequest, Refusal, TooSlow, Unavailable
from backend.ids import new_id
from backend.observability.log import get_logger

log = get_logger(__name__)

HEAD_S = 10  # to receive a request head, from its first byte or from the connection
BODY_S = 60  # to receive a body: a megabyte at 17 kB/s
WRITE_TIMEOUT_S = 30  # without progress while the client's buffers are full
HEAD_BYTES = 32 * 1024
MAX_CHUNKS = 4_096  # per body; each chunk costs more than its bytes


class StrictReader(h11.Connection):
    """Refuses requests that a proxy could read differently, and bodies of too many small chunks."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, HEAD_BYTES)
        self._last = b""  # the last bytes received, and a few before them
        self._in_chunks, self._chunks = False, 0

    def receive_data(self, data: bytes) -> None:
        self._last = self._last[-1:] + data
        super().receive_data(data)

    def next_event(self) -> Any:
        if self.their_state is h11.IDLE:
            received, _ = self.trailing_data
            wrong = ambiguity(received)
            if wrong:
                raise h11.RemoteProtocolError(wrong)
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._in_chunks, self._chunks = any(name == b"transfer-encoding" for name, _ in event.headers), 0
        elif isinstance(event, h11.Data):
            self._count(event)
        elif isinstance(event, h11.EndOfMessage) and self._in_chunks:
            self._check_end(event)
        return event

    def _count(self, data: h11.Data) -> None:
        self._chunks += data.chunk_start
        if self._chunks > MAX_CHUNKS:
            raise h11.RemoteProtocolError("Send the body in fewer and larger chunks.")

    def _check_end(self, event: h11.EndOfMessage) -> None:
        """Refuse a bare line feed after the last chunk, which h11 accepts but a proxy may read as the start of a trailer."""
        rest, _ = self.trailing_data
        if event.headers or not self._last[: len(self._last) - len(rest)].endswith(b"\r\n"):
            raise h11.RemoteProtocolError("Chunked bodies must end with an empty line and have no trailers.")


class WriteTimeout:
    """Closes a connection whose client reads nothing of what was written."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        """Watch until everything was read."""
        if self._timer is None and self._left():
            self._timer = self._later(self._left())

    def taken(self) -> None:
        """The client read enough for more to be written, so start over."""
        self.stop()
        if self._transport.is_closing():  # nothing more will be written
            self.watch()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _left(self) -> int:
        return self._transport.get_write_buffer_size()

    def _later(self, left: int) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(WRITE_TIMEOUT_S, self._look, left)

    def _look(self, before: int) -> None:
        self._timer, left = None, self._left()
        if left >= before:
            self._transport.abort()
        elif left:
            self._timer = self._later(left)


class LimitedHttpProtocol(H11Protocol):
    """uvicorn's HTTP protocol with limits."""

    def __init__(self, *, limits: ConnectionLimits, **more: Any) -> None:
        super().__init__(**more)
        self.conn = StrictReader()
        self._limits = limits
        self._waits_for: str | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._unread = WriteTimeout(transport)
        if self._limits.has_room(len(self.connections)):
            self._start_timer("head", HEAD_S)
        else:
            self._refuse(Unavailable("There are too many connections. Try again in a moment.", code="too_many_connections"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._start_timer(None)
        self._unread.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._waits_for == "request":
            self._start_timer("head", HEAD_S)
        super().data_received(data)
        self._update_timer()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._unread.watch()
        self._update_timer()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._start_timer("socket")
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn when it cannot parse the request."""
        self._refuse(BadRequest(f"This request is malformed or ambiguous. {self._why()}".rstrip()))

    def _why(self) -> str:
        received, _ = self.conn.trailing_data
        return ambiguity(received) or ""

    def _update_timer(self) -> None:
        if self._waits_for == "socket" or self.transport.is_closing():
            return
        their = self.conn.their_state
        if their is h11.SEND_BODY:
            self._start_timer("body", BODY_S)
        elif their is not h11.IDLE:
            self._start_timer(None)
        elif self._waits_for is None or self._waits_for == "body":
            received, _ = self.conn.trailing_data
            self._start_timer(
                *(("head", HEAD_S) if received else ("request", None))
            )  # between requests uvicorn's keep-alive applies

    def _start_timer(self, what: str | None, seconds: float | None = None) -> None:
        """Start the timer for this phase, replacing any other."""
        if what == self._waits_for:
            return
        self._waits_for = what
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if what == "request":
            self._limits.idle(self, self._address)
        elif what is None or seconds is None:
            self._limits.discard(self, self._address)
        else:
            self._limits.unfinished(self, self._address)
            if self._waits_for == what:  # unless it was closed to make room
                self._timer = self.loop.call_later(seconds, self._time_out, what, seconds)

    def _time_out(self, what: str, seconds: float) -> None:
        begun = what == "body" or self.conn.trailing_data[0]
        if begun:
            self._refuse(TooSlow(f"The {what} of a request must be here within {seconds:.0f} s. Send it again."))
        else:
            self._close()

    def make_way(self) -> None:
        """Close this connection to make room for others."""
        if self._waits_for == "request":
            self._close()
        else:
            self._refuse(Unavailable("There are too many unfinished requests. Send it again.", code="too_many_connections"))

    def _refuse(self, problem: Refusal) -> None:
        """Answer, unless an answer has begun, and close the connection."""
        answered = self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE)
        if not answered and not self.transport.is_closing():
            instance = new_id("req")
            log.info("connection.refused", code=problem.code, status=problem.status, request_id=instance)
            self.transport.write(problem_bytes(problem, instance))
        self._close()

    def _close(self) -> None:
        self._start_timer(None)
        if self.cycle is not None:  # tell the application that the client is gone
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
        self._unread.watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread.watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread.taken()


def http_protocol_factory(limits: ConnectionLimits) -> Callable[..., LimitedHttpProtocol]:
    """The protocol factory for uvicorn."""
    return functools.partial(LimitedHttpProtocol, limits=limits)
