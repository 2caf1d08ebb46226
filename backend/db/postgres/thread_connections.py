"""One connection per worker thread, kept for as long as it works."""

import threading
from contextlib import ExitStack
from typing import Any

import psycopg
from sqlalchemy import make_url
from sqlalchemy.dialects.postgresql import psycopg as dialects

from backend.db.postgres import connection as settings
from backend.db.postgres.pipeline import Pipeline


class ThreadConnections:
    """No pings and no hand-overs: a connection that has failed is replaced at its thread's next request."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._local = threading.local()
        self._open: set[Pipeline] = set()

    def get(self) -> Pipeline:
        """The calling thread's. Raises psycopg.Error if the server cannot be reached."""
        pipeline: Pipeline | None = getattr(self._local, "pipeline", None)
        if pipeline is not None and pipeline.broken:
            self._open.discard(pipeline)
            pipeline = None
        if pipeline is None:
            pipeline = self._local.pipeline = open_pipeline(self._url)
            self._open.add(pipeline)
        return pipeline

    def close(self) -> None:
        """Call it when no thread will ask again."""
        for pipeline in self._open:
            pipeline.close()


def open_pipeline(url: str) -> Pipeline:
    """A new connection. Parameters in the URL override ours. Raises psycopg.Error."""
    args, given = dialects.dialect().create_connect_args(make_url(url))  # type: ignore[no-untyped-call]
    connection: psycopg.Connection[Any] = psycopg.connect(*args, autocommit=True, **(settings.CONNECTING | given))
    with ExitStack() as failed:
        failed.callback(connection.close)
        connection.execute(settings.waiting().encode())
        (server_start,) = connection.execute(settings.SERVER_START.encode()).fetchone() or ("",)
        failed.pop_all()
    return Pipeline(connection, server_start)
