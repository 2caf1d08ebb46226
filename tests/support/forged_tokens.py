"""Tokens a server did not hand out: made with its real key where only one claim is wrong, or with no key at all."""

import base64
import json
import time
from typing import Any

from jose import jwt

from backend.auth.keys import FILE, derive_key
from tests.support.person import Person
from tests.support.server import Server


def access_token(
    server: Server,
    person: Person,
    *,
    header: dict[str, Any] | None = None,
    key: str | None = None,
    alg: str = "HS256",
    **claims: Any,
) -> str:
    """A token for a live sign-in of `person`, right but for the claims given (None leaves one out)."""
    now = int(time.time())
    right = {
        "iss": "assent",
        "aud": "assent-api",
        "typ": "access",
        "sub": person.id,
        "sid": sign_in_of(person),
        "iat": now,
        "exp": now + 900,
    }
    body = {name: value for name, value in {**right, **claims}.items() if value is not None}
    secret = (server.data_dir / FILE).read_text().split()[0]
    return str(jwt.encode(body, key if key is not None else derive_key(secret, "access token"), algorithm=alg, headers=header))


def sign_in_of(person: Person) -> str:
    sign_in: str = jwt.get_unverified_claims(person.tokens["access_token"])["sid"]
    return sign_in


def encoded(part: Any) -> str:
    text = part if isinstance(part, str) else json.dumps(part)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def unsigned(person: Person, header: Any) -> str:
    """A token with any header at all and no signature."""
    claims = jwt.get_unverified_claims(person.tokens["access_token"])
    return f"{encoded(header)}.{encoded(claims)}."
