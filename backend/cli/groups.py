"""`assent groups`: people who may approve in each other's place, under one name."""

from itertools import groupby

import typer

from backend.cli.transact import run_use_case
from backend.core.people import groups as core
from backend.db.queries.linked_accounts import list_groups

app = typer.Typer(help="Manage groups of approvers; `to` and ASSENT_APPROVALS name them.", no_args_is_help=True)

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
    """Put people into a group; it is made when it is new.

    Example: assent groups add finance dana@example.org bo@example.org
    """
    run_use_case(core.add_members, name, emails)
    typer.echo(f"{name}: added {', '.join(emails)}.")


@app.command()
def remove(name: str = Name, emails: list[str] = Emails) -> None:
    """Take people out of a group. What they decided stays decided.

    Example: assent groups remove finance bo@example.org
    """
    run_use_case(core.remove_members, name, emails)
    typer.echo(f"{name}: removed {', '.join(emails)}.")
