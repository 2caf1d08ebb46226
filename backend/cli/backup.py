"""`assent backup` copies the database and the secret; `assent restored` marks a database that was restored by other means."""

import shutil
from pathlib import Path

import typer

from backend.auth.keys import FILE
from backend.bootstrap.data_dir import LOCK
from backend.cli.run_transaction import run_use_case
from backend.db.backups import copy_database, insert_restore
from backend.errors import Conflict, NotFound
from backend.settings.schema import SettingsError, load_settings

Folder = typer.Argument(help="The folder to create; it must not exist yet.")


def backup(folder: Path = Folder) -> None:
    """Copy the database and the secret into a new folder, even while Assent runs. Keep it as safe as the data itself.

    To restore: stop Assent, replace the data directory with the folder, and start again.

    Example: assent backup ./backup-monday
    """
    settings = load_settings()
    where = settings.database
    if not isinstance(where, Path):
        raise SettingsError("ASSENT_DATABASE_URL: copy a PostgreSQL database with `pg_dump --format=custom` (docs/backup.md).")
    if not where.exists():
        raise NotFound(f"There is no database at {where.resolve()} to copy. Set ASSENT_DATA_DIR.")
    if folder.exists():
        raise Conflict(f"{folder} already exists; choose a new folder.")
    folder.mkdir(mode=0o700, parents=True)
    copy_database(where, folder / "assent.db")
    for path in settings.data_dir.iterdir():
        if path.is_file() and path.name != LOCK and not path.name.startswith(where.name):
            shutil.copy2(path, folder / path.name)
    typer.echo(f"Copied {where} and what lies beside it to {folder}.")
    if not (folder / FILE).exists():
        typer.echo("The secret is not included, because it is set in ASSENT_SECRET_KEY. Back that up, too.")


def restored() -> None:
    """Record that the database was restored from a backup that Assent cannot recognise, such as one of `pg_dump`. Actions
    requested before now are then confirmed by a person again before they run.

    Example: assent restored
    """
    run_use_case(insert_restore)
    typer.echo("Recorded. Actions requested before now will be confirmed by a person again before they run.")
