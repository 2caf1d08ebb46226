"""A proxy before a provider that fails as scripted: what a peer never does by itself."""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.support.person import PATIENCE_S
from tests.support.server import free_port


@dataclass
class Fault:
    """What one call gets instead of the provider's answer. `after`: the provider does it first. `hang`: no answer at all."""

    status: int = 200
    body: str = '{"ok":true}'
    content_type: str = "application/json"
    headers: dict[str, str] | None = None
    after: bool = False
    hang: bool = False


class FaultyProxy:
    """Passes calls on. `name_of` (method, path) names a call; the faults scripted for a name are used up one by one. `calls`
    are those that came, by name, with what they said (JSON, or the query)."""

    base = ""

    def __init__(self, upstream: str, name_of: Callable[[str, str], str]) -> None:
        self.url = ""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._upstream, self._name_of, self._scripted = upstream, name_of, dict[str, deque[Fault]]()
        self._runner: web.AppRunner | None = None
        self._release = asyncio.Event()

    def script(self, name: str, *faults: Fault) -> None:
        self._scripted.setdefault(name, deque()).extend(faults)

    def clear(self) -> None:
        """Nothing fails any more."""
        self._scripted.clear()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        port = free_port()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{port}{self.base}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        self._release.set()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        name, body = self._name_of(request.method, request.path), await request.read()
        self.calls.append((name, json.loads(body) if body[:1] == b"{" else dict(request.query)))
        scripted = self._scripted.get(name)
        fault = scripted.popleft() if scripted else None
        if fault is None or fault.after:
            passed = await self._pass(request, body)
            if fault is None:
                return passed
        if fault.hang:
            await self._release.wait()
        return web.Response(
            status=fault.status, body=fault.body.encode(), headers={"Content-Type": fault.content_type, **(fault.headers or {})}
        )

    async def _pass(self, request: web.Request, body: bytes) -> web.Response:
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, self._upstream + request.path, params=request.query, data=body or None, headers=headers
            ) as reply,
        ):
            return web.Response(status=reply.status, body=await reply.read(), content_type=reply.content_type)


@contextmanager
def run_in_thread(faults: FaultyProxy) -> Iterator[None]:
    """The proxy on a thread of its own, for tests that wait for other processes."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="faults")
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(faults.__aenter__(), loop).result(PATIENCE_S)
        yield
        asyncio.run_coroutine_threadsafe(faults.__aexit__(), loop).result(PATIENCE_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
