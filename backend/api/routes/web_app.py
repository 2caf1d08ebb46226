"""The web app's files, its public configuration, and the page with the API's documentation."""

import re
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, HTMLResponse
from starlette.convertors import Convertor, register_url_convertor
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.staticfiles import StaticFiles

from backend import __version__
from backend.api.http.context import AppContext
from backend.db.queries.people import count_people

DIST = Path(__file__).parents[3] / "frontend" / "dist"
NOT_BUILT = (
    "<!doctype html><title>Assent</title><p>The web app is not built. Run <code>make setup</code>. The API is available.</p>"
)
API_PREFIXES = ("api/", "assets/", "docs", "hooks/", "metrics", "openapi.json", "slack/")

router = APIRouter(include_in_schema=False)


@router.get("/config.json")
async def config(context: AppContext) -> dict[str, Any]:
    """What the sign-in screen needs. Nothing here is secret."""
    return {
        "product": "Assent",
        "version": __version__,
        "registration": context.settings.registration,
        "first_account": await context.db.read(count_people) == 0,
        "setup_code": context.setup_code is not None,
        "model": context.settings.llm,
        "max_query_length": context.settings.max_query_length,
    }


class PageConvertor(Convertor[str]):
    """Matches paths that the web app shows. Others stay unmatched, so that they are 404 for any method."""

    regex = f"(?!{'|'.join(map(re.escape, API_PREFIXES))}).*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("page", PageConvertor())


def mount(app: FastAPI) -> None:
    """Serve the built web app: its files, and index.html for every other page."""
    if not DIST.joinpath("index.html").exists():
        app.add_route("/", lambda _request: HTMLResponse(NOT_BUILT, 503), include_in_schema=False)
        return
    files = {file.name for file in DIST.iterdir() if file.is_file()}

    def page(request: Request) -> FileResponse:
        path = request.path_params["path"]
        if path in files:
            return FileResponse(DIST / path)
        return FileResponse(DIST / "index.html", headers={"Cache-Control": "no-cache"})

    app.mount("/assets", GZipMiddleware(Assets(directory=DIST / "assets"), minimum_size=1000))
    if DIST.joinpath("docs").exists():
        app.mount("/docs", StaticFiles(directory=DIST / "docs", html=True))
    app.add_route("/{path:page}", page, include_in_schema=False)


class Assets(StaticFiles):
    """Files whose names contain a hash of their content, so they never change."""

    def file_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
