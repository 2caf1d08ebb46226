"""`assent secret`: the secret from which this installation's keys are derived."""

import typer

from backend.auth.keys import key_id, load_secrets, rotate_secret
from backend.settings.schema import load_settings

app = typer.Typer(help="Change the secret without signing anybody out.", no_args_is_help=True)


@app.command("list")
def list_all() -> None:
    """List the secrets' key ids, newest first. The newest signs and encrypts; the others still verify and decrypt.

    Example: assent secret list
    """
    for secret in load_secrets(load_settings()):
        typer.echo(key_id(secret))


@app.command()
def rotate() -> None:
    """Add a new secret before the others. Remove the last line of secret.key once nothing uses it any more.

    Example: assent secret rotate
    """
    name = rotate_secret(load_settings())
    typer.echo(f"Created the secret {name}; it is used from the next start on. Older secrets still verify and decrypt.")
