"""Who has the web app open right now."""

from collections.abc import Sequence

from backend.db import Tx
from backend.db.locks import locks
from backend.db.queries import linked_accounts

PRESENT_MS = 60_000


@locks(person="person_id")
def record_presence(tx: Tx, socket_id: str, person_id: str) -> None:
    """Record that the person opened the web app."""
    linked_accounts.insert_presence(tx, socket_id, person_id, tx.now + PRESENT_MS)


@locks()
def extend_presence(tx: Tx, socket_ids: Sequence[str]) -> None:
    linked_accounts.extend_presences(tx, socket_ids, tx.now + PRESENT_MS)


@locks()
def end_presence(tx: Tx, socket_id: str) -> None:
    linked_accounts.delete_presence(tx, socket_id)
