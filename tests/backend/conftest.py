"""A migrated database file of one's own, and one person with one session in it."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from backend.core import people
from backend.core.sessions import open_session
from backend.db import Effect, Tx
from backend.db.migrate import migrate
from backend.db.opening import open_database
from backend.domain.people import Person


class Opened:
    """The database under test, what its sink was handed, and ids to write for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sent: list[Effect] = []
        self.db = open_database(path, self._sink)
        self.person = Person("", "")
        self.session_id = ""

    def _sink(self, effects: Sequence[Effect]) -> None:
        self.sent.extend(effects)

    async def fill(self) -> None:
        added = await self.db.transact(_add_person)
        self.person = Person(added, "Dana")
        self.session_id = await self.db.transact(open_session, self.person, "first words")
        self.sent.clear()


def _add_person(tx: Tx) -> str:
    return str(people.add_person(tx, email="dana@example.org", password_hash="-", name="Dana", role="admin")["id"])


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty database in the newest shape, to copy instead of migrating anew."""
    path = tmp_path_factory.mktemp("migrated") / "assent.db"
    migrate(path)
    return path.read_bytes()


@pytest.fixture
async def opened(tmp_path: Path, migrated: bytes) -> AsyncIterator[Opened]:
    path = tmp_path / "assent.db"
    path.write_bytes(migrated)
    one = Opened(path)
    await one.fill()
    yield one
    one.db.close()
