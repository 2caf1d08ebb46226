"""Heartbeats for all open sockets of a process: one timer and one query a second, however many sockets are due."""

import asyncio
import contextlib

from backend.api.live.sockets import Sockets
from backend.db import Database
from backend.db.queries.sessions import last_seqs
from backend.errors import Unavailable

TICK_S = 1.0


async def send_heartbeats(db: Database, sockets: Sockets) -> None:
    """Run until cancelled. While the database cannot be read, sockets stay due."""
    while True:
        await asyncio.sleep(TICK_S)
        due = sockets.due_for_heartbeat()
        watched = {socket.session_id for socket in due if socket.session_id is not None}
        with contextlib.suppress(Unavailable):
            last = await db.read(last_seqs, sorted(watched)) if watched else {}
            for socket in due:
                socket.beat(last.get(socket.session_id or "", 0))
