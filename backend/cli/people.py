"""`assent people`: what an operator owes a person who leaves."""

import typer

from backend.cli.transact import run_on_database, run_use_case
from backend.core import erasure
from backend.db import Database

app = typer.Typer(help="Erase what is kept about a person.", no_args_is_help=True)

SURE = (
    "This ends everything that {name} has open and erases their name, addresses, messages, questions and answers. "
    "What was decided stays as a fact. It cannot be taken back. Go on?"
)


@app.callback()
def people() -> None:
    """Erase what is kept about a person."""


@app.command()
def erase(
    name: str = typer.Argument(metavar="ID", help="The person's id or email address."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Erase a person's content; who decided what, when and where stays, with digests, and every audit chain still verifies.

    Example: assent people erase dana@example.org
    """
    if not yes:
        typer.confirm(SURE.format(name=name), abort=True)
    person_id = run_use_case(erasure.begin_erasure, name)
    left = run_on_database(_erase_all, person_id)
    if left is None:
        typer.echo(f"Erased {person_id}.")
    else:
        typer.echo(f"Erasing {person_id}: {left} Run the command again to see how far it is.")


async def _erase_all(db: Database, person_id: str) -> str | None:
    """Do all that can be done now; what is left then."""
    while await db.transact(erasure.erase_leaving_people):
        pass
    left: str | None = await db.read(erasure.erasure_blocker, person_id)
    return left
