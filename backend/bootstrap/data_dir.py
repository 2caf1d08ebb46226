"""The data directory: for this user alone, and for one process where the database is a file."""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from backend.observability.log import get_logger
from backend.settings.schema import Settings, SettingsError

log = get_logger(__name__)

LOCK = "serve.lock"
LOOKS, LOOK_EVERY_S = 5, 0.05
OTHERS = 0o077  # what the mode of a file lets anybody but its owner do


def prepare_data_dir(settings: Settings) -> None:
    """Make it, and close to others what an earlier version left open. Raises SettingsError."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        open_to_others = exposed(settings)
    except OSError as error:
        raise _unusable(settings, error) from None
    for path in open_to_others:
        try:
            path.chmod(path.stat().st_mode & ~OTHERS)
        except FileNotFoundError:  # SQLite takes its side files away when nobody uses them
            continue
        except OSError as error:
            log.warning("others can read a file of this installation", path=str(path), reason=error.strerror)


def exposed(settings: Settings) -> list[Path]:
    """What anybody but its owner could read or write of this installation's files."""
    found = []
    for path in _files(settings):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mode & OTHERS:
                found.append(path)
    return found


def _files(settings: Settings) -> Iterator[Path]:
    folder = settings.data_dir
    if is_own(folder):
        yield folder
        yield from (path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    if isinstance(settings.database, Path):
        yield from (settings.database.with_name(settings.database.name + end) for end in ("", "-wal", "-shm"))


def is_own(folder: Path) -> bool:
    """Whether a folder may be closed to others: one that holds a home, the working directory or everybody's temporary files
    serves more than us."""
    place = folder.resolve()
    return not any(place in (other, *other.parents) for other in (Path.cwd(), Path.home())) and not place.stat().st_mode & 0o1000


@contextmanager
def sole_use(settings: Settings) -> Iterator[None]:
    """Hold the data dir for one all-in-one process. Raises SettingsError when another holds it."""
    try:
        lock: IO[str] = (settings.data_dir / LOCK).open("w")
    except OSError as error:
        raise _unusable(settings, error) from None
    with lock:
        if not _lock(lock):
            raise SettingsError(
                f"ASSENT_DATA_DIR: another Assent is running on {settings.data_dir.resolve()}; "
                "stop it, or name another directory."
            )
        yield


def _lock(lock: IO[str]) -> bool:
    """Whether it is ours now. Who only looks whether it is held (`in_use`) holds it for a moment."""
    for _ in range(LOOKS):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(LOOK_EVERY_S)
    return False


def in_use(settings: Settings) -> bool:
    """Whether a process holds it right now."""
    try:
        with (settings.data_dir / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _unusable(settings: Settings, error: OSError) -> SettingsError:
    return SettingsError(
        f"ASSENT_DATA_DIR: {settings.data_dir.resolve()} cannot be used ({error.strerror}); "
        "make it writable for this user, or name another directory."
    )
