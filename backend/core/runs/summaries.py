"""Save the summaries of long sessions, which engines see instead of old runs."""

from backend.core.runs.lease import Lease, log_progress
from backend.db import Tx
from backend.db.locks import locks
from backend.db.queries import sessions
from backend.domain.steps import Usage


@locks(session="lease.session_id")
def save_summary(tx: Tx, lease: Lease, until_at: int, content: str, usage: Usage) -> None:
    """Save the summary of the runs created up to `until_at`. Raises LeaseLost."""
    log_progress(tx, lease, [], usage=usage)
    sessions.insert_summary(tx, session_id=lease.session_id, until_at=until_at, content=content, created_at=tx.now)
