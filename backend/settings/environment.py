"""Check the environment and `.env` for unreadable lines and unknown names, which would otherwise be ignored."""

import difflib
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

PREFIX, TEST_VARIABLES = "ASSENT_", "ASSENT_TEST_"
ENV_FILE = ".env"


def environment_errors(known: Iterable[str]) -> list[str]:
    """The errors in the environment and the file, one line each; `known` are the names of all settings."""
    return list(_unreadable_lines(Path(ENV_FILE))) or list(_unknown_names({*os.environ, *dotenv_values(ENV_FILE)}, list(known)))


def _unreadable_lines(file: Path) -> Iterator[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError):
        return
    except (OSError, UnicodeDecodeError) as error:
        message = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        yield f"{file.resolve()} cannot be read ({message}): correct it, or remove it."
        return
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key and binding.value is None):
            yield f"{file}, line {binding.original.line}: cannot be read; write NAME=value."


def _unknown_names(names: Iterable[str], known: list[str]) -> Iterator[str]:
    for name in sorted(names):
        if name.upper().startswith(PREFIX) and name.upper() not in known and not name.startswith(TEST_VARIABLES):
            similar = difflib.get_close_matches(name.upper(), known, 1)
            yield f"{name} is not a setting; " + (f"did you mean {similar[0]}?" if similar else "`.env.example` lists them all.")
