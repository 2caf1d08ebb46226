"""A person with a long past: one real request, written again as often as wished, straight into the database."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

from bench.measures import Person, cost
from bench.process import Process

TABLES = ("feedback_requests", "recipients", "deliveries")
_KEYS = {"feedback_requests": "id", "recipients": "request_id", "deliveries": "request_id"}
_NUMBERS = "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {count})"


async def inbox(product: Process, person: Person, database: Path | str, requests: int, times: int = 100) -> dict[str, float]:
    """Milliseconds of server CPU of one look at the open requests and of one at all of them, once with 100 on record and once
    with so many: half of them open, the newest first."""
    asked = await person.http.call("POST", "/api/feedback", {"type": "confirmation", "title": "Deploy?"})
    await person.http.call("POST", f"/api/feedback/{asked['id']}/answer", {"action": "approve"})
    open_one = await person.http.call("POST", "/api/feedback", {"type": "confirmation", "title": "Deploy?"})
    taken: dict[str, float] = {}
    before = 0
    for count in (100, requests):
        for request, kind in ((asked["id"], "a"), (open_one["id"], "o")):
            again(database, request, f"{kind}{len(str(count))}", (count - before) // 2)
        before = count
        for what, path in (("pending", "/api/feedback?status=pending"), ("all", "/api/feedback")):
            taken[f"{what} {count}"] = await _look(product, person, path, times)
    return taken


async def _look(product: Process, person: Person, path: str, times: int) -> float:
    """Milliseconds of server CPU of one page."""

    async def once(_: int) -> None:
        page = await person.http.call("GET", path)
        if len(page["items"]) != 50 or "next" not in page:
            raise RuntimeError("that is not a page of a long list")

    await once(0)
    return (await cost(product, 1, times, once))[0]


def again(database: Path | str, request: str, mark: str, count: int) -> None:
    """Write the request and what belongs to it `count` times more, each under an id of its own with this mark."""
    if isinstance(database, Path):
        with closing(sqlite3.connect(database, timeout=30)) as db, db:
            for table in TABLES:
                names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
                db.execute(_copies(table, names, mark, count), (request,))
        return
    with psycopg.connect(database) as server:
        for table in TABLES:
            columns = server.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'", (table,)
            )
            names = [name for (name,) in columns]
            server.execute(_copies(table, names, mark, count).replace("?", "%s").encode(), (request,))
        server.execute("ANALYZE")


def _copies(table: str, names: list[str], mark: str, count: int) -> str:
    """The rows of one request under other ids; each number a little older than the one before."""
    id = f"'{mark}' || CAST(100000000 + i AS TEXT)"
    changed = {"id": id, "request_id": id, "created_at": "created_at - i", "asked_at": "asked_at - i", "next_at": "NULL"}
    values = ", ".join(changed.get(name, name) for name in names)
    source = f"SELECT {values} FROM {table}, numbers WHERE {_KEYS[table]} = ?"
    return f"INSERT INTO {table} ({', '.join(names)}) {_NUMBERS.format(count=count)} {source}"
