"""WebSockets as uvicorn speaks them, made quiet where a client breaks the protocol: what uvicorn reports as its own fault,
with a traceback, ends the connection and nothing else. A client that reads nothing is let go: closing alone would wait for
it to take what is left."""

import contextlib
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from backend.api.wire import Unread

BAD_DATA = 1007


class WebSocketProtocol(WebSocketsSansIOProtocol):
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._unread = Unread(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unread.stop()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread.watch()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._unread.watch()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                with contextlib.suppress(InvalidState):  # a client that is closing is answered already
                    self.conn.send_close(BAD_DATA)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Nothing can be said to a client that has closed already, or never finished its handshake."""
        if self.conn.close_sent is None:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006, "reason": ""})
            self.close_sent = True
            self.transport.close()
        else:
            super().handle_parser_exception()

    async def send(self, message: Any) -> None:
        """What is sent after the end has nowhere to go."""
        if self.close_sent and self.initial_response is None:
            raise ClientDisconnected
        await super().send(message)
