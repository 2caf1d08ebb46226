"""Brings a database to the newest shape. Safe to run twice, and from two processes at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from backend.db.audit_sealer import UNSEALED, Sealer
from backend.errors import Unavailable

HEAD = "0013"
_HERE = Path(__file__).parent / "migrations"


def migrate(where: Path | str, sealer: Sealer = UNSEALED) -> bool:
    """Create or upgrade the file or the PostgreSQL database at `where`; tells whether anything had to be done. `sealer` is
    what the audit of an older one is sealed with. Raises Unavailable when it cannot be reached or used."""
    with _connected(where) as connection:
        if _is_newest(connection):
            return False
        connection.rollback()
        with _alone(connection):
            if _is_newest(connection):
                return False
            _upgrade(connection, sealer)
            return True


def _is_newest(connection: Connection) -> bool:
    found = current_revision(connection)
    if found is not None and found > HEAD:
        raise Unavailable(
            f"The database is at revision {found}, and this Assent knows none after {HEAD}: start the newer version that wrote "
            "it, or restore a backup from before."
        )
    return found == HEAD


@contextmanager
def _connected(where: Path | str) -> Iterator[Connection]:
    if isinstance(where, Path):
        with _connected_file(where) as connection:
            yield connection
    else:
        from backend.db.postgres.connection import connected, refused

        with connected(where) as connection, refused():
            yield connection


@contextmanager
def _connected_file(path: Path) -> Iterator[Connection]:
    from backend.db.sqlite.database import DATABASE_ERRORS, connect
    from backend.db.sqlite.failures import explained

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with connect(path).connect() as connection:
            yield connection
    except DATABASE_ERRORS as error:
        refusal = explained(path, error)
        if refusal is None:
            raise
        raise refusal from error


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """One transaction that no other migration runs beside."""
    with connection.execution_options(writes=True).begin():
        if connection.dialect.name == "postgresql":
            from backend.db.postgres.connection import begin_alone

            begin_alone(connection)
        yield


def current_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection, sealer: Sealer, to: str = HEAD) -> None:
    from alembic import command  # 0.1 s of imports that an up-to-date start does without
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes |= {"connection": connection, "sealer": sealer}
    command.upgrade(config, to)
