"""`assent serve` runs the whole product in one process; `assent api` runs the API and the web app only."""

import asyncio
import os
import signal
import socket
from types import FrameType
from typing import Any, cast

import typer
import uvicorn
from fastapi import FastAPI

from backend.api.http.context import Context
from backend.api.server.connection_limits import limits_for_this_process
from backend.api.server.http_protocol import http_protocol_factory
from backend.api.server.websocket_protocol import WebSocketProtocol
from backend.bootstrap import bootstrap, bootstrap_api
from backend.bootstrap.setup_code import TLS_ADVICE, is_unencrypted
from backend.db.queries.people import count_people
from backend.observability import log
from backend.settings.schema import Settings, SettingsError, load_settings

GRACE_S = 5
KEEP_ALIVE_S = 75  # longer than clients keep an idle connection, so that we never close one they are about to use
Host = typer.Option(None, help="Address to listen on; default ASSENT_HOST.")
Port = typer.Option(None, help="Port to listen on; default ASSENT_PORT.")


def serve(host: str | None = Host, port: int | None = Port) -> None:
    """Run everything in one process: API, web app and worker. Migrates the database first.

    Example: assent serve --port 8000
    """
    settings = _settings(host, port)
    _run(settings, bootstrap(settings))


def api(host: str | None = Host, port: int | None = Port) -> None:
    """Run the API and the web app only. Run any number of these, with any number of `assent worker`.

    Needs ASSENT_DATABASE_URL (PostgreSQL) and ASSENT_REDIS_URL. Example: assent api --port 8001
    """
    settings = _settings(host, port)
    _run(settings, bootstrap_api(settings))


def _settings(host: str | None, port: int | None) -> Settings:
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = load_settings(**given)
    log.configure(settings.log_format)
    return settings


def _run(settings: Settings, app: FastAPI) -> None:
    """Serve until told to stop. Raises what prevents the start."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=cast(
            Any, http_protocol_factory(limits_for_this_process())
        ),  # a factory, although uvicorn's annotation asks for a class
        ws=WebSocketProtocol,
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="off",  # see _serve
    )
    server, listening = AnnouncingServer(config, app), _listen(settings)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C before the server has started
    try:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_serve(server, app, listening))
    except KeyboardInterrupt:
        typer.echo("Assent was stopped before it had started.", err=True)
        raise typer.Exit(130) from None


async def _serve(server: uvicorn.Server, app: FastAPI, listening: socket.socket) -> None:
    """Start and stop the application's parts around the server, which would log a traceback if they refused to start."""
    async with app.router.lifespan_context(app):
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, server.handle_exit)  # also while the parts are stopping
        await server.serve(sockets=[listening])


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(
        family, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # asyncio turns Nagle off only where the protocol is named
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"ASSENT_HOST, ASSENT_PORT: cannot listen on {settings.host}:{settings.port} ({error.strerror}); "
            "stop what listens there, or choose another with --host and --port."
        ) from None
    return listening


class AnnouncingServer(uvicorn.Server):
    """Prints the address once the server answers, and does not wait for long polls when it stops."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else "127.0.0.1" if host == "0.0.0.0" else host
            typer.echo(f"Assent is up: http://{shown}:{port}   (Ctrl-C stops it)", err=True)
            await self._warn()

    async def _warn(self) -> None:
        """Print warnings for whoever started it."""
        context: Context = self._app.state.context
        if is_unencrypted(context.settings):
            typer.echo(f"Warning: passwords travel to {context.settings.url} unencrypted: {TLS_ADVICE}.", err=True)
        if context.setup_code is not None and not await context.db.read(count_people):
            typer.echo(f"No account exists yet. The first one needs this set-up code: {context.setup_code}", err=True)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal stops in order, which may take as long as the longest tool call; a second one exits at once."""
        if self.should_exit:
            typer.echo("Stopped at once. Work that was in progress will be checked at the next start.", err=True)
            os._exit(128 + sig)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer the open long polls now, so that stopping does not wait for people."""
        self._app.state.end_waiting()
        await super().shutdown(sockets)
        self._captured_signals.clear()  # uvicorn would raise them again
