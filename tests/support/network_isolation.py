"""A wall round a program that listens on every interface: it runs in a network of its own, and two unix sockets, which
networks do not bound, carry its port out and one port of ours in. Run as a module this is the inside of the wall."""

import asyncio
import fcntl
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
from asyncio import AbstractServer, StreamReader, StreamWriter
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.support.short_folders import short_folder

UNSHARE = ("unshare", "-rn")
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
_CHUNK = 65536


@cache
def can_isolate() -> bool:
    """Whether this machine lets us make networks of our own."""
    probe = [*UNSHARE, "true"]
    return shutil.which(probe[0]) is not None and subprocess.run(probe, capture_output=True, check=False).returncode == 0


@contextmanager
def isolated(command: list[str], port: int, way_in: int) -> Iterator[list[str]]:
    """What to run, with this module's folder at hand, instead of a command that listens at `port`: from outside it is
    reached at 127.0.0.1:`port` alone, and from inside 127.0.0.1:`way_in` is ours. The command itself where walls are refused."""
    if not can_isolate():
        yield command
        return
    with short_folder("wall") as folder:
        out, back = folder / "out", folder / "back"
        with _standing_outside(out, port, back, way_in):
            yield [*UNSHARE, sys.executable, "-m", __name__, str(out), str(port), str(back), str(way_in), *command]


@contextmanager
def _standing_outside(out: Path, port: int, back: Path, way_in: int) -> Iterator[None]:
    """On a thread of its own, because tests wait for other processes."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="wall")
    thread.start()
    servers = asyncio.run_coroutine_threadsafe(_stand(port, out, back, way_in), loop).result(30)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(_leave(servers), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stand(listen: int, to: Path, at: Path, way: int) -> tuple[AbstractServer, AbstractServer]:
    """Carry what comes to the port `listen` to the socket `to`, and what comes to the socket `at` to the port `way`."""

    async def leave(reader: StreamReader, writer: StreamWriter) -> None:
        await _relay(reader, writer, asyncio.open_unix_connection(to))

    async def enter(reader: StreamReader, writer: StreamWriter) -> None:
        await _relay(reader, writer, asyncio.open_connection("127.0.0.1", way))

    return await asyncio.start_server(leave, "127.0.0.1", listen), await asyncio.start_unix_server(enter, at)


async def _leave(servers: tuple[AbstractServer, AbstractServer]) -> None:
    """Hang up on whoever is still connected."""
    for server in servers:
        server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _run_inside(out: Path, port: int, back: Path, way_in: int, command: list[str]) -> int:
    """The command's exit code, once it has ended."""
    _lift_loopback()
    await _stand(way_in, back, out, port)
    program = await asyncio.create_subprocess_exec(*command)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, program.terminate)
    return await program.wait()


def _lift_loopback() -> None:
    """A new network has a loopback interface that is down."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _IFF_UP))


async def _relay(reader: StreamReader, writer: StreamWriter, connecting: Awaitable[tuple[StreamReader, StreamWriter]]) -> None:
    """Carry one connection on to the far end, both ways, until both have said all."""
    try:
        far_reader, far_writer = await connecting
    except OSError:
        writer.close()  # nobody listens there: the caller finds out by this
        return
    try:
        await asyncio.gather(_carry(reader, far_writer), _carry(far_reader, writer))
    except (OSError, asyncio.CancelledError):
        return  # one end hung up, or the wall comes down: the other is told now
    finally:
        far_writer.close()
        writer.close()


async def _carry(source: StreamReader, to: StreamWriter) -> None:
    while piece := await source.read(_CHUNK):
        to.write(piece)
        await to.drain()
    if to.can_write_eof():
        to.write_eof()


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(asyncio.run(_run_inside(Path(given[0]), int(given[1]), Path(given[2]), int(given[3]), given[4:])))
