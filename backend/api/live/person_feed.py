"""Stream a person's requests and session changes, over all sessions, to one socket."""

from fastapi import WebSocket

from backend.api.http.context import Context
from backend.api.live import client_frames
from backend.api.live.sockets import MissedFrames, Socket
from backend.core.requests.mark_seen import mark_request_seen
from backend.db.transaction import dumps
from backend.domain.events import ConnectionReady, Heartbeat, Pong
from backend.errors import Invalid


class PersonFeed:
    """Sends one person's frames, of any session, to one socket. They have no numbers: a client that may have missed some reloads
    what it shows."""

    def __init__(self, ws: WebSocket, socket: Socket, context: Context) -> None:
        self._ws = ws
        self._socket = socket
        self._context = context

    async def write(self) -> None:
        await self._send_ready()
        while True:
            try:
                item = await self._socket.next_frame()
            except MissedFrames:
                await self._send_ready()  # as after a new connection, the client reloads what it shows
                continue
            await self._ws.send_text(dumps(Heartbeat(type="heartbeat")) if isinstance(item, int) else item[0])

    async def _send_ready(self) -> None:
        ready = ConnectionReady(type="connection_ready", queue=self._context.sockets.queue)
        await self._ws.send_text(dumps(ready))

    async def handle(self, frame: client_frames.Frame) -> None:
        match frame:
            case client_frames.Ping():
                self._socket.send_frame(Pong(type="pong"))
            case client_frames.Seen():
                await self._context.db.transact(mark_request_seen, self._socket.principal.person, frame.request_id)
            case client_frames.Acknowledged():
                pass
            case _:
                raise Invalid(f"{frame.type} can only be sent on a session's socket.", code="invalid_frame")
