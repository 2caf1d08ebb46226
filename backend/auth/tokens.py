"""Access tokens (JWT; the only code that uses python-jose) and refresh tokens (opaque, one valid generation at a time)."""

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any, NamedTuple

from jose import JWTError, jwt

from backend.auth.keys import derive_key, key_id
from backend.errors import Unauthorized

ALGORITHM = "HS256"
ISSUER, AUDIENCE, TYPE = "assent", "assent-api", "access"
ACCESS_SECONDS = 15 * 60
LEEWAY_SECONDS = 30
MAX_LENGTH = 8192
_OPTIONS = {f"require_{claim}": True for claim in ("exp", "iat", "iss", "aud", "sub")} | {"leeway": LEEWAY_SECONDS}


class AccessClaims(NamedTuple):
    person_id: str
    sign_in_id: str
    expires_at: float


class RefreshClaims(NamedTuple):
    sign_in_id: str
    generation: int


class AccessTokens:
    """Issues and verifies tokens under the installation's secrets; stateless."""

    def __init__(self, *secrets: str) -> None:
        """Takes the newest secret first: it signs, and all of them verify."""
        self._newest = key_id(secrets[0])
        self._access_keys = {key_id(secret): derive_key(secret, "access token") for secret in secrets}
        self._refresh_keys = [derive_key(secret, "refresh token").encode() for secret in secrets]

    def issue_access(self, person_id: str, sign_in_id: str) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "typ": TYPE,
            "sub": person_id,
            "sid": sign_in_id,
            "iat": now,
            "exp": now + ACCESS_SECONDS,
        }
        return str(jwt.encode(claims, self._access_keys[self._newest], algorithm=ALGORITHM, headers={"kid": self._newest}))

    def read_access(self, token: str) -> AccessClaims:
        """The claims of a valid access token. Raises Unauthorized for anything else, without saying which part was wrong."""
        if len(token) > MAX_LENGTH:
            raise Unauthorized()
        try:
            key = self._access_key(jwt.get_unverified_header(token))
            claims = jwt.decode(token, key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=_OPTIONS)
        except JWTError as error:
            expired = "expired" in str(error)
            raise (
                Unauthorized("The access token has expired; refresh it.", code="token_expired") if expired else Unauthorized()
            ) from None
        known = claims.get("typ") == TYPE and isinstance(claims.get("sub"), str) and isinstance(claims.get("sid"), str)
        if not known or claims["iat"] > time.time() + LEEWAY_SECONDS:
            raise Unauthorized()
        return AccessClaims(claims["sub"], claims["sid"], claims["exp"])

    def _access_key(self, header: dict[str, Any]) -> str:
        """The key that a token's header names. Tokens issued before keys had names were signed with the newest or only key."""
        named = header.get("kid", self._newest)
        key = self._access_keys.get(named) if isinstance(named, str) else None
        if key is None or set(header) - {"alg", "typ", "kid"}:
            raise Unauthorized()
        return key

    def issue_refresh(self, sign_in_id: str, generation: int) -> str:
        """The token of one generation: the same each time it is issued, and useless without the installation's secret."""
        return f"rt1.{sign_in_id}.{generation}.{_seal(self._refresh_keys[0], sign_in_id, generation)}"

    def read_refresh(self, token: str) -> RefreshClaims:
        """The sign-in and generation of a genuine refresh token. Raises Unauthorized."""
        parts = token.split(".")
        if (
            len(token) > 300
            or len(parts) != 4
            or parts[0] != "rt1"
            or not parts[2].isascii()
            or not parts[2].isdigit()
            or len(parts[2]) > 9
        ):
            raise Unauthorized("Sign in again.", code="invalid_refresh_token")
        sign_in_id, generation = parts[1], int(parts[2])
        seals = [_seal(key, sign_in_id, generation).encode() for key in self._refresh_keys]
        if not any(hmac.compare_digest(parts[3].encode(), seal) for seal in seals):
            raise Unauthorized("Sign in again.", code="invalid_refresh_token")
        return RefreshClaims(sign_in_id, generation)


def _seal(key: bytes, sign_in_id: str, generation: int) -> str:
    digest = hmac.new(key, f"{sign_in_id}.{generation}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def new_ticket() -> tuple[str, str]:
    """A single-use ticket, and the digest of it that is stored."""
    ticket = secrets.token_urlsafe(24)
    return ticket, ticket_digest(ticket)


def ticket_digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
