"""Verify the audit chain of a session."""

from collections.abc import Sequence
from typing import Any

from backend.db import Row, Tx
from backend.db.queries import requests
from backend.db.queries import sessions as store
from backend.db.transaction import GENESIS, chain_hash, seal_of_erased


def audit_is_intact(tx: Tx, session_id: str) -> bool:
    """Whether a session's audit is all there and unchanged, from its beginning to its sealed end."""
    rows = store.audit_chain(tx, session_id)
    if not rows:
        return tx.audit_ends_with(session_id, 0, "") and not requests.has_asked(tx, session_id)
    return chain_is_intact(rows) and tx.audit_ends_with(session_id, rows[-1].n, rows[-1].hash)


class AuditVerifier:
    """What was found of the records looked at last: whoever reads on has not every page verify the whole chain again."""

    def __init__(self, most: int = 1_000) -> None:
        self._found: dict[str, tuple[str, bool]] = {}
        self._most = most

    def is_whole(self, tx: Tx, session_id: str, reading_on: bool) -> bool:
        """As `record_is_whole`; for somebody reading on, what was found last of a chain that still ends there."""
        newest = store.audit_page(tx, session_id, None)[:1]
        end = newest[0].hash if newest else ""
        found = self._found.get(session_id)
        if reading_on and found is not None and found[0] == end:
            return found[1]
        whole = audit_is_intact(tx, session_id)
        self._found.pop(session_id, None)
        self._found[session_id] = (end, whole)
        while len(self._found) > self._most:
            self._found.pop(next(iter(self._found)), None)
        return whole


def chain_is_intact(rows: Sequence[Row[Any]]) -> bool:
    """Whether the rows of one scope, oldest first, form an unbroken hash chain from its beginning. For a row whose content
    was erased a later one vouches."""
    prev, owed = GENESIS, dict[int, str]()
    for n, row in enumerate(rows, start=1):
        if row.n != n or row.prev != prev:
            return False
        if "erased" in row.detail:
            owed[n] = seal_of_erased(row.hash, row.detail)
        elif row.hash != chain_hash(dict(row._mapping)):
            return False
        if row.action == "audit.erased" and any(owed.pop(int(at), seal) != seal for at, seal in row.detail["rows"].items()):
            return False
        prev = row.hash
    return not owed
