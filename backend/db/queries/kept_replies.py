"""Replies that were kept for the keys of repeats, found by what they are about."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update

from backend.db.queries.erasure import BATCH
from backend.db.tables import feedback_requests, idempotency_keys, recipients
from backend.db.transaction import Tx


def replies_to_those_asked(tx: Tx, session_id: str) -> Sequence[Row[Any]]:
    """Replies kept for those who see the session's requests, in which it is named."""
    seen_by = (
        select(recipients.c.person_id)
        .join(feedback_requests, feedback_requests.c.id == recipients.c.request_id)
        .where(feedback_requests.c.session_id == session_id)
    )
    return _replies_with(tx, session_id, idempotency_keys.c.person_id.in_(seen_by))


def replies_naming(tx: Tx, person_id: str) -> Sequence[Row[Any]]:
    """Replies kept for others in which the person is named."""
    return _replies_with(tx, person_id, idempotency_keys.c.person_id != person_id)


def _replies_with(tx: Tx, id: str, whose: ColumnElement[bool]) -> Sequence[Row[Any]]:
    holds = idempotency_keys.c.body.contains(id, autoescape=True)
    return tx.all(select(idempotency_keys).where(whose, holds).limit(BATCH))


def rewrite_reply(tx: Tx, reply: Row[Any], body: str) -> None:
    one = (idempotency_keys.c.person_id == reply.person_id, idempotency_keys.c.key == reply.key)
    tx.execute(update(idempotency_keys).where(*one).values(body=body))
