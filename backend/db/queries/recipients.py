"""Queries about who sees a request and who decides it, and what they said that counts."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, Row, Select, bindparam, insert, literal, select, tuple_, update

from backend.db.tables import feedback_requests, people, recipients, votes
from backend.db.transaction import Tx

ACTIVE = "active"
DECIDES = ("decider", "delegate")

_in_order = (
    select(recipients, people.c.name, people.c.disabled_at)
    .outerjoin(people, people.c.id == recipients.c.person_id)  # there is one; the other way round, all people are read
    .order_by(recipients.c.position, recipients.c.created_at, recipients.c.person_id)
)
_of_request = _in_order.where(recipients.c.request_id == bindparam("request"))
_open_of_person = (
    select(recipients.c.request_id)
    .join(feedback_requests, feedback_requests.c.id == recipients.c.request_id)
    .where(recipients.c.person_id == bindparam("person"), feedback_requests.c.status == "pending")
)
_its = feedback_requests.c.id == bindparam("of_request")
_insert = insert(recipients).values(
    asked_at=select(feedback_requests.c.created_at).where(_its).scalar_subquery(),
    request_status=select(feedback_requests.c.status).where(_its).scalar_subquery(),
)
_insert_vote = insert(votes)


def list_recipients(tx: Tx, request_id: str) -> Sequence[Row[Any]]:
    """Every row of the request, with `name` and `disabled_at` of the person, in the order they were named."""
    return tx.once(("recipients", request_id), (recipients, people), lambda: tx.all(_of_request, {"request": request_id}))


def know_recipients(tx: Tx, request_ids: Sequence[str]) -> None:
    """Read those of all these requests in one statement, for `list_recipients` to give."""
    found: dict[str, list[Row[Any]]] = {id: [] for id in request_ids}
    for row in tx.all(_in_order.where(recipients.c.request_id.in_(request_ids))):
        found[row.request_id].append(row)
    for id, rows in found.items():
        tx.once(("recipients", id), (recipients, people), partial(list, rows))


def open_of_person(tx: Tx, person_id: str) -> set[str]:
    """The ids of open requests that the person sees, or once saw."""
    return {row.request_id for row in tx.all(_open_of_person, {"person": person_id})}


def insert_recipients(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    common = {"delegated_by": None, "status": ACTIVE, "created_at": tx.now}
    tx.execute(_insert, [{**common, **row, "of_request": row["request_id"]} for row in rows])


def update_recipient(tx: Tx, request_id: str, person_id: str, role: str, **values: Any) -> None:
    here = (recipients.c.request_id == request_id, recipients.c.person_id == person_id, recipients.c.role == role)
    tx.execute(update(recipients).where(*here).values(**values))


def requests_seen_by(
    person_id: str, *, status: str | None = None, deciding: bool = False, before: tuple[int, str] | None = None
) -> Select[tuple[str, int]]:
    """(id, when it was made) of the requests that the person sees now, or decides: each once, the newest first, in whole order
    and behind the one `before`."""
    place = (recipients.c.asked_at, recipients.c.request_id)
    found = select(recipients.c.request_id, recipients.c.asked_at).where(
        recipients.c.person_id == person_id, recipients.c.status == ACTIVE
    )
    if status:
        found = found.where(recipients.c.request_status == status)
    if deciding:
        found = found.where(recipients.c.role.in_(DECIDES))
    if before:
        found = found.where(tuple_(*place) < tuple_(literal(before[0], BigInteger), literal(before[1])))
    return found.distinct().order_by(*(each.desc() for each in place))


def insert_vote(tx: Tx, **values: Any) -> None:
    tx.execute(_insert_vote, {"at": tx.now, **values})
