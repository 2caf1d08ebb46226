"""Queries about who sees a request and who decides it, and what they said that counts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, bindparam, insert, select, update

from backend.db.tables import feedback_requests, people, recipients, votes
from backend.db.transaction import Tx

ACTIVE = "active"
DECIDES = ("decider", "delegate")

_of_request = (
    select(recipients, people.c.name, people.c.disabled_at)
    .join(people, people.c.id == recipients.c.person_id)
    .where(recipients.c.request_id == bindparam("request"))
    .order_by(recipients.c.position, recipients.c.created_at, recipients.c.person_id)
)
_open_of_person = (
    select(recipients.c.request_id)
    .join(feedback_requests, feedback_requests.c.id == recipients.c.request_id)
    .where(recipients.c.person_id == bindparam("person"), feedback_requests.c.status == "pending")
)
_insert = insert(recipients)
_insert_vote = insert(votes)


def list_recipients(tx: Tx, request_id: str) -> Sequence[Row[Any]]:
    """Every row of the request, with `name` and `disabled_at` of the person, in the order they were named."""
    return tx.once(("recipients", request_id), (recipients, people), lambda: tx.all(_of_request, {"request": request_id}))


def open_of_person(tx: Tx, person_id: str) -> set[str]:
    """The ids of open requests that the person sees, or once saw."""
    return {row.request_id for row in tx.all(_open_of_person, {"person": person_id})}


def insert_recipients(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    tx.execute(_insert, [{"delegated_by": None, "status": ACTIVE, "created_at": tx.now, **row} for row in rows])


def update_recipient(tx: Tx, request_id: str, person_id: str, role: str, **values: Any) -> None:
    here = (recipients.c.request_id == request_id, recipients.c.person_id == person_id, recipients.c.role == role)
    tx.execute(update(recipients).where(*here).values(**values))


def requests_seen_by(person_id: str, *, deciding: bool = False) -> Select[tuple[str]]:
    """The ids of what the person sees now, or decides."""
    found = select(recipients.c.request_id).where(recipients.c.person_id == person_id, recipients.c.status == ACTIVE)
    return found.where(recipients.c.role.in_(DECIDES)) if deciding else found


def insert_vote(tx: Tx, **values: Any) -> None:
    tx.execute(_insert_vote, {"at": tx.now, **values})
