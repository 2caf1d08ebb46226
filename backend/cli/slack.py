"""`assent slack`: what Slack's side of the connection needs."""

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
        "", help="Where people reach this installation; default: ASSENT_PUBLIC_URL, or with --socket nowhere."
    ),
    socket: bool = typer.Option(False, "--socket", help="For Socket Mode: Slack needs no way in."),
) -> None:
    """Print the manifest to paste at https://api.slack.com/apps?new_app=1, From a manifest.

    Example: assent slack manifest --url https://assent.example.com
    """
    settings = load_settings()
    typer.echo(json.dumps(manifest((url or (settings.public_url if socket else settings.url)).rstrip("/"), socket), indent=2))
