"""`assent openapi`: the API's description, for generating clients."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import typer
from fastapi import FastAPI

from backend.api.http.app import create_app


@asynccontextmanager
async def _nothing(_app: FastAPI) -> AsyncIterator[None]:
    yield


def openapi() -> None:
    """Print the OpenAPI document.

    Example: assent openapi > frontend/openapi.json
    """
    typer.echo(json.dumps(create_app(_nothing, ()).openapi(), indent=1, sort_keys=True))
