"""The installation's secret, and the separate keys derived from it for each use."""

import contextlib
import hmac
import os
import secrets
from pathlib import Path

from backend.settings import Settings

FILE = "secret.key"


def load_secret(settings: Settings) -> str:
    """ASSENT_SECRET_KEY, or the one kept in the data dir (0600), made on the first start."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = settings.data_dir / FILE
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return _make(path)


def _make(path: Path) -> str:
    """Write a new secret whole or not at all; when another process was first, its secret counts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{FILE}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):  # another process was first: its secret is read below
        os.link(draft, path)
    draft.unlink()
    return path.read_text().strip()


def derive_key(secret: str, use: str) -> str:
    return hmac.new(secret.encode(), use.encode(), "sha256").hexdigest()
