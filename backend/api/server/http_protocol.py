"""A connection before it is a request and after it was answered: what is ambiguous is refused, what never ends is ended.

uvicorn waits for as long as a client likes to be waited for, and keeps what a client does not read for as long as it stays."""

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

HEAD_S = 10  # from the first byte of a request, or from the connection where none was sent, to the end of its head
BODY_S = 60  # a megabyte at 17 kB a second
UNREAD_S = 30  # without a byte taken by a client whose buffers are full
HEAD_BYTES = 32 * 1024
MOST_CHUNKS = 4_096  # of one body: each costs more than the bytes in it


class StrictReader(h11.Connection):
    """Refuses what a proxy could have read as other requests than we do, and bodies cut into crumbs."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, HEAD_BYTES)
        self._last = b""  # what was received at last, and a little of what came before
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
        if self._chunks > MOST_CHUNKS:
            raise h11.RemoteProtocolError("A body is sent in fewer and larger chunks.")

    def _check_end(self, event: h11.EndOfMessage) -> None:
        """h11 also takes a bare line feed here, which a proxy may take for the beginning of a trailer."""
        rest, _ = self.trailing_data
        if event.headers or not self._last[: len(self._last) - len(rest)].endswith(b"\r\n"):
            raise h11.RemoteProtocolError("Chunks end with an empty line, without trailers.")


class Unread:
    """Ends a connection whose client takes nothing of what was written for it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        """From now until nothing is left to be taken."""
        if self._timer is None and self._left():
            self._timer = self._later(self._left())

    def taken(self) -> None:
        """So much that more may be written: what is left later says nothing of what was left before."""
        self.stop()
        if self._transport.is_closing():  # then nothing more is written
            self.watch()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _left(self) -> int:
        return self._transport.get_write_buffer_size()

    def _later(self, left: int) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(UNREAD_S, self._look, left)

    def _look(self, before: int) -> None:
        self._timer, left = None, self._left()
        if left >= before:
            self._transport.abort()
        elif left:
            self._timer = self._later(left)


class WebConnection(H11Protocol):
    """uvicorn's, with limits."""

    def __init__(self, *, crowd: ConnectionLimits, **more: Any) -> None:
        super().__init__(**more)
        self.conn = StrictReader()
        self._crowd = crowd
        self._waits_for: str | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._unread = Unread(transport)
        if self._crowd.has_room(len(self.connections)):
            self._wait_for("head", HEAD_S)
        else:
            self._refuse(Unavailable("There are too many connections; come back in a moment.", code="too_many_connections"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_for(None)
        self._unread.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._waits_for == "request":
            self._wait_for("head", HEAD_S)
        super().data_received(data)
        self._see_what_is_due()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._unread.watch()
        self._see_what_is_due()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._wait_for("socket")
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn while it handles what it could not read."""
        self._refuse(BadRequest(f"This is not a request that can be read one way only. {self._why()}".rstrip()))

    def _why(self) -> str:
        received, _ = self.conn.trailing_data
        return ambiguity(received) or ""

    def _see_what_is_due(self) -> None:
        if self._waits_for == "socket" or self.transport.is_closing():
            return
        their = self.conn.their_state
        if their is h11.SEND_BODY:
            self._wait_for("body", BODY_S)
        elif their is not h11.IDLE:
            self._wait_for(None)
        elif self._waits_for is None or self._waits_for == "body":
            received, _ = self.conn.trailing_data
            self._wait_for(*(("head", HEAD_S) if received else ("request", None)))  # the next one: uvicorn's keep-alive

    def _wait_for(self, what: str | None, seconds: float | None = None) -> None:
        """Until something else is waited for, or the time is up."""
        if what == self._waits_for:
            return
        self._waits_for = what
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if what == "request":
            self._crowd.idle(self, self._address)
        elif what is None or seconds is None:
            self._crowd.gone(self, self._address)
        else:
            self._crowd.unfinished(self, self._address)
            if self._waits_for == what:  # unless it was asked to make way
                self._timer = self.loop.call_later(seconds, self._give_up, what, seconds)

    def _give_up(self, what: str, seconds: float) -> None:
        begun = what == "body" or self.conn.trailing_data[0]
        if begun:
            self._refuse(TooSlow(f"The {what} of a request must be here within {seconds:.0f} s; send it again."))
        else:
            self._close()

    def make_way(self) -> None:
        """Others need the place more."""
        if self._waits_for == "request":
            self._close()
        else:
            self._refuse(Unavailable("There are too many unfinished requests; send it again.", code="too_many_connections"))

    def _refuse(self, problem: Refusal) -> None:
        """Answer, unless an answer has begun, and hang up."""
        answered = self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE)
        if not answered and not self.transport.is_closing():
            instance = new_id("req")
            log.info("refused", code=problem.code, status=problem.status, request_id=instance)
            self.transport.write(problem_bytes(problem, instance))
        self._close()

    def _close(self) -> None:
        self._wait_for(None)
        if self.cycle is not None:  # whoever works on it hears that nobody waits any more
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


def web_connections(crowd: ConnectionLimits) -> Callable[..., WebConnection]:
    """What uvicorn makes of each connection."""
    return functools.partial(WebConnection, crowd=crowd)
