"""The floors: what the same server software does on this machine when there is nothing to decide and nothing to remember."""

import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket
from pydantic import BaseModel
from starlette.websockets import WebSocketDisconnect


class Asked(BaseModel):
    type: str
    title: str
    prompt: str = ""


def bare() -> FastAPI:
    """One POST with a validated body, one socket that echoes, one that sends so many characters."""
    app = FastAPI()

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/echo")
    async def echo(body: Asked) -> Any:
        return body

    @app.websocket("/echo")
    async def echo_socket(ws: WebSocket) -> None:
        await ws.accept()
        try:
            while True:
                await ws.send_text(await ws.receive_text())
        except WebSocketDisconnect:
            return

    @app.websocket("/send/{characters}")
    async def send(ws: WebSocket, characters: int) -> None:
        await ws.accept()
        await ws.send_text("x" * characters)

    return app


def commit_us(rounds: int = 500) -> float:
    """Microseconds of one durable commit of three statements, with nothing round it."""
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
        started = time.perf_counter()
        for number in range(rounds):
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO t (v) VALUES (?)", (str(number),))
            db.execute("UPDATE t SET v = v || 'x' WHERE id = ?", (number,))
            db.execute("SELECT v FROM t WHERE id = ?", (number,)).fetchone()
            db.execute("COMMIT")
        return (time.perf_counter() - started) / rounds * 1e6


if __name__ == "__main__":
    uvicorn.run(
        bare(),
        port=int(sys.argv[1]),
        http="h11",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
    )
