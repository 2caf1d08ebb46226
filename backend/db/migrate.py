"""Brings a database to the newest shape. Safe to run twice, and from two processes at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text

HEAD = "0005"
_HERE = Path(__file__).parent / "migrations"


def migrate(where: Path | str) -> bool:
    """Create or upgrade the file or the PostgreSQL database at `where`; tells whether anything had to be done. Raises
    Unavailable when a server cannot be reached."""
    with _connected(where) as connection:
        if current_revision(connection) == HEAD:
            return False
        connection.rollback()
        with _alone(connection):
            if current_revision(connection) == HEAD:
                return False
            _upgrade(connection)
            return True


@contextmanager
def _connected(where: Path | str) -> Iterator[Connection]:
    if isinstance(where, Path):
        from backend.db.sqlite_database import connect

        where.parent.mkdir(parents=True, exist_ok=True)
        with connect(where).connect() as connection:
            yield connection
    else:
        from backend.db.postgres_engine import connected

        with connected(where) as connection:
            yield connection


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """One transaction that no other migration runs beside."""
    with connection.execution_options(writes=True).begin():
        if connection.dialect.name == "postgresql":
            from backend.db.postgres_engine import begin_alone

            begin_alone(connection)
        yield


def current_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command  # 0.1 s of imports that an up-to-date start does without
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
