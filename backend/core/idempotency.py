"""Idempotency keys: a repeated call gets the stored reply; a key reused for a different call is refused."""

import hashlib
import json
from typing import Any

from backend.core.requests.recipients import may_see
from backend.core.requests.view import shape_request
from backend.db import Tx
from backend.db.queries.people import idempotent_reply, insert_idempotent_reply
from backend.db.queries.requests import request_by_id
from backend.db.transaction import dumps
from backend.domain.client_views import FeedbackRequest
from backend.domain.policy import canonical
from backend.errors import Conflict, Invalid, Refusal

BARE = "request_id"


def replay(tx: Tx, person_id: str, key: str | None, fingerprint: list[Any]) -> FeedbackRequest | Refusal | None:
    """The stored reply for this key; None if the key is new. Raises Invalid if it was used for a different call."""
    row = idempotent_reply(tx, person_id, key) if key else None
    if row is None:
        return None
    if row.digest != _digest(fingerprint):
        raise Invalid("This Idempotency-Key was used for a different request; use a new one.", code="idempotency_mismatch")
    body = json.loads(row.body)
    if BARE in body:
        return _current_request(tx, person_id, body)
    if row.status == Conflict.status:
        return Conflict(body.pop("detail"), code=body.pop("code"), **body)
    request: FeedbackRequest = body
    return request


def stripped_reply(text: str) -> str:
    """What is left of a stored reply when its content is erased: which request it was about."""
    body = json.loads(text)
    return dumps({BARE: body.get("request", body).get("id"), "code": body.get("code")})


def _current_request(tx: Tx, person_id: str, bare: dict[str, Any]) -> FeedbackRequest | Refusal:
    row = request_by_id(tx, bare[BARE]) if bare[BARE] else None
    now = shape_request(tx, row) if row is not None and may_see(tx, row, person_id) else None
    if now is not None and bare["code"] is None:
        return now
    return Conflict("This was refused before. Look at the request as it is now.", code=bare["code"] or "erased", request=now)


def save_reply(tx: Tx, person_id: str, key: str | None, fingerprint: list[Any], outcome: FeedbackRequest | Refusal) -> None:
    """Store the reply in the transaction that had its effect."""
    if not key:
        return
    if isinstance(outcome, Refusal):
        refusal = {"detail": outcome.detail, "code": outcome.code, **outcome.extra}
        insert_idempotent_reply(tx, person_id, key, _digest(fingerprint), outcome.status, dumps(refusal))
    else:
        insert_idempotent_reply(tx, person_id, key, _digest(fingerprint), 200, dumps(outcome))


def _digest(fingerprint: list[Any]) -> str:
    return hashlib.sha256(canonical(fingerprint).encode()).hexdigest()
