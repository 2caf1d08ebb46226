"""Many idle sockets: what a process pays to keep them."""

import asyncio
import resource

from bench.measures import Person
from bench.process import Process
from bench.wire import WebSocket

A_PERSON = 50  # as many as one person may have


async def idle(product: Process, sockets: int, seconds: float) -> float:
    """Per cent of a core that so many open sockets take while nothing happens. Pings are answered, as a browser does."""
    _allow_files(sockets + 500)
    people = [await Person.register(product.port) for _ in range(-(-sockets // A_PERSON))]
    opened: list[WebSocket] = []
    for person in people:
        session = (await person.http.call("POST", "/api/feedback", {"type": "text", "title": "?"}))["session_id"]
        person.http.close()
        opened += [await person.socket(session) for _ in range(min(A_PERSON, sockets - len(opened)))]
    readers = [asyncio.ensure_future(_read(socket)) for socket in opened]
    await asyncio.sleep(5)
    before = product.cpu()
    await asyncio.sleep(seconds)
    spent = (product.cpu() - before) / seconds * 100
    if any(reader.done() for reader in readers):
        raise RuntimeError("a socket was closed")
    for reader, socket in zip(readers, opened, strict=True):
        reader.cancel()
        socket.close()
    return spent


async def _read(socket: WebSocket) -> None:
    while True:
        await socket.receive()


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
