"""Recognise browsers in which an account has signed in before, so that other people's failed sign-ins never lock them out.

The cookie holds a random browser name and, for each account that signed in there, a keyed hash of both. It cannot be forged and
does not reveal which accounts they are."""

import base64
import hashlib
import hmac
import re
import secrets

from backend.auth.keys import derive_key

ACCOUNTS_KEPT = 5
_KEPT = re.compile(r"[\w-]{22}(\.[\w-]{22}){1,5}", re.ASCII)


class KnownBrowsers:
    """Issues and checks the cookie, also under earlier secrets; stateless."""

    def __init__(self, newest: str, *earlier: str) -> None:
        self._keys = [derive_key(secret, "known browser").encode() for secret in (newest, *earlier)]

    def known(self, cookie: str, address: str) -> str | None:
        """The browser's name if `address` has signed in there before."""
        if not _KEPT.fullmatch(cookie):
            return None
        name, *seals = cookie.split(".")
        own = [self._seal(key, name, address) for key in self._keys]
        return name if any(hmac.compare_digest(one, seal) for one in own for seal in seals) else None

    def remember(self, cookie: str, address: str) -> str:
        """The new cookie value, after `address` has signed in."""
        name, *seals = cookie.split(".") if _KEPT.fullmatch(cookie) else (_text(secrets.token_bytes(16)),)
        own = self._seal(self._keys[0], name, address)
        return ".".join([name, own, *[seal for seal in seals if seal != own][: ACCOUNTS_KEPT - 1]])

    @staticmethod
    def _seal(key: bytes, name: str, address: str) -> str:
        return _text(hmac.new(key, f"{name} {address}".encode(), hashlib.sha256).digest()[:16])


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
