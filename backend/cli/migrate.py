"""`assent migrate`: upgrade the database's schema."""

import typer

from backend.bootstrap.audit_sealing import audit_sealer
from backend.bootstrap.data_dir import prepare_data_dir
from backend.db import migrate as migrations
from backend.settings.schema import load_settings


def migrate() -> None:
    """Create or upgrade the database. `assent serve` does this automatically.

    Example: assent migrate
    """
    settings = load_settings()
    prepare_data_dir(settings)
    changed = migrations.migrate(settings.database, audit_sealer(settings))
    typer.echo(f"{settings.database_name}: {'brought to' if changed else 'is at'} revision {migrations.HEAD}.")
