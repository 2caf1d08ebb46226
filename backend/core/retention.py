"""Delete data past its retention time, in batches."""

from backend.core.erasure import erase_session
from backend.db import Tx
from backend.db.queries import erasure as store
from backend.db.queries import pruning

DAY_MS = 24 * 3600 * 1000
SIGN_INS_KEPT_MS = 30 * DAY_MS
REPLIES_KEPT_MS = 7 * DAY_MS
SESSIONS_AT_ONCE = 20


def prune(tx: Tx) -> bool:
    """Delete what is of no further use: old stored replies, used tickets and proofs, ended sign-ins."""
    return pruning.delete_expired_rows(tx, tx.now - REPLIES_KEPT_MS, tx.now - SIGN_INS_KEPT_MS) > 0


def has_expired_data(tx: Tx, days: int) -> bool:
    """Whether there is something to delete. This only reads, so that an idle loop does not hold up writers."""
    old = bool(days) and bool(store.closed_sessions(tx, tx.now - days * DAY_MS, 1))
    return (
        old or bool(store.people_leaving(tx)) or pruning.has_expired_rows(tx, tx.now - REPLIES_KEPT_MS, tx.now - SIGN_INS_KEPT_MS)
    )


def erase_old_sessions(tx: Tx, days: int) -> bool:
    """Erase a batch of sessions closed more than `days` days ago; with 0, none are erased."""
    if not days:
        return False
    old = store.closed_sessions(tx, tx.now - days * DAY_MS, SESSIONS_AT_ONCE)
    return any(erase_session(tx, session_id) for session_id in old)
