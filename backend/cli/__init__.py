"""The command line: one module per command, on the same use cases as the API."""

import os
import sys

import typer

from backend import __version__
from backend.cli import backup, config, doctor, groups, migrate, openapi, people, secret, serve, slack, users, worker
from backend.errors import Refusal
from backend.settings.schema import SettingsError

app = typer.Typer(
    name="assent",
    help="Assent: where agents ask people.\n\nStart with `assent serve`, then open the address it prints.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("api")(serve.api)
app.command("worker")(worker.worker)
app.command("migrate")(migrate.migrate)
app.command("backup")(backup.backup)
app.command("restored")(backup.restored)
app.command("doctor")(doctor.doctor)
app.command("openapi")(openapi.openapi)
app.add_typer(config.app, name="config")
app.add_typer(secret.app, name="secret")
app.add_typer(slack.app, name="slack")
app.add_typer(users.app, name="users")
app.add_typer(people.app, name="people")
app.add_typer(groups.app, name="groups")


@app.callback(invoke_without_command=True)
def version(show: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    if show:
        typer.echo(f"assent {__version__}")
        raise typer.Exit


def main() -> None:
    """Run a command. A failure is reported in one line, with exit code 1 (2 for wrong usage or settings)."""
    os.umask(0o077)  # files created here are private to this user
    try:
        app()
    except SettingsError as error:
        typer.echo(f"Assent cannot start with these settings:\n{error}" if "\n" in str(error) else str(error), err=True)
        sys.exit(2)
    except Refusal as problem:
        typer.echo(_one_line(problem), err=True)
        sys.exit(1)
    except OSError as error:
        typer.echo(f"{error.filename or 'The system'} refused: {error.strerror or error}.", err=True)
        sys.exit(1)


def _one_line(problem: Refusal) -> str:
    reasons = "; ".join(error.message for error in problem.errors)
    return f"{problem.detail.rstrip('.')}: {reasons}." if reasons else problem.detail
