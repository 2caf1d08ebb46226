"""Brings a database file to the newest shape. Safe to run twice, and from two processes at once."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from backend.db.sqlite_database import connect

HEAD = "0003"
_HERE = Path(__file__).parent / "migrations"


def migrate(path: Path) -> bool:
    """Create or upgrade the file at `path`; tells whether anything had to be done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with connect(path).connect() as connection:
        if current_revision(connection) == HEAD:
            return False
        connection.rollback()
        with connection.execution_options(writes=True).begin():
            if current_revision(connection) == HEAD:
                return False
            _upgrade(connection)
            return True


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
