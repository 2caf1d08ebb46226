"""What stands between us and a SQLite file, in words that say what to do."""

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from backend.errors import Unavailable

_SAID = {
    "SQLITE_FULL": "{path} cannot grow: make room on its disk.",
    "SQLITE_READONLY": "{path} cannot be written: make the file and its folder writable for this user.",
    "SQLITE_CANTOPEN": "{path} cannot be opened: make its folder writable for this user, or name another file.",
    "SQLITE_PERM": "{path} cannot be opened: make the file readable for this user, or name another file.",
    "SQLITE_NOTADB": "{path} is not a SQLite database: restore it from a backup, or name another file.",
    "SQLITE_CORRUPT": "{path} is damaged: restore it from a backup.",
    "SQLITE_BUSY": "{path} is held by another program: stop that, and try again.",
    "SQLITE_IOERR": "{path} cannot be read or written: look whether its disk is full or failing.",
}


def explained(path: Path, error: DBAPIError | sqlite3.Error) -> Unavailable | None:
    """The refusal to raise instead; None where the fault lies in a statement of ours."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    name = str(getattr(origin, "sqlite_errorname", ""))
    said = _SAID.get("_".join(name.split("_")[:2]))
    return Unavailable(said.format(path=path.resolve())) if said else None
