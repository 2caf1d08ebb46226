"""What settings are read from, held to account: a line that is not understood and a name that is none would be passed over."""

import difflib
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

PREFIX, TESTS_OWN = "ASSENT_", "ASSENT_TEST_"
ENV_FILE = ".env"


def faults(known: Iterable[str]) -> list[str]:
    """What is wrong with the environment and the file, one line each; `known` are the names that are settings."""
    return list(_unread_lines(Path(ENV_FILE))) or list(_unknown({*os.environ, *dotenv_values(ENV_FILE)}, list(known)))


def _unread_lines(file: Path) -> Iterator[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError):
        return
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        yield f"{file.resolve()} cannot be read ({said}): correct it, or remove it."
        return
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key and binding.value is None):
            yield f"{file}, line {binding.original.line}: this is not understood; write NAME=value."


def _unknown(names: Iterable[str], known: list[str]) -> Iterator[str]:
    for name in sorted(names):
        if name.upper().startswith(PREFIX) and name.upper() not in known and not name.startswith(TESTS_OWN):
            near = difflib.get_close_matches(name.upper(), known, 1)
            yield f"{name} is not a setting; " + (f"did you mean {near[0]}?" if near else "`.env.example` lists them all.")
