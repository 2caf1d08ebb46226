"""uvicorn's WebSocket protocol, hardened against clients that break the protocol. A protocol error closes the connection without
a traceback. A client that reads nothing is disconnected. A malformed handshake is answered instead of left open. Frames are
counted before they are handled, because pings and empty fragments never reach the application."""

import contextlib
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.http11 import Request

from backend.api.http.problems import problem_bytes
from backend.api.live.token_bucket import TokenBucket
from backend.api.server.http_protocol import WriteTimeout
from backend.errors import BadRequest
from backend.ids import new_id

BAD_DATA, POLICY = 1007, 1008
FRAMES_BURST, FRAMES_PER_SECOND = 1_000, 200
READ_SLICE = 4096  # bytes handled at once: at most some 700 frames
LINGER_S = 2  # time for a client that is still sending to read the close reason


class WebSocketProtocol(WebSocketsSansIOProtocol):
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._unread = WriteTimeout(transport)
        self._allowance = TokenBucket(FRAMES_BURST, FRAMES_PER_SECOND)

    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:  # it was read as HTTP and comes whole
            super().data_received(data)
            return
        for begins in range(0, len(data), READ_SLICE):
            if not self.transport.is_closing():
                super().data_received(data[begins : begins + READ_SLICE])

    def handle_events(self) -> None:
        if not self._allowance.take(len(self.conn.events)):
            self._end_flood()
            return
        super().handle_events()
        if not self.handshake_initiated:
            self._refuse_handshake()

    def _end_flood(self) -> None:
        """Stop reading frames, and close with a reason."""
        self.conn.fail(POLICY, "too many frames")
        self.conn.events_received()
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.queue.put_nowait({"type": "websocket.disconnect", "code": POLICY, "reason": ""})
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        if self.close_timer is None:
            self.close_timer = self.loop.call_later(LINGER_S, self.transport.close)
        self._unread.watch()

    def handle_connect(self, event: Request) -> None:
        if self.conn.accept(event).status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            super().handle_connect(event)

    def _refuse_handshake(self) -> None:
        why = str(self.conn.handshake_exc)[:200]
        problem = BadRequest(
            f"This is not a valid WebSocket handshake ({why}). "
            "Send a GET without a body, with the headers of RFC 6455 and few, short others."
        )
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        self.transport.write(problem_bytes(problem, new_id("req")))
        self.transport.close()
        self._unread.watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unread.stop()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread.watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread.taken()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._unread.watch()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                with contextlib.suppress(InvalidState):  # a closing client was answered already
                    self.conn.send_close(BAD_DATA)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Close with an error, unless the client has closed already or never finished its handshake."""
        if self.conn.close_sent is None:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006, "reason": ""})
            self.close_sent = True
            self.transport.close()
        else:
            super().handle_parser_exception()

    async def send(self, message: Any) -> None:
        """Drop what is sent after the connection has closed."""
        if self.close_sent and self.initial_response is None:
            raise ClientDisconnected
        await super().send(message)
        if self.close_sent and self.initial_response is not None:
            self.handshake_complete = True  # a refusal completes the handshake; uvicorn would log that nothing was answered
