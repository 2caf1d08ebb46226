"""The one place that knows which database it is."""

from pathlib import Path

from backend.db.database import Database, Sink


def open_database(where: Path | str, sink: Sink) -> Database:
    """The migrated database at `where`: a path is a SQLite file, a URL a database on a PostgreSQL server. Only the driver
    that is needed is imported."""
    if isinstance(where, Path):
        from backend.db.sqlite_database import SqliteDatabase

        return SqliteDatabase(where, sink)
    from backend.db.postgres_database import PostgresDatabase

    return PostgresDatabase(where, sink)
