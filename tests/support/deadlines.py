"""Deadlines that pass when a test says so, however long everything before took."""

import sqlite3
from contextlib import closing

from tests.support.person import PATIENCE_S
from tests.support.server import Server


def expire_deadline(server: Server, request_id: str) -> None:
    """As if nobody had answered a pending request of the server by its time."""
    with closing(sqlite3.connect(server.data_dir / "assent.db", timeout=PATIENCE_S)) as db, db:
        changed = db.execute("UPDATE feedback_requests SET due_at = 1 WHERE id = ? AND status = 'pending'", (request_id,))
        assert changed.rowcount == 1
