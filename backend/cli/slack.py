"""`assent slack`: print the manifest for the Slack app."""

import json

import typer

from backend.settings.schema import load_settings
from channels.slack.manifest import manifest

app = typer.Typer(help="Connect to Slack.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Connect to Slack."""


@app.command("manifest")
def show_manifest(
    url: str = typer.Option(
        "", help="The address at which people reach this installation. Default: ASSENT_PUBLIC_URL; not needed with --socket."
    ),
    socket: bool = typer.Option(False, "--socket", help="Use Socket Mode, so that Slack needs no public address."),
) -> None:
    """Print the manifest to paste at https://api.slack.com/apps?new_app=1, under "From a manifest".

    Example: assent slack manifest --url https://assent.example.com
    """
    settings = load_settings()
    typer.echo(json.dumps(manifest((url or (settings.public_url if socket else settings.url)).rstrip("/"), socket), indent=2))
