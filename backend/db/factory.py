"""The one place that knows which database it is."""

from pathlib import Path

from backend.db.audit_sealer import UNSEALED, Sealer
from backend.db.database import Database, Sink


def open_database(where: Path | str, sink: Sink, sealer: Sealer = UNSEALED) -> Database:
    """The migrated database at `where`: a path is a SQLite file, a URL a database on a PostgreSQL server. Only the driver
    that is needed is imported. `sealer` seals where the audit ends."""
    if isinstance(where, Path):
        from backend.db.sqlite.database import SqliteDatabase

        return SqliteDatabase(where, sink, sealer)
    from backend.db.postgres.database import PostgresDatabase

    return PostgresDatabase(where, sink, sealer)
