"""Run a use case from the command line, in one transaction on the installation's database."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from backend.bootstrap.audit_sealing import audit_sealer
from backend.db.factory import open_database
from backend.db.migrate import migrate
from backend.errors import NotFound
from backend.settings.schema import load_settings


def run_use_case(use_case: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a use case and return its result. Raises its refusals. A running server notices the change within a second."""
    return run_on_database(lambda db: db.transact(use_case, *args, **kwargs))


def run_on_database(work: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """Run work that takes more than one transaction and return its result."""
    settings = load_settings()
    where = settings.database
    if isinstance(where, Path) and not where.exists():
        raise NotFound(f"There is no database at {where.resolve()}: run `assent migrate` to create it, or set ASSENT_DATA_DIR.")
    sealer = audit_sealer(settings)
    migrate(where, sealer)

    async def run() -> Any:
        db = open_database(where, lambda effects: None, sealer)
        try:
            return await work(db, *args)
        finally:
            db.close()

    return asyncio.run(run())
