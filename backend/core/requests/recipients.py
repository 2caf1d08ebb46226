"""Who sees a request and who decides it, read from the recipients table alone."""

from collections.abc import Sequence
from typing import Any

from backend.db import Row, Tx
from backend.db.queries.recipients import DECIDES, insert_recipients, list_recipients
from backend.domain.people import Person
from backend.domain.states import RecipientStatus, Role

NO_LONGER_ASKED = "You are no longer asked about this and cannot decide it. Nothing was changed."


def add_recipients(tx: Tx, request_id: str, owner_id: str, deciders: Sequence[Person]) -> None:
    """Insert the owner and the deciders of a new request; one person may be both."""
    rows = [{"request_id": request_id, "person_id": owner_id, "role": Role.OWNER, "position": 0}]
    rows += [
        {"request_id": request_id, "person_id": person.id, "role": Role.DECIDER, "position": place}
        for place, person in enumerate(deciders)
    ]
    insert_recipients(tx, rows)


def is_active(row: Row[Any]) -> bool:
    return row.status == RecipientStatus.ACTIVE and row.disabled_at is None


def deciders_of(tx: Tx, request_id: str) -> list[Person]:
    """The people who may decide, in the order they were named."""
    rows = [row for row in list_recipients(tx, request_id) if is_active(row) and row.role in DECIDES]
    return list({row.person_id: Person(row.person_id, row.name) for row in rows}.values())


def viewers_of(tx: Tx, request_id: str) -> list[str]:
    """The ids of everyone who sees the request."""
    return sorted({row.person_id for row in list_recipients(tx, request_id) if is_active(row)})


def was_asked(tx: Tx, request: Row[Any], person_id: str) -> bool:
    """Whether the person was a decider and no longer is."""
    rows = [row for row in list_recipients(tx, request.id) if row.person_id == person_id]
    return any(row.role in DECIDES for row in rows) and not any(is_active(row) for row in rows)


def may_see(tx: Tx, request: Row[Any], person_id: str) -> bool:
    return any(row.person_id == person_id and is_active(row) for row in list_recipients(tx, request.id))


def may_decide(tx: Tx, request: Row[Any], person_id: str) -> bool:
    return person_id in {person.id for person in deciders_of(tx, request.id)}
