"""Use cases that are run at once, cut into each other in generated ways, come to what some order of them would have come to."""

import asyncio
import itertools
import os
import random
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backend.core.people.accounts import add_person
from backend.core.people.groups import add_members
from backend.core.sessions.sessions import open_session
from backend.db import Database
from backend.db.factory import open_database
from backend.db.tables import metadata
from backend.domain.people import Person
from tests.model.plain import OWNER, World
from tests.model.real import Platform
from tests.model.turns import Turns
from tests.support.auditor import Books
from tests.support.lock_guard import make_guarded
from tests.support.postgres import Postgres
from tests.support.waiting import TIMEOUT_S

INTERLEAVINGS = int(os.environ.get("INTERLEAVINGS", "210"))
ROUNDS = 3  # of several use cases at once, in one world
NAMES = ("ann", "bob", "cyd")
Step = tuple[str, tuple[Any, ...]]


class Bench:
    """The database that all worlds take turns in, and a loop to wait in."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.db: Database = open_database(url, lambda effects: None)

    def begin(self, use_case: Any, *args: Any, **kwargs: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(self.db.transact(use_case, *args, **kwargs), self.loop)

    def do(self, use_case: Any, *args: Any, **kwargs: Any) -> Any:
        return self.begin(use_case, *args, **kwargs).result(TIMEOUT_S)

    def read(self, query: Any, *args: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(self.db.read(query, *args), self.loop).result(TIMEOUT_S)

    def empty(self) -> None:
        with psycopg.connect(self.url, options="-c session_replication_role=replica") as connection:
            for table in metadata.tables:
                connection.execute(f"DELETE FROM {table}".encode())

    def close(self) -> None:
        self.db.close()
        self.loop.call_soon_threadsafe(self.loop.stop)


@pytest.fixture(scope="module")
def bench(postgres: Postgres) -> Iterator[Bench]:
    made = Bench(make_guarded(postgres, "interleaved"))
    yield made
    made.close()


def begin(bench: Bench) -> tuple[World, Platform]:
    """Ann is in the group, Bob and Cyd are not; the owner has a session."""
    people = {}
    for name in (OWNER, *NAMES):
        added = bench.do(add_person, email=f"{name}@example.org", password_hash="-", name=name, role="member")
        people[name] = Person(added["id"], name)
    bench.do(add_members, "finance", ["ann@example.org"])
    session_id = bench.do(open_session, people[OWNER], "a world")
    return World(group={"ann"}), Platform(people, session_id, "finance")


def steps(world: World, platform: Platform, new: str) -> dict[str, list[tuple[Any, ...]]]:
    """Whatever could be done now: the arguments by what it is."""
    leases = [(lease, platform.runs.index(held.run_id)) for lease, held in platform.leases.items()]
    open_ones = [name for name, request in world.requests.items() if request.status == "pending"]
    asked = open_ones or list(world.requests)
    found: dict[str, list[tuple[Any, ...]]] = {
        "ask": [(new, to, due) for to in ("group", *NAMES) for due in (False, True)],
        "answer": [(name, who, action) for name in asked for who in (OWNER, *NAMES) for action in _actions(world, name)],
        "expire": [(name,) for name in asked],
        "withdraw": [(name,) for name in asked],
        "see": [(name, who) for name in asked for who in NAMES],
        "say": [()],
        "cancel": [()],
        "claim": [(new, run) for run in range(len(world.runs))],
        "propose": [(new, *lease) for lease in leases],
        "start": [(name, *lease) for name in world.requests for lease in leases if lease[1] == world.requests[name].run],
        "finish": [(name, *leases[0]) for name in platform.executions],
        **{what: [(who,) for who in NAMES] for what in ("join", "leave", "disable", "enable")},
    }
    return {what: ways for what, ways in found.items() if ways}


def _actions(world: World, name: str) -> tuple[str, str]:
    return ("approve", "reject") if world.requests[name].run is not None else ("submit", "decline")


def choose(fate: random.Random, world: World, platform: Platform, new: str) -> Step:
    ways = steps(world, platform, new)
    what = fate.choice(sorted(ways))
    return what, fate.choice(ways[what])


def at_once(bench: Bench, platform: Platform, chosen: list[Step], order: list[int]) -> list[str]:
    """What the callers heard."""
    with Turns(order, bench.url).playing() as turns:
        futures = []
        for player, (what, args) in enumerate(chosen):
            use_case, given_ = platform.call(what, args)
            future = bench.begin(turns.taken_by(player, use_case), *given_)
            future.add_done_callback(partial(_leave, turns, player))
            futures.append(future)
        turns.drive(len(chosen))
    outcomes = [future.exception(TIMEOUT_S) or future.result() for future in futures]
    came_of = zip(chosen, outcomes, strict=True)
    proposed = [(args[0], args[2]) for (what, args), outcome in came_of if what == "propose" and outcome is None]
    bench.read(platform.learn, proposed)
    return [platform.hear(what, args, outcome) for (what, args), outcome in zip(chosen, outcomes, strict=True)]


def _leave(turns: Turns, player: int, _: Future[Any]) -> None:
    turns.leave(player)


def explained(worlds: list[World], chosen: list[Step], heard: list[str], seen: object) -> list[World]:
    """The worlds that some order of the steps leads to and that fit what was heard and seen. There may be several: what sets
    them apart may be seen only later."""
    fit: list[World] = []
    for world, order in itertools.product(worlds, itertools.permutations(range(len(chosen)))):
        then = world.copy()
        if all(getattr(then, chosen[n][0])(*chosen[n][1]) == heard[n] for n in order) and then.look() == seen and then not in fit:
            fit.append(then)
    return fit


def told(world: World, chosen: list[Step], heard: list[str], seen: object) -> str:
    """What no order explains, a line each."""
    steps = [f"{what}{args} heard {word}" for (what, args), word in zip(chosen, heard, strict=True)]
    return "\n".join(["", "no order explains", *steps, f"before: {world.look()}", f"after:  {seen}"])


class TestInterleaved:
    @settings(
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a smaller seed is no smaller example
        max_examples=-(-INTERLEAVINGS // ROUNDS),
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(seed=st.integers(0, 2**48))
    def test_whatever_is_done_at_once_comes_to_what_some_order_of_it_comes_to(self, bench: Bench, seed: int) -> None:
        """What can be done depends on what came of what was done before, and that on the server: so only a seed is drawn."""
        fate = random.Random(seed)
        bench.empty()
        world, platform = begin(bench)
        names = (f"new {n}" for n in itertools.count(1))
        for _ in range(fate.randint(0, 8)):
            what, args = choose(fate, world, platform, next(names))
            assert at_once(bench, platform, [(what, args)], []) == [getattr(world, what)(*args)]
        worlds = [world]
        for _ in range(ROUNDS):
            chosen = [choose(fate, worlds[0], platform, next(names)) for _ in range(fate.randint(2, 4))]
            heard = at_once(bench, platform, chosen, [fate.randrange(12) for _ in range(40)])
            seen = bench.read(platform.look)
            then = explained(worlds, chosen, heard, seen)
            assert then, told(worlds[0], chosen, heard, seen)
            worlds = then
        assert list(Books(Path(), bench.url).findings()) == []
