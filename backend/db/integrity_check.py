"""What an operator wants to know of a database before trusting it: findings, each well or with what to do."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from backend.db.migrate import HEAD, current_revision
from backend.errors import Unavailable

Finding = tuple[bool, str]
OLDEST = 13


def check_database(where: Path | str) -> Iterator[Finding]:
    """Look, change nothing."""
    return _examine_file(where) if isinstance(where, Path) else _examine_server(where)


def _examine_file(path: Path) -> Iterator[Finding]:
    if not path.exists():
        yield True, "The database will be made on the first start."
        return
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            whole = connection.execute("PRAGMA quick_check").fetchone()[0]
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    except sqlite3.Error as error:
        yield False, f"{path} cannot be read ({error}): restore it from a backup."
        return
    yield (
        whole == "ok",
        "The database is whole." if whole == "ok" else f"The database is damaged ({whole}): restore it from a backup.",
    )
    yield _revision(revision)


def _examine_server(url: str) -> Iterator[Finding]:
    from backend.db.postgres.connection import connected

    try:
        with connected(url) as connection:
            version, encoding = connection.exec_driver_sql(
                "SELECT current_setting('server_version'), current_setting('server_encoding')"
            ).one()
            revision = current_revision(connection)
    except Unavailable as error:
        yield False, f"{error.detail} Check ASSENT_DATABASE_URL and that the server runs."
        return
    new_enough = int(version.partition(".")[0]) >= OLDEST
    yield (
        new_enough,
        f"PostgreSQL {version} answers." if new_enough else f"PostgreSQL {version} is too old: use {OLDEST} or newer.",
    )
    if encoding != "UTF8":
        yield False, f"The database is encoded in {encoding}: create it anew with ENCODING 'UTF8'."
    yield (True, "The tables will be made on the first start.") if revision is None else _revision(revision)


def _revision(revision: str) -> Finding:
    if revision > HEAD:
        return False, f"The database is at revision {revision}, which is newer than this Assent ({HEAD}): start that version."
    return (
        revision == HEAD,
        f"The database is at revision {revision}."
        if revision == HEAD
        else f"The database is at revision {revision}, not {HEAD}: run `assent migrate`.",
    )
