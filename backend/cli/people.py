"""`assent people`: erase a person's data."""

import typer

from backend.cli.run_transaction import run_on_database, run_use_case
from backend.core import erasure
from backend.db import Database

app = typer.Typer(help="Erase a person's data.", no_args_is_help=True)

CONFIRMATION = (
    "This closes everything that {name} has open and erases their name, addresses, messages, questions and answers. "
    "Decisions stay on record. This cannot be undone. Continue?"
)


@app.callback()
def people() -> None:
    """Erase a person's data."""


@app.command()
def erase(
    name: str = typer.Argument(metavar="ID", help="The person's id or email address."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask for confirmation."),
) -> None:
    """Erase a person's content. Who decided what, when and where stays on record, with digests, and every audit chain still
    verifies.

    Example: assent people erase dana@example.org
    """
    if not yes:
        typer.confirm(CONFIRMATION.format(name=name), abort=True)
    person_id = run_use_case(erasure.begin_erasure, name)
    left = run_on_database(_erase_all, person_id)
    if left is None:
        typer.echo(f"Erased {person_id}.")
    else:
        typer.echo(f"Erasing {person_id}: {left} Run the command again to check the progress.")


async def _erase_all(db: Database, person_id: str) -> str | None:
    """Erase everything that can be erased now; return what is left."""
    while await db.transact(erasure.erase_leaving_people):
        pass
    left: str | None = await db.read(erasure.erasure_blocker, person_id)
    return left
