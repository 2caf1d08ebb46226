"""A unix socket in front of PostgreSQL's that cuts the wire at the worst moment: around one COMMIT."""

import contextlib
import select
import socket
import threading
from pathlib import Path
from typing import Literal

from tests.support.postgres import SOCKET

DONE = b"COMMIT\x00Z"  # what was done, and that the server is ready for more
Moment = Literal["before", "after"]


class PostgresProxy:
    """`arm("before")`: the next COMMIT never reaches the server. `arm("after")`: the server commits, nobody hears of it.
    With `for_good`, nobody can connect from then on."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self._server = str(server)
        self._armed: Moment | None = None
        self._for_good = False
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / SOCKET))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, moment: Moment, for_good: bool = False) -> None:
        self._armed, self._for_good = moment, for_good

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            server.connect(self._server)
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    said = ready.recv(65536)
                    if not said or (ready is client and self._armed and b"COMMIT\x00" in said):
                        self._cut(server, said)
                        return
                    (server if ready is client else client).sendall(said)

    def _cut(self, server: socket.socket, said: bytes) -> None:
        """What happens before both ends are closed: the COMMIT is carried out, or not."""
        if not said:
            return
        moment, self._armed = self._armed, None
        if self._for_good:
            self.close()
        if moment == "after":
            server.sendall(said)
            heard = b""
            while DONE not in heard:
                heard += server.recv(65536)
