"""Verify the audit chain of a session."""

from collections.abc import Sequence
from typing import Any

from backend.db import Row, Tx
from backend.db.queries import requests
from backend.db.queries import sessions as store
from backend.db.transaction import GENESIS, chain_hash, seal_of_erased


def audit_is_intact(tx: Tx, session_id: str) -> bool:
    """Whether a session's audit chain is complete and unchanged, from its beginning to its sealed end."""
    rows = store.audit_chain(tx, session_id)
    if not rows:
        return tx.audit_ends_with(session_id, 0, "") and not requests.has_asked(tx, session_id)
    return chain_is_intact(rows) and tx.audit_ends_with(session_id, rows[-1].n, rows[-1].hash)


class AuditVerifier:
    """Caches verdicts, so that paging through an audit does not verify the whole chain for every page."""

    def __init__(self, most: int = 1_000) -> None:
        self._found: dict[str, tuple[str, bool]] = {}
        self._most = most

    def is_whole(self, tx: Tx, session_id: str, reading_on: bool) -> bool:
        """As `audit_is_intact`; with `reading_on`, the last verdict if the chain has not grown since."""
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
    """Whether the rows of one scope, oldest first, form an unbroken hash chain from the beginning. A row whose content was
    erased is covered by the seal in a later row."""
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
