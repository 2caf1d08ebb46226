"""`assent worker`: run agents, deliver messages and fetch mail."""

import asyncio
import os
import signal

import typer

from backend.bootstrap import run_worker
from backend.observability import log
from backend.settings.schema import load_settings

MetricsPort = typer.Option(None, min=0, max=65535, help="Serve GET /metrics on this port of 127.0.0.1.")


def worker(metrics_port: int | None = MetricsPort) -> None:
    """Run a worker, which advances runs and delivers messages. Run any number of these, with any number of `assent api`.

    Needs ASSENT_DATABASE_URL (PostgreSQL) and ASSENT_REDIS_URL. Example: assent worker --metrics-port 9101
    """
    settings = load_settings()
    log.configure(settings.log_format)

    async def run() -> None:
        stop, ready = asyncio.Event(), asyncio.Event()
        for how in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(how, _stop, stop, how)
        announcing = asyncio.create_task(_announce(ready))
        try:
            await run_worker(settings, stop, ready, metrics_port)
        finally:
            announcing.cancel()

    asyncio.run(run())


def _stop(stop: asyncio.Event, how: signal.Signals) -> None:
    """The first signal stops in order, which may take as long as the longest tool call; a second one exits at once."""
    if stop.is_set():
        typer.echo("Stopped at once. Work that was in progress will be checked by the next worker.", err=True)
        os._exit(128 + how)
    stop.set()


async def _announce(ready: asyncio.Event) -> None:
    await ready.wait()
    typer.echo("Assent worker is running   (Ctrl-C stops it)", err=True)
