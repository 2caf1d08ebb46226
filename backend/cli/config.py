"""`assent config`: show and check the settings."""

import json
from typing import Any

import typer
from pydantic import SecretStr

from backend.bootstrap import approval_policy, model_settings
from backend.settings.schema import Settings, load_settings, variable_of

app = typer.Typer(help="Show and check the settings.", no_args_is_help=True)


def _display_value(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "[set]"
    return value if isinstance(value, str | int | None) else list(value) if isinstance(value, tuple) else str(value)


@app.command()
def show(as_json: bool = typer.Option(False, "--json", help="Print one JSON object.")) -> None:
    """Print every setting, with secrets hidden.

    Example: assent config show
    """
    settings = load_settings()
    values = {variable_of(name): _display_value(getattr(settings, name)) for name in Settings.model_fields}
    if as_json:
        typer.echo(json.dumps(values, indent=2))
        return
    width = max(map(len, values))
    for name, value in values.items():
        typer.echo(f"{name:<{width}}  {'' if value in (None, '', []) else value}")


@app.command()
def check() -> None:
    """Check every setting and report what is wrong, without starting anything.

    Example: assent config check
    """
    settings = load_settings()
    model_settings(settings)
    approval_policy(settings)
    typer.echo("The settings are valid.")
