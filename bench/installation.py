"""A whole installation under measurement: one PostgreSQL, one Redis, so many processes that serve and so many that work."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from tests.support.postgres import Postgres
from tests.support.redis import RedisServer
from tests.support.server import Api, Server, Worker

SETTINGS = {"registration_rate": "10000000/minute", "rate_limit": "10000000/minute"}


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of processor time so far: of our own processes, and of the database server."""

    ours: float
    database: float

    def __sub__(self, earlier: "Spent") -> "Spent":
        return Spent(self.ours - earlier.ours, self.database - earlier.database)


class Installation:
    """Its processes run; `ports` are those that serve."""

    def __init__(self, processes: list[Server], ports: list[int], postgres: Postgres) -> None:
        self.ports, self._postgres = ports, postgres
        self._processes = [psutil.Process(process.process.pid) for process in processes if process.process is not None]

    def spent(self) -> Spent:
        return Spent(sum(map(_cpu, self._processes)), cpu_of(self._postgres))


def cpu_of(postgres: Postgres) -> float:
    """Seconds of processor time of a database server, with the backends that have ended since."""
    assert postgres.process is not None
    main = psutil.Process(postgres.process.pid)
    times = main.cpu_times()
    return float(times.children_user + times.children_system) + sum(map(_cpu, [main, *main.children(recursive=True)]))


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def installation(
    folder: Path, postgres: Postgres, redis: RedisServer, database: str, apis: int, workers: int
) -> Iterator[Installation]:
    settings = {"database_url": postgres.make(database), "redis_url": redis.url, **SETTINGS}
    data = folder / database
    serving: list[Server] = [Api(data, f"{database}-api{n}", **settings) for n in range(apis)]
    working: list[Server] = [Worker(data, f"{database}-worker{n}", **settings) for n in range(workers)]
    try:
        for process in (*serving, *working):  # the first makes the tables and the secret that the others find
            process.start()
        yield Installation([*serving, *working], [process.port for process in serving], postgres)
    finally:
        for process in (*serving, *working):
            if process.is_up():
                process.stop()
