"""The installation's secrets, and the separate keys derived from them for each use. The newest makes, the others still open
what they made: so a secret can be changed without signing anybody out."""

import contextlib
import hmac
import os
import secrets
from pathlib import Path

from backend.settings.schema import Settings, SettingsError
from backend.settings.secret_keys import parse_secrets

FILE = "secret.key"


def load_secrets(settings: Settings) -> tuple[str, ...]:
    """ASSENT_SECRET_KEY, or those kept in the data dir (0600), made on the first start; the newest first. Raises
    SettingsError."""
    if settings.secret_key is not None:
        return parse_secrets(settings.secret_key.get_secret_value())
    path = settings.data_dir / FILE
    if not path.exists():
        _make(path)
    try:
        return parse_secrets(path.read_text())
    except (ValueError, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds no secret, or one that is too short"
        raise SettingsError(
            f"{path.resolve()} cannot be used ({why}): restore it from a backup, or remove it and start again; then everybody "
            "signs in again, and connections to Slack and Gmail are made again."
        ) from None


def rotate_secret(settings: Settings) -> str:
    """Put a new secret before those in the data dir; its name. Raises SettingsError where they are not kept there."""
    if settings.secret_key is not None:
        raise SettingsError(
            "ASSENT_SECRET_KEY: it is set, so put a new secret before the old one there (NEW,OLD), for every process, and "
            "start again."
        )
    kept, fresh = load_secrets(settings), secrets.token_urlsafe(48)
    draft = _write(settings.data_dir / FILE, "\n".join((fresh, *kept)) + "\n")
    draft.replace(settings.data_dir / FILE)
    return key_id(fresh)


def derive_key(secret: str, use: str) -> str:
    return hmac.new(secret.encode(), use.encode(), "sha256").hexdigest()


def key_id(secret: str) -> str:
    """A secret's name: says which it is, and nothing of it."""
    return derive_key(secret, "name")[:8]


def _make(path: Path) -> None:
    """Write a new secret whole or not at all; when another process was first, its secret counts."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = _write(path, secrets.token_urlsafe(48))
    with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
        os.link(draft, path)
    draft.unlink()


def _write(path: Path, text: str) -> Path:
    """A draft beside `path`, on disk."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft
