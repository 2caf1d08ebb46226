"""`assent users`: manage accounts on the server's machine. A running server notices changes within a second."""

from typing import Literal

import typer

from backend.auth.passwords import MIN_LENGTH, hash_password
from backend.cli.run_transaction import run_use_case
from backend.core.people import accounts as core
from backend.db.queries.people import list_people
from backend.domain.answers import is_email
from backend.domain.display_names import clean_name
from backend.errors import Invalid
from backend.timestamps import to_text

app = typer.Typer(help="Manage accounts: the people who can sign in.", no_args_is_help=True)

Email = typer.Argument(help="The account's email address.")
Emails = typer.Argument(help="Accounts, by email address.")


def _ask_password() -> str:
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    if len(password) < MIN_LENGTH:
        raise Invalid(f"Use at least {MIN_LENGTH} characters.")
    return hash_password(password)


@app.command("list")
def list_all() -> None:
    """List every account.

    Example: assent users list
    """
    for row in run_use_case(list_people):
        state = "disabled" if row.disabled_at else row.role if row.confirmed_at else "unproven"
        typer.echo(f"{row.email:<40} {state:<9} {clean_name(row.name, row.email):<30} since {to_text(row.created_at)[:10]}")


@app.command()
def add(
    email: str = Email,
    name: str = typer.Option("", help="The name shown beside their decisions."),
    role: Literal["member", "admin"] = "member",
) -> None:
    """Add an account. Asks for its password.

    Example: assent users add dana@example.org --name Dana
    """
    if not is_email(email):
        raise Invalid(f"{email} is not an email address.")
    person = run_use_case(core.add_person, email=email, password_hash=_ask_password(), name=name or None, role=role)
    typer.echo(f"Added {person['email']} ({person['role']}).")


@app.command()
def rename(email: str = Email, name: str = typer.Argument(help="The new name.")) -> None:
    """Change the name of an account's person.

    Example: assent users rename dana@example.org "Dana D."
    """
    person = run_use_case(core.rename_person, email, name)
    typer.echo(f"{person['email']} is now called {person['name']}.")


@app.command()
def confirm(emails: list[str] = Emails) -> None:
    """Confirm that these addresses belong to their accounts, so that `to`, groups and ASSENT_APPROVALS can name them.

    Not needed for addresses that were linked by mail, nor for accounts added with `assent users add`.

    Example: assent users confirm dana@example.org
    """
    for email in emails:
        run_use_case(core.confirm_person, email)
        typer.echo(f"Confirmed {email}.")


@app.command()
def disable(email: str = Email) -> None:
    """Disable an account at once: end every sign-in and close every socket.

    Example: assent users disable dana@example.org
    """
    run_use_case(core.disable_person, email)
    typer.echo(f"Disabled {email}.")


@app.command()
def enable(email: str = Email) -> None:
    """Let a disabled account sign in again.

    Example: assent users enable dana@example.org
    """
    run_use_case(core.enable_person, email)
    typer.echo(f"Enabled {email}.")


@app.command()
def password(email: str = Email) -> None:
    """Set a new password and end every sign-in of the account.

    Example: assent users password dana@example.org
    """
    run_use_case(core.reset_password, email, _ask_password())
    typer.echo(f"Changed the password of {email}.")
