"""Fixtures that every floor of the tests may use."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.lock_guard import make_guarded
from tests.support.person import Person
from tests.support.postgres import Postgres
from tests.support.server import Server
from tests.support.short_folders import short_folder

# How long an example takes, or to think of one, says how busy the machine is.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


gc.disable()  # what is collected stays to the end: looking through it again and again is a third of collecting it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, so that at the end nobody waits for one of them."""
    items.sort(key=lambda item: "journeys" not in item.path.parts)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that only need an account of their own: open registration, no tight limits. On PostgreSQL
    where TESTS_ON says so (`make test-postgres`)."""
    on_postgres = os.environ.get("TESTS_ON") == "postgres"
    settings = {"database_url": make_guarded(request.getfixturevalue("postgres"), "shared")} if on_postgres else {}
    running = Server(tmp_path_factory.mktemp("server") / "data", **settings).start()
    yield running
    assert running.stop() == 0, running.log.read_text()[-4000:]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL server for all tests that make a database of their own on it."""
    with short_folder("pg", open_to_others=True) as folder:
        running = Postgres(folder).start()
        yield running
        running.stop()


@pytest.fixture
def dana(server: Server) -> Person:
    """A new person on the shared server."""
    return server.person("Dana")


@pytest.fixture
def eve(server: Server) -> Person:
    """Somebody else on the shared server."""
    return server.colleague("Eve")


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers with settings of their own, not yet started; whatever still runs at the end is killed."""
    made: list[Server] = []

    def make(**settings: Any) -> Server:
        made.append(Server(tmp_path / f"data{len(made)}", **settings))
        return made[-1]

    yield make
    for server in made:
        if server.process is not None:
            server.kill()
