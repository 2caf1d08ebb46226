"""Queries about people, their sign-ins and what sign-ins hand out."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, or_, select, update

from backend.db.tables import idempotency_keys, people, sign_ins, ws_tickets
from backend.db.transaction import Tx
from backend.domain.people import normal_address

_by_id = select(people).where(people.c.id == bindparam("id"))
_by_email = select(people).where(people.c.email == bindparam("email"))
_count = select(func.count()).select_from(people)
_named = select(people.c.id, people.c.name, people.c.email, people.c.disabled_at, people.c.confirmed_at).where(
    or_(people.c.id.in_(bindparam("names", expanding=True)), people.c.email.in_(bindparam("emails", expanding=True)))
)
_live_sign_in = (
    select(sign_ins.c.id, sign_ins.c.person_id, sign_ins.c.door, people.c.name, people.c.email, people.c.role)
    .join(people, people.c.id == sign_ins.c.person_id)
    .where(
        sign_ins.c.id == bindparam("id"),
        sign_ins.c.ended_at.is_(None),
        people.c.disabled_at.is_(None),
        sign_ins.c.expires_at > bindparam("now"),
    )
)
_sign_in = select(sign_ins).where(sign_ins.c.id == bindparam("id"))
_live_sign_ins = select(sign_ins.c.id).where(sign_ins.c.person_id == bindparam("person"), sign_ins.c.ended_at.is_(None))
_end_sign_in = (
    update(sign_ins)
    .where(sign_ins.c.id == bindparam("sign_in"), sign_ins.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), ended_why=bindparam("why"))
    .returning(sign_ins.c.person_id)
)
_advance = (
    update(sign_ins)
    .where(sign_ins.c.id == bindparam("sign_in"), sign_ins.c.generation == bindparam("seen"), sign_ins.c.ended_at.is_(None))
    .values(generation=sign_ins.c.generation + 1, expires_at=bindparam("until"))
)
_keep_door = update(sign_ins).where(sign_ins.c.id == bindparam("sign_in")).values(door=bindparam("door_"))
_dead_among = (
    select(sign_ins.c.id)
    .join(people, people.c.id == sign_ins.c.person_id)
    .where(
        sign_ins.c.id.in_(bindparam("ids", expanding=True)),
        or_(sign_ins.c.ended_at.is_not(None), people.c.disabled_at.is_not(None)),
    )
)
_use_ticket = delete(ws_tickets).where(ws_tickets.c.digest == bindparam("digest_")).returning(ws_tickets)
_drop_tickets = delete(ws_tickets).where(ws_tickets.c.expires_at < bindparam("now"))
REPLIES_KEPT_MS = 7 * 24 * 3600 * 1000
_drop_replies = delete(idempotency_keys).where(idempotency_keys.c.created_at < bindparam("before"))
_kept_reply = select(idempotency_keys).where(
    idempotency_keys.c.person_id == bindparam("person"), idempotency_keys.c.key == bindparam("key")
)


def person_by_id(tx: Tx, id: str) -> Row[Any] | None:
    return tx.first(_by_id, {"id": id})


def person_by_email(tx: Tx, email: str) -> Row[Any] | None:
    return tx.first(_by_email, {"email": normal_address(email)})


def count_people(tx: Tx) -> int:
    return int(tx.execute(_count).scalar_one())


def list_people(tx: Tx) -> Sequence[Row[Any]]:
    return tx.all(select(people).order_by(people.c.created_at))


def people_named(tx: Tx, names: Sequence[str]) -> Sequence[Row[Any]]:
    """People by id or email address, in no order."""
    return tx.all(_named, {"names": list(names), "emails": [normal_address(name) for name in names]})


def insert_person(tx: Tx, **values: Any) -> None:
    tx.execute(insert(people), {"disabled_at": None, "confirmed_at": None, "confirmed_by": None, **values})


def update_person(tx: Tx, id: str, **values: Any) -> None:
    tx.execute(update(people).where(people.c.id == id).values(**values))


def live_sign_in(tx: Tx, id: str) -> Row[Any] | None:
    """The sign-in with its person, while both are good."""
    return tx.first(_live_sign_in, {"id": id, "now": tx.now})


def dead_sign_ins(tx: Tx, ids: Sequence[str]) -> set[str]:
    """Those of `ids` that have ended, or whose person is disabled."""
    return {row.id for row in tx.all(_dead_among, {"ids": list(ids)})}


def insert_sign_in(tx: Tx, **values: Any) -> None:
    tx.execute(insert(sign_ins), {"ended_at": None, "ended_why": None, **values})


def sign_in_by_id(tx: Tx, id: str) -> Row[Any] | None:
    return tx.first(_sign_in, {"id": id})


def advance_sign_in(tx: Tx, id: str, seen: int, until: int) -> bool:
    """Move to the generation after `seen`; False when another caller has."""
    return tx.execute(_advance, {"sign_in": id, "seen": seen, "until": until}).rowcount == 1


def update_sign_in_door(tx: Tx, id: str, door: str) -> None:
    tx.execute(_keep_door, {"sign_in": id, "door_": door})


def end_sign_in(tx: Tx, id: str, why: str) -> str | None:
    """End one sign-in; its person's id, or None when it had ended before."""
    return tx.execute(_end_sign_in, {"sign_in": id, "now": tx.now, "why": why}).scalar()


def live_sign_ins(tx: Tx, person_id: str) -> list[str]:
    return [row.id for row in tx.all(_live_sign_ins, {"person": person_id})]


def insert_ticket(tx: Tx, **values: Any) -> None:
    tx.execute(_drop_tickets, {"now": tx.now})
    tx.execute(insert(ws_tickets), values)


def use_ticket(tx: Tx, digest: str) -> Row[Any] | None:
    """Take the ticket away; what it was good for."""
    return tx.execute(_use_ticket, {"digest_": digest}).first()


def idempotent_reply(tx: Tx, person_id: str, key: str) -> Row[Any] | None:
    return tx.first(_kept_reply, {"person": person_id, "key": key})


def insert_idempotent_reply(tx: Tx, person_id: str, key: str, digest: str, status: int, body: str) -> None:
    """Keep a reply for a week; older ones go."""
    tx.execute(_drop_replies, {"before": tx.now - REPLIES_KEPT_MS})
    tx.execute(
        insert(idempotency_keys),
        {"person_id": person_id, "key": key, "digest": digest, "status": status, "body": body, "created_at": tx.now},
    )
