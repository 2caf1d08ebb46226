"""Cache the principal behind an access token for a second, so that a busy caller is not looked up for each request."""

import json
import time
from collections import OrderedDict
from typing import NamedTuple

from backend.auth.principal import Principal
from backend.auth.tokens import AccessTokens
from backend.db import Database, Tx
from backend.db.queries.people import live_sign_in
from backend.domain.people import Person
from backend.errors import Unauthorized

FRESH_S = 1.0
MAX_ENTRIES = 10_000


class _CacheEntry(NamedTuple):
    principal: Principal
    expires_at: float
    checked_at: float


class PrincipalCache:
    """Turns access tokens into principals. A sign-in ended in this process is refused at once, one ended elsewhere within a
    second."""

    def __init__(self, db: Database, tokens: AccessTokens) -> None:
        self._db = db
        self._tokens = tokens
        self._known: OrderedDict[str, _CacheEntry] = OrderedDict()

    async def principal(self, token: str) -> Principal:
        """The caller. Raises Unauthorized for an invalid token, an ended sign-in and a disabled account."""
        known = self._known.get(token)
        now = time.monotonic()
        if known and known.expires_at > time.time():
            if now - known.checked_at < FRESH_S:
                return known.principal
            sign_in_id, expires_at = known.principal.sign_in_id, known.expires_at
        else:
            claims = self._tokens.read_access(token)
            sign_in_id, expires_at = claims.sign_in_id, claims.expires_at
        principal = await self.by_id(sign_in_id)
        self._known[token] = _CacheEntry(principal, expires_at, now)
        self._known.move_to_end(token)
        if len(self._known) > MAX_ENTRIES:
            self._known.popitem(last=False)
        return principal

    async def by_id(self, sign_in_id: str) -> Principal:
        """The principal of an active sign-in. Raises Unauthorized."""
        principal = await self._db.read(_principal, sign_in_id)
        if principal is None:
            raise Unauthorized("This sign-in has ended; sign in again.", code="signed_out")
        return principal

    def forget(self, ending: str, _seq: int | None = None) -> None:
        """Look the sign-in up again at its next use. `ending` is the frame that says which one ended."""
        sign_in_id = json.loads(ending)["id"]
        for token in [token for token, known in self._known.items() if known.principal.sign_in_id == sign_in_id]:
            del self._known[token]


def _principal(tx: Tx, sign_in_id: str) -> Principal | None:
    row = live_sign_in(tx, sign_in_id)
    return row and Principal(Person(row.person_id, row.name), row.email, row.role, row.id, row.door or "api")
