"""The worker's `/metrics` endpoint for Prometheus, on loopback only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from backend.core.gauges import gauges
from backend.db import Database
from backend.messaging.queue.contract import Queue
from backend.observability.metrics import CONTENT_TYPE, Measures
from backend.settings.schema import SettingsError

if TYPE_CHECKING:
    from aiohttp import web

HOST = "127.0.0.1"


@asynccontextmanager
async def metrics_page(port: int, db: Database, queue: Queue, measures: Measures) -> AsyncIterator[None]:
    """Serve `GET /metrics` while the block runs. Raises SettingsError if the port is in use."""
    from aiohttp import web  # imported late: it takes 0.2 s

    async def page(_: web.Request) -> web.Response:
        return web.Response(
            body=await measures.render(await gauges(db, queue)),
            headers={"Content-Type": CONTENT_TYPE},
        )

    app = web.Application()
    app.router.add_get("/metrics", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await _listen(web.TCPSite(runner, HOST, port), port)
        yield
    finally:
        await runner.cleanup()


async def _listen(site: "web.TCPSite", port: int) -> None:
    try:
        await site.start()
    except OSError as error:
        raise SettingsError(f"--metrics-port: cannot listen on {HOST}:{port}: {error.strerror}.") from None
