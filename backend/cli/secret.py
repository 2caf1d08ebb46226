"""`assent secret`: the secret from which this installation's keys are derived."""

import typer

from backend.auth.keys import key_id, load_secrets, rotate_secret
from backend.settings.schema import load_settings

app = typer.Typer(help="Change the secret without signing anybody out.", no_args_is_help=True)


@app.command("list")
def list_all() -> None:
    """Name the secrets, the newest first: it signs and seals; the others still verify and open.

    Example: assent secret list
    """
    for secret in load_secrets(load_settings()):
        typer.echo(key_id(secret))


@app.command()
def rotate() -> None:
    """Put a new secret before the others. Take the last line of secret.key away once nothing of it is in use.

    Example: assent secret rotate
    """
    name = rotate_secret(load_settings())
    typer.echo(f"Made the secret {name}; it counts from the next start on. The older ones still verify and open.")
