"""Build the application from the routers, the middleware and the error handlers."""

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from backend import __version__
from backend.api.compat import chat, crew, tasks
from backend.api.http import problems
from backend.api.http.allowed_hosts import AllowedHosts
from backend.api.http.context import Context
from backend.api.http.middleware import Middleware
from backend.api.live import routes
from backend.api.live.frame_schemas import describe_frames
from backend.api.routes import auth, channels, feedback, health, metrics, oauth, provider_webhooks, runs, sessions, web_app
from backend.thread_pools import ThreadPool

DESCRIPTION = "Where agents ask people: approvals, answers, forms and checkpoints, durable across every crash."
_threads = ThreadPool("openapi", 1)
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(lifespan: Lifespan, hosts: Iterable[str]) -> FastAPI:
    """Create the application, served under the names `hosts`. `lifespan` installs the Context before the first request."""
    app = FastAPI(
        title="Assent",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.add_route("/openapi.json", _describe, include_in_schema=False)
    problems.install(app)
    describe_frames(app)
    # Routes are matched in order, so the busiest come first.
    for module in (
        feedback,
        chat,
        routes,
        sessions,
        auth,
        runs,
        tasks,
        crew,
        channels,
        oauth,
        provider_webhooks,
        health,
        metrics,
        web_app,
    ):
        app.include_router(module.router)
    web_app.mount(app)
    # Outermost, so that responses to unexpected errors get the headers too.
    app.middleware_stack = Middleware(app.build_middleware_stack(), AllowedHosts(hosts))
    return app


async def _describe(request: Request) -> Response:
    """Generate the OpenAPI document in a thread, since it takes a third of a second once."""
    app: FastAPI = request.app
    return JSONResponse(await _threads.run(app.openapi))


def install_context(app: FastAPI, context: Context) -> None:
    app.state.context = context
