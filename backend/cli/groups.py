"""`assent groups`: named groups of people, any of whom may approve."""

from itertools import groupby

import typer

from backend.cli.run_transaction import run_use_case
from backend.core.people import groups as core
from backend.db.queries.linked_accounts import list_groups

app = typer.Typer(help="Manage groups of approvers, which `to` and ASSENT_APPROVALS can name.", no_args_is_help=True)

Name = typer.Argument(help="The group's name, such as finance.")
Emails = typer.Argument(help="Accounts, by email address.")


@app.command("list")
def list_all() -> None:
    """List every group with its members.

    Example: assent groups list
    """
    for name, rows in groupby(run_use_case(list_groups), key=lambda row: row.name):
        members = ", ".join(row.email for row in rows if row.email)
        typer.echo(f"{name:<24} {members or '(nobody)'}")


@app.command()
def add(name: str = Name, emails: list[str] = Emails) -> None:
    """Add people to a group; it is created if it does not exist.

    Example: assent groups add finance dana@example.org bo@example.org
    """
    run_use_case(core.add_members, name, emails)
    typer.echo(f"{name}: added {', '.join(emails)}.")


@app.command()
def remove(name: str = Name, emails: list[str] = Emails) -> None:
    """Remove people from a group. Their decisions stand.

    Example: assent groups remove finance bo@example.org
    """
    run_use_case(core.remove_members, name, emails)
    typer.echo(f"{name}: removed {', '.join(emails)}.")
