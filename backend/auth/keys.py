"""The installation's secrets, and the keys derived from them, one for each use. The newest secret signs and encrypts, the others
still verify and decrypt, so a secret can be rotated without signing anybody out."""

import contextlib
import hmac
import os
import secrets
from pathlib import Path

from backend.settings.schema import Settings, SettingsError
from backend.settings.secret_keys import parse_secrets

FILE = "secret.key"


def load_secrets(settings: Settings) -> tuple[str, ...]:
    """The secrets, newest first: ASSENT_SECRET_KEY, or those in the data directory (mode 0600), created on the first start.
    Raises SettingsError."""
    if settings.secret_key is not None:
        return parse_secrets(settings.secret_key.get_secret_value())
    path = settings.data_dir / FILE
    if not path.exists():
        _create_secret(path)
    try:
        return parse_secrets(path.read_text())
    except (ValueError, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else "it contains no secret, or one that is too short"
        raise SettingsError(
            f"{path.resolve()} cannot be used ({why}): restore it from a backup, or remove it and start again. If you remove "
            "it, everybody must sign in again and Slack and Gmail must be connected again."
        ) from None


def rotate_secret(settings: Settings) -> str:
    """Add a new secret to those in the data directory and return its key id. Raises SettingsError when they are not kept
    there."""
    if settings.secret_key is not None:
        raise SettingsError(
            "ASSENT_SECRET_KEY is set, so add the new secret there, before the old one (NEW,OLD), for every process, then "
            "start again."
        )
    kept, new = load_secrets(settings), secrets.token_urlsafe(48)
    draft = _write_draft(settings.data_dir / FILE, "\n".join((new, *kept)) + "\n")
    draft.replace(settings.data_dir / FILE)
    return key_id(new)


def derive_key(secret: str, use: str) -> str:
    return hmac.new(secret.encode(), use.encode(), "sha256").hexdigest()


def key_id(secret: str) -> str:
    """A short name for a secret that reveals nothing about it."""
    return derive_key(secret, "name")[:8]


def _create_secret(path: Path) -> None:
    """Create a secret atomically; if another process was first, its secret is used."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = _write_draft(path, secrets.token_urlsafe(48))
    with contextlib.suppress(FileExistsError):  # another process was first, and its secret is used
        os.link(draft, path)
    draft.unlink()


def _write_draft(path: Path, text: str) -> Path:
    """Write a temporary file beside `path` and sync it to disk."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft
