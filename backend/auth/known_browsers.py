"""Browsers in which somebody has signed in before: guesses of strangers never shut them out.

A browser keeps one random name and, for each account signed in there, our seal over both. Nobody can make a seal, and what a
browser keeps tells nobody whose it is."""

import base64
import hashlib
import hmac
import re
import secrets

from backend.auth.keys import derive_key

ACCOUNTS_KEPT = 5
_KEPT = re.compile(r"[\w-]{22}(\.[\w-]{22}){1,5}", re.ASCII)


class Browsers:
    """Knows a browser again, also by a seal of an earlier secret; keeps nothing itself."""

    def __init__(self, newest: str, *earlier: str) -> None:
        self._keys = [derive_key(secret, "known browser").encode() for secret in (newest, *earlier)]

    def known(self, kept: str, address: str) -> str | None:
        """The browser's name, where `address` has signed in in it."""
        if not _KEPT.fullmatch(kept):
            return None
        name, *seals = kept.split(".")
        own = [self._seal(key, name, address) for key in self._keys]
        return name if any(hmac.compare_digest(one, seal) for one in own for seal in seals) else None

    def remember(self, kept: str, address: str) -> str:
        """What the browser keeps from now on."""
        name, *seals = kept.split(".") if _KEPT.fullmatch(kept) else (_text(secrets.token_bytes(16)),)
        own = self._seal(self._keys[0], name, address)
        return ".".join([name, own, *[seal for seal in seals if seal != own][: ACCOUNTS_KEPT - 1]])

    @staticmethod
    def _seal(key: bytes, name: str, address: str) -> str:
        return _text(hmac.new(key, f"{name} {address}".encode(), hashlib.sha256).digest()[:16])


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
