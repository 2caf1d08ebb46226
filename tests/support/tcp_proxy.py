"""A TCP connection that can be destroyed: between a client and a server on this machine, which takes it for the server."""

import asyncio
import contextlib
import socket
import struct
from typing import Self


class TcpProxy:
    """Listens on `port` for the server at `upstream`, and has the server's words name `port` where they name its own. `cut`
    destroys what is open; with `stays_cut`, nobody can connect until `mend`."""

    def __init__(self, upstream: int) -> None:
        self.port = 0
        self._upstream = upstream
        self._open: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._stays_cut = False
        self._server: asyncio.Server | None = None
        self.refused = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    def cut(self, stays_cut: bool = False) -> None:
        self._stays_cut = stays_cut
        for writer in self._open:
            _destroy(writer)

    def mend(self) -> None:
        self._stays_cut = False

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._stays_cut:
            self.refused += 1
            _destroy(writer)
            return
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        self._open |= {writer, to_writer}
        there, here = str(self._upstream).encode(), str(self.port).encode()
        for source, target, old, new in ((reader, to_writer, here, there), (to_reader, writer, there, here)):
            task = asyncio.create_task(self._carry(source, target, old, new))
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, old: bytes, new: bytes) -> None:
        with contextlib.suppress(OSError):
            while said := await source.read(65536):
                target.write(said.replace(old, new) if len(old) == len(new) else said)
                await target.drain()
        target.close()
        self._open.discard(target)


def _destroy(writer: asyncio.StreamWriter) -> None:
    """Without a goodbye: the other side's kernel is told to forget it."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
