"""Two processes that serve and two that work, on PostgreSQL and Redis: what twenty callers at once get, beside what one gets.
And one process on PostgreSQL beside Primary Path, where that is asked for."""

import asyncio
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.crowd import Crowd, Talker, ask_and_answer, crowd, register
from bench.installation import SETTINGS, Installation, installation
from bench.measures import p
from bench.primary_path import PrimaryPath, primary_path, propose_and_decide
from bench.wire import Http
from tests.support.postgres import Postgres
from tests.support.redis import RedisServer
from tests.support.server import Server
from tests.support.short_folders import short_folder

CALLERS = 20
ROUNDS = {1: 150, CALLERS: 15}  # of each caller
CHATS = {1: 30, CALLERS: 4}
Measured = dict[str, Any]  # as of `Line`


def measure_several_processes(beside_primary_path: bool) -> list[Measured]:
    """Lines of the table."""
    with short_folder("pg", open_to_others=True) as folder, tempfile.TemporaryDirectory() as data:
        postgres, redis = Postgres(folder).start(), RedisServer().start()
        try:
            with installation(Path(data), postgres, redis, "bench", apis=2, workers=2) as four:
                lines = asyncio.run(_measure(four))
            if beside_primary_path:
                lines += _measure_beside_primary_path(Path(data), postgres)
        finally:
            postgres.stop()
            redis.remove()
    return lines


async def _measure(four: Installation) -> list[Measured]:
    people = await register(four.ports, CALLERS)
    asking = [partial(ask_and_answer, person) for person in people]
    await crowd(four, asking, 5)  # warm
    one, many = [await crowd(four, asking[:callers], times) for callers, times in ROUNDS.items()]
    lines = _compared("ask and answer", one, many)
    talkers = [await Talker.of(person) for person in people]
    chatting = [talker.chat for talker in talkers]
    await crowd(four, chatting, 1)
    one, many = [await crowd(four, chatting[:callers], times) for callers, times in CHATS.items()]
    return lines + _compared("chat round", one, many)


def _compared(what: str, one: Crowd, many: Crowd) -> list[Measured]:
    of = f"4 processes, {what} x {many.callers}"
    return [
        {
            "what": f"{of}: time (1 caller's)",
            "value": 1e3 / many.rate,
            "unit": "ms",
            "floor": 1e3 / one.rate,
            "times": 1 / 1.6,
        },
        {"what": f"{of}: CPU (1 caller's)", "value": many.cpu, "unit": "ms", "floor": one.cpu, "times": 1.2},
        {"what": f"{of}: PostgreSQL's CPU", "value": many.database, "unit": "ms", "floor": one.database},
        {"what": f"{of}: p99 (p50)", "value": p(many.taken, 99), "unit": "ms", "floor": p(many.taken, 50), "times": 10},
        {"what": f"{of}: failed calls", "value": len(one.failed + many.failed), "unit": "", "target": 0},
    ]


def _measure_beside_primary_path(data: Path, postgres: Postgres) -> list[Measured]:
    ours = Server(data / "one", **SETTINGS, database_url=postgres.make("one"))
    with primary_path(data, postgres) as theirs:
        ours.start()
        try:
            return asyncio.run(_beside(ours, theirs, postgres))
        finally:
            ours.stop()


async def _beside(ours: Server, theirs: PrimaryPath, postgres: Postgres) -> list[Measured]:
    here, there = (Installation([process], [process.port], postgres) for process in (ours, theirs))
    asking = [partial(ask_and_answer, person) for person in await register(here.ports, CALLERS)]
    proposing = [partial(propose_and_decide, Http(theirs.port)) for _ in range(CALLERS)]
    await crowd(here, asking, 5)
    await crowd(there, proposing, 5)
    return [
        line
        for callers, times in ROUNDS.items()
        for line in _peers(await crowd(here, asking[:callers], times), await crowd(there, proposing[:callers], times))
    ]


def _peers(ours: Crowd, theirs: Crowd) -> Sequence[Measured]:
    of = f"1 process on PostgreSQL x {ours.callers}"
    whole, whole_theirs = ours.cpu + ours.database, theirs.cpu + theirs.database
    return (
        {"what": f"{of}: CPU (Primary Path's)", "value": ours.cpu, "unit": "ms", "floor": theirs.cpu, "times": 0.5},
        {"what": f"{of}: CPU with PostgreSQL's", "value": whole, "unit": "ms", "floor": whole_theirs, "times": 0.5},
        {"what": f"{of}: time", "value": 1e3 / ours.rate, "unit": "ms", "floor": 1e3 / theirs.rate},
        {"what": f"{of}: failed calls", "value": len(ours.failed + theirs.failed), "unit": "", "target": 0},
    )
