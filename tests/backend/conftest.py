"""A migrated database of one's own, on SQLite and on PostgreSQL, and one person with one session in it."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from backend.core.people import accounts
from backend.core.sessions.sessions import open_session
from backend.db import Effect, Tx, WakeWorker
from backend.db.factory import open_database
from backend.db.migrate import migrate
from backend.db.tables import metadata
from backend.domain.people import Person
from tests.support.lock_guard import make_guarded
from tests.support.postgres import Postgres

REFUSALS = (sqlite3.IntegrityError, psycopg.IntegrityError)


class Opened(ABC):
    """The database under test, what its sink was handed, and ids to write for. Its abstract methods are what another
    process sees and does, past the code under test."""

    def __init__(self, where: Path | str) -> None:
        self.where = where
        self.sent: list[Effect] = []
        self.on_sent: Callable[[], object] = lambda: None
        self.db = open_database(where, self.sink)
        self.person = Person("", "")
        self.session_id = ""

    def sink(self, effects: Sequence[Effect]) -> None:
        self.sent.extend(effects)
        self.on_sent()

    @property
    def rung(self) -> list[str]:
        """What workers were rung for, in order."""
        return [effect.id for effect in self.sent if isinstance(effect, WakeWorker)]

    async def fill(self) -> None:
        added = await self.db.transact(_add_person)
        self.person = Person(added, "Dana")
        self.session_id = await self.db.transact(open_session, self.person, "first words")
        self.sent.clear()

    @abstractmethod
    def on_disk(self, query: str) -> list[tuple[Any, ...]]:
        """The rows that another process sees."""

    @abstractmethod
    def change(self, statement: str, *values: object) -> int:
        """How many rows a statement (its values marked `?`) changed."""

    @abstractmethod
    def tamper(self, statement: str, *values: object) -> None:
        """As somebody with the database in hand and the triggers out of the way."""


class OpenedSqlite(Opened):
    @property
    def path(self) -> Path:
        assert isinstance(self.where, Path)
        return self.where

    def on_disk(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query).fetchall()

    def change(self, statement: str, *values: object) -> int:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement, values).rowcount

    def tamper(self, statement: str, *values: object) -> None:
        for (name,) in self.on_disk("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            self.change(f"DROP TRIGGER {name}")
        assert self.change(statement, *values) > 0


class OpenedPostgres(Opened):
    @property
    def url(self) -> str:
        assert isinstance(self.where, str)
        return self.where

    def on_disk(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def change(self, statement: str, *values: object, first: str = "") -> int:
        with psycopg.connect(self.url) as connection:
            if first:
                connection.execute(first.encode())
            return connection.execute(statement.replace("?", "%s").encode(), values or None).rowcount

    def tamper(self, statement: str, *values: object) -> None:
        assert self.change(statement, *values, first="SET session_replication_role = replica") > 0


def _add_person(tx: Tx) -> str:
    return str(accounts.add_person(tx, email="dana@example.org", password_hash="-", name="Dana", role="admin")["id"])


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty database in the newest shape, to copy instead of migrating anew."""
    path = tmp_path_factory.mktemp("migrated") / "assent.db"
    migrate(path)
    return path.read_bytes()


@pytest.fixture
def file(tmp_path: Path, migrated: bytes) -> Path:
    """A migrated SQLite file."""
    path = tmp_path / "assent.db"
    path.write_bytes(migrated)
    return path


@pytest.fixture(scope="session")
def lasting_url(postgres: Postgres) -> str:
    """A PostgreSQL database in the newest shape that tests take turns in: making one for each would take longer."""
    return make_guarded(postgres, "taken_in_turns")


@pytest.fixture
def database_url(lasting_url: str) -> Iterator[str]:
    """A migrated, empty PostgreSQL database."""
    yield lasting_url
    with psycopg.connect(lasting_url, options="-c session_replication_role=replica -c lock_timeout=10s") as connection:
        for table in metadata.tables:
            connection.execute(f"DELETE FROM {table}".encode())


@pytest.fixture
async def opened_sqlite(file: Path) -> AsyncIterator[OpenedSqlite]:
    one = OpenedSqlite(file)
    await one.fill()
    yield one
    one.db.close()


@pytest.fixture
async def opened_postgres(database_url: str) -> AsyncIterator[OpenedPostgres]:
    one = OpenedPostgres(database_url)
    await one.fill()
    yield one
    one.db.close()


@pytest.fixture(params=["sqlite", "postgres"])
def opened(request: pytest.FixtureRequest) -> Opened:
    """Every test that takes this runs on both databases."""
    one: Opened = request.getfixturevalue(f"opened_{request.param}")
    return one
