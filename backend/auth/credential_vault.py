"""Encrypt other services' credentials before they are stored, so that a copy of the database alone reveals none."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from backend.auth.keys import derive_key


class UnsealError(Exception):
    """A stored credential cannot be decrypted with this installation's secrets."""


class Vault:
    """Encrypts with a key derived from the newest of the installation's secrets; decrypts with any of them."""

    def __init__(self, *secrets: str) -> None:
        keys = (base64.urlsafe_b64encode(bytes.fromhex(derive_key(secret, "vault"))) for secret in secrets)
        self._cipher = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        return self._cipher.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises UnsealError when the secret is a different one or the text was changed."""
        try:
            return self._cipher.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise UnsealError(
                "A stored credential cannot be decrypted. If ASSENT_SECRET_KEY was changed, connect the account again."
            ) from None
