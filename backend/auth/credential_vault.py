"""Credentials of others, sealed before they are kept: a copy of the database alone opens nothing."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from backend.auth.keys import derive_key


class Sealed(Exception):
    """What was sealed cannot be opened with this installation's secrets."""


class Vault:
    """Seals with a key of its own, derived from the newest of the installation's secrets; opens with any."""

    def __init__(self, *secrets: str) -> None:
        keys = (base64.urlsafe_b64encode(bytes.fromhex(derive_key(secret, "vault"))) for secret in secrets)
        self._cipher = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        return self._cipher.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises Sealed where the secret is another one, or the text was changed."""
        try:
            return self._cipher.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Sealed("A kept credential cannot be opened; was ASSENT_SECRET_KEY changed? Connect it again.") from None
