"""Short folders for servers with a socket in them. A socket's path has a hundred characters, and a server that runs as
somebody else must be able to walk there: a temporary folder under a private home will not do then."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 60  # what is left for the names in it
SHARED = ("/tmp", "/var/tmp", "/dev/shm")


@contextmanager
def short_folder(prefix: str, open_to_others: bool = False) -> Iterator[Path]:
    """A new folder that goes away again, in the temporary folder or, where that will not do, in a shared one."""
    with tempfile.TemporaryDirectory(prefix=prefix, dir=short_place(open_to_others), ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if open_to_others:
            folder.chmod(0o755)
        yield folder


def short_place(open_to_others: bool = False) -> Path:
    """The temporary folder, or the first shared one that will do in its place."""
    for place in map(Path, (tempfile.gettempdir(), *SHARED)):
        if len(str(place)) <= LONGEST and os.access(place, os.W_OK | os.X_OK) and (not open_to_others or _walkable(place)):
            return place
    raise AssertionError(f"no temporary folder here is short and open to others: {tempfile.gettempdir()}, {', '.join(SHARED)}")


def _walkable(place: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (place, *place.parents))
