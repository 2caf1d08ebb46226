"""What is of no use any more: kept replies, tickets, proofs, presences and sign-ins past their time."""

from sqlalchemy import ColumnElement, Table, select

from backend.db.queries.erasure import delete_some
from backend.db.tables import idempotency_keys, link_proofs, presences, sign_ins, ws_tickets
from backend.db.transaction import Tx

Spent = tuple[tuple[Table, ColumnElement[bool]], ...]


def delete_expired_rows(tx: Tx, replies_before: int, sign_ins_before: int) -> int:
    """A batch of what is of no use any more: kept replies, tickets, proofs, presences, sign-ins; how much went."""
    for table, where in _spent(tx, replies_before, sign_ins_before):
        if gone := delete_some(tx, table, where):
            return gone
    return 0


def has_expired_rows(tx: Tx, replies_before: int, sign_ins_before: int) -> bool:
    return any(
        tx.first(select(*table.primary_key.columns).where(where).limit(1)) is not None
        for table, where in _spent(tx, replies_before, sign_ins_before)
    )


def _spent(tx: Tx, replies_before: int, sign_ins_before: int) -> Spent:
    """What is of no use any more. A ticket lives for seconds, so it goes before the sign-in it belongs to."""
    return (
        (idempotency_keys, idempotency_keys.c.created_at < replies_before),
        (ws_tickets, ws_tickets.c.expires_at < tx.now),
        (link_proofs, link_proofs.c.expires_at < tx.now),
        (presences, presences.c.until < replies_before),
        (sign_ins, sign_ins.c.ended_at < sign_ins_before),
        (sign_ins, sign_ins.c.expires_at < sign_ins_before),
    )
