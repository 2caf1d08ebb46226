"""A worker's own page for Prometheus, on this machine alone."""

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
    """Answer `GET /metrics` for as long as this lasts. Raises SettingsError where the port is taken."""
    from aiohttp import web  # 0.2 s to import, which only who wants the page should wait for

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
