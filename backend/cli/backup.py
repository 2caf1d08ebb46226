"""`assent backup`: a copy to fall back on; `assent restored`: what a start on a copy says by itself, where it cannot know."""

import shutil
from pathlib import Path

import typer

from backend.auth.keys import FILE
from backend.bootstrap.data_dir import LOCK
from backend.cli.transact import run_use_case
from backend.db.backups import copy_database, insert_restore
from backend.errors import Conflict, NotFound
from backend.settings.schema import SettingsError, load_settings

Folder = typer.Argument(help="A folder that does not exist yet.")


def backup(folder: Path = Folder) -> None:
    """Copy the database and the secret into a new folder, also while Assent runs. Keep it as safe as the data itself.

    To restore: stop Assent, put the folder in the place of the data directory, start again.

    Example: assent backup ./backup-monday
    """
    settings = load_settings()
    where = settings.database
    if not isinstance(where, Path):
        raise SettingsError("ASSENT_DATABASE_URL: copy a PostgreSQL database with `pg_dump --format=custom` (docs/backup.md).")
    if not where.exists():
        raise NotFound(f"There is no database at {where.resolve()} to copy; set ASSENT_DATA_DIR.")
    if folder.exists():
        raise Conflict(f"{folder} is there already; name a folder that is not.")
    folder.mkdir(mode=0o700, parents=True)
    copy_database(where, folder / "assent.db")
    for path in settings.data_dir.iterdir():
        if path.is_file() and path.name != LOCK and not path.name.startswith(where.name):
            shutil.copy2(path, folder / path.name)
    typer.echo(f"Copied {where} and what lies beside it to {folder}.")
    if not (folder / FILE).exists():
        typer.echo("The secret is not in it: it comes from ASSENT_SECRET_KEY. Keep that, too.")


def restored() -> None:
    """Say that the database was put back from a copy that bears no mark, such as one of `pg_dump`. Before anything is run that
    was asked for until now, a person is asked again.

    Example: assent restored
    """
    run_use_case(insert_restore)
    typer.echo("Noted. What was asked for until now is asked about again before it is run.")
