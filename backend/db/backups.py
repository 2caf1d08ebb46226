"""Copies of a SQLite database, taken while it is in use. A copy bears a mark in its header, so that a start on it knows that
time has passed since: what was answered and run after it was taken is not in it."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import insert, select

from backend.db.sqlite.failures import explained
from backend.db.tables import restores
from backend.db.transaction import Tx
from backend.errors import Unavailable

COPY = 1  # PRAGMA user_version of a copy; 0 is a database at work


def copy_database(source: Path, target: Path) -> None:
    """A whole, marked copy at `target`, which must not exist yet. Raises Unavailable."""
    with (
        _explaining(target),
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as kept,
        closing(sqlite3.connect(target)) as copy,
    ):
        kept.backup(copy)
        copy.execute(f"PRAGMA user_version = {COPY}")
        whole = copy.execute("PRAGMA quick_check").fetchone()[0]
    if whole != "ok":
        raise Unavailable(f"The copy at {target} is not whole ({whole}): run `assent doctor` on the database.")


def detect_restore(path: Path) -> bool:
    """Whether the migrated database at `path` is a copy that is put to work now; from then on it is a database at work."""
    with _explaining(path), closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        copied = database.execute("PRAGMA user_version").fetchone()[0] == COPY
        if copied:
            database.execute("INSERT INTO restores (noticed_at) VALUES (?)", (round(time.time() * 1000),))
            database.execute("PRAGMA user_version = 0")
        database.execute("COMMIT")
        return bool(copied)


def insert_restore(tx: Tx) -> None:
    tx.execute(insert(restores), {"noticed_at": tx.now})


def last_restore(tx: Tx) -> int | None:
    """When the database was last put back from a backup; None: never."""
    found: int | None = tx.execute(select(restores.c.noticed_at).order_by(restores.c.id.desc()).limit(1)).scalar()
    return found


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        refusal = explained(path, error)
        if refusal is None:
            raise
        raise refusal from error
