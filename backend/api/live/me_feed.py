"""A person's own socket: their requests over all sessions."""

from fastapi import WebSocket

from backend.api.http.context import Context
from backend.api.live import client_frames
from backend.api.live.session_feed import HEARTBEAT_S
from backend.api.live.sockets import Missed, Socket
from backend.core.requests.mark_seen import mark_request_seen
from backend.db.transaction import dumps
from backend.domain.events import ConnectionReady, Heartbeat, Pong
from backend.errors import Invalid


class PersonFeed:
    """What concerns one person, in whatever session, towards one socket. Nothing here is numbered: a client that may have
    missed something reads anew what it shows."""

    def __init__(self, ws: WebSocket, socket: Socket, reach: Context) -> None:
        self._ws = ws
        self._socket = socket
        self._reach = reach

    async def write(self) -> None:
        await self._say_ready()
        while True:
            try:
                item = await self._socket.take(HEARTBEAT_S)
            except Missed:
                await self._say_ready()  # as after a new connection, a client reads what it shows
                continue
            await self._ws.send_text(dumps(Heartbeat(type="heartbeat")) if item is None else item[0])

    async def _say_ready(self) -> None:
        ready = ConnectionReady(type="connection_ready", queue=self._reach.sockets.queue)
        await self._ws.send_text(dumps(ready))

    async def handle(self, frame: client_frames.Frame) -> None:
        match frame:
            case client_frames.Ping():
                self._socket.say(Pong(type="pong"))
            case client_frames.Seen():
                await self._reach.db.transact(mark_request_seen, self._socket.principal.person, frame.request_id)
            case client_frames.Acknowledged():
                pass
            case _:
                raise Invalid(f"{frame.type} belongs on the socket of a session.", code="invalid_frame")
