"""Prepare and lock the data directory: private to this user, and used by one process when the database is a file."""

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
LOCK_ATTEMPTS, LOCK_RETRY_S = 5, 0.05
GROUP_AND_OTHERS = 0o077  # the permissions of everybody but the owner


def prepare_data_dir(settings: Settings) -> None:
    """Create the directory, and remove other users' access where an earlier version left it. Raises SettingsError."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        open_to_others = files_open_to_others(settings)
    except OSError as error:
        raise _unusable_data_dir(settings, error) from None
    for path in open_to_others:
        try:
            path.chmod(path.stat().st_mode & ~GROUP_AND_OTHERS)
        except FileNotFoundError:  # SQLite removes its side files when nobody uses them
            continue
        except OSError as error:
            log.warning("data_dir.not_private", path=str(path), reason=error.strerror)


def files_open_to_others(settings: Settings) -> list[Path]:
    """The files of this installation that other users can read or write."""
    found = []
    for path in _files(settings):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mode & GROUP_AND_OTHERS:
                found.append(path)
    return found


def _files(settings: Settings) -> Iterator[Path]:
    folder = settings.data_dir
    if is_private_folder(folder):
        yield folder
        yield from (path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    if isinstance(settings.database, Path):
        yield from (settings.database.with_name(settings.database.name + end) for end in ("", "-wal", "-shm"))


def is_private_folder(folder: Path) -> bool:
    """Whether other users' access to a folder may be removed: not if it contains a home directory, the working directory or the
    system's temporary files."""
    place = folder.resolve()
    return not any(place in (other, *other.parents) for other in (Path.cwd(), Path.home())) and not place.stat().st_mode & 0o1000


@contextmanager
def lock_data_dir(settings: Settings) -> Iterator[None]:
    """Lock the data directory for one all-in-one process. Raises SettingsError when another process holds the lock."""
    try:
        lock: IO[str] = (settings.data_dir / LOCK).open("w")
    except OSError as error:
        raise _unusable_data_dir(settings, error) from None
    with lock:
        if not _lock(lock):
            raise SettingsError(
                f"ASSENT_DATA_DIR: another Assent process is using {settings.data_dir.resolve()}; "
                "stop it, or choose another directory."
            )
        yield


def _lock(lock: IO[str]) -> bool:
    """Try to take the lock, several times: a process that only checks it (`in_use`) holds it for a moment."""
    for _ in range(LOCK_ATTEMPTS):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(LOCK_RETRY_S)
    return False


def in_use(settings: Settings) -> bool:
    """Whether another process holds the lock now."""
    try:
        with (settings.data_dir / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _unusable_data_dir(settings: Settings, error: OSError) -> SettingsError:
    return SettingsError(
        f"ASSENT_DATA_DIR: {settings.data_dir.resolve()} cannot be used ({error.strerror}); "
        "make it writable for this user, or choose another directory."
    )
