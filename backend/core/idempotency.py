"""The same key again gets the same reply, word for word; the same key with other words is refused."""

import hashlib
import json
from typing import Any

from backend.db import Tx
from backend.db.people import keep_reply, kept_reply
from backend.db.transaction import dumps
from backend.domain.policy import canonical
from backend.errors import Conflict, Invalid, Problem


def replay(tx: Tx, person_id: str, key: str | None, fingerprint: list[Any]) -> dict[str, Any] | Problem | None:
    """What was answered to this key before; None when it is new. Raises Invalid when it was used for something else."""
    row = kept_reply(tx, person_id, key) if key else None
    if row is None:
        return None
    if row.digest != _digest(fingerprint):
        raise Invalid("This Idempotency-Key was used for a different request; use a new one.", code="idempotency_mismatch")
    body = json.loads(row.body)
    return Conflict(body.pop("detail"), code=body.pop("code"), **body) if row.status == Conflict.status else body


def remember(tx: Tx, person_id: str, key: str | None, fingerprint: list[Any], outcome: dict[str, Any] | Problem) -> None:
    """Keep the reply with what it did, in the same transaction."""
    if not key:
        return
    if isinstance(outcome, Problem):
        status, body = outcome.status, {"detail": outcome.detail, "code": outcome.code, **outcome.extra}
    else:
        status, body = 200, outcome
    keep_reply(tx, person_id, key, _digest(fingerprint), status, dumps(body))


def _digest(fingerprint: list[Any]) -> str:
    return hashlib.sha256(canonical(fingerprint).encode()).hexdigest()
