"""Queries about how people are reached: linked accounts, their order, who is looking, which place is which session."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, func, insert, or_, select, update

from backend.db.tables import (
    connections,
    group_members,
    groups,
    link_proofs,
    people,
    preferences,
    presences,
    threads,
)
from backend.db.transaction import Tx

_linked = select(connections).where(connections.c.person_id == bindparam("person")).order_by(connections.c.created_at)
_by_account = (
    select(connections, people.c.name.label("person_name"))
    .join(people, people.c.id == connections.c.person_id)
    .where(
        connections.c.channel == bindparam("on"),
        connections.c.account == bindparam("account_"),
        people.c.disabled_at.is_(None),
    )
)
_preferences = select(preferences).where(preferences.c.person_id == bindparam("person")).order_by(preferences.c.position)
_present = select(func.count()).where(presences.c.person_id == bindparam("person"), presences.c.until > bindparam("now"))
_session_at = select(threads).where(threads.c.channel == bindparam("on"), threads.c.place == bindparam("place_"))
_place_of = (
    select(threads)
    .where(
        threads.c.session_id == bindparam("session"),
        threads.c.channel == bindparam("on"),
        or_(threads.c.person_id == bindparam("person"), threads.c.person_id.is_(None)),
    )
    .order_by(threads.c.created_at.desc())
    .limit(1)
)
PRESENCES_KEPT_MS = 24 * 3600 * 1000


def linked_accounts(tx: Tx, person_id: str) -> Sequence[Row[Any]]:
    """The person's accounts on channels, in the order they were linked."""
    return tx.all(_linked, {"person": person_id})


def account_on(tx: Tx, person_id: str, channel: str) -> str | None:
    """The account the person linked last on the channel."""
    linked = [row.account for row in linked_accounts(tx, person_id) if row.channel == channel]
    return linked[-1] if linked else None


def account_row(tx: Tx, channel: str, account: str) -> Row[Any] | None:
    """The connection of an account with `person_name`, unless the person is disabled."""
    return tx.first(_by_account, {"on": channel, "account_": account})


def holder_of(tx: Tx, channel: str, account: str) -> Row[Any] | None:
    """Whoever linked the account, disabled or not, with `disabled_at`."""
    here = (connections.c.channel == channel, connections.c.account == account)
    held = select(connections.c.person_id, people.c.disabled_at).join(people, people.c.id == connections.c.person_id)
    return tx.first(held.where(*here))


def insert_connection(tx: Tx, **values: Any) -> None:
    tx.execute(insert(connections), {"error": None, "failing_since": None, **values})


def update_connections(tx: Tx, person_id: str, channel: str, **values: Any) -> None:
    tx.execute(update(connections).where(connections.c.person_id == person_id, connections.c.channel == channel).values(**values))


def delete_connections(tx: Tx, person_id: str, channel: str) -> bool:
    gone = delete(connections).where(connections.c.person_id == person_id, connections.c.channel == channel)
    return tx.execute(gone).rowcount > 0


def people_with_account_on(tx: Tx, channel: str) -> list[tuple[str, str]]:
    """Everybody with an account on the channel, and how it stands."""
    rows = tx.all(select(connections.c.person_id, connections.c.status).where(connections.c.channel == channel))
    return [(row.person_id, row.status) for row in rows]


def disconnect_accounts(tx: Tx, channel: str, account: str, error: str) -> list[str]:
    """Mark the account, or with a closing slash every account under it, as gone; the people concerned."""
    there = _accounts(channel, account) & (connections.c.status != "disconnected")
    gone = update(connections).where(there).values(status="disconnected", error=error, failing_since=tx.now)
    return [row.person_id for row in tx.all(gone.returning(connections.c.person_id))]


def reconnect_accounts(tx: Tx, channel: str, account: str) -> list[str]:
    """Mark what was gone as working again; the people concerned."""
    there = _accounts(channel, account) & (connections.c.status == "disconnected")
    back = update(connections).where(there).values(status="connected", error=None, failing_since=None)
    return [row.person_id for row in tx.all(back.returning(connections.c.person_id))]


def _accounts(channel: str, account: str) -> ColumnElement[bool]:
    """The account, or with a closing slash every account under it."""
    known = connections.c.account
    under = known.startswith(account, autoescape=True) if account.endswith("/") else known == account
    return and_(connections.c.channel == channel, under)


def list_preferences(tx: Tx, person_id: str) -> Sequence[Row[Any]]:
    return tx.all(_preferences, {"person": person_id})


def replace_preferences(tx: Tx, person_id: str, rows: Sequence[dict[str, Any]]) -> None:
    tx.execute(delete(preferences).where(preferences.c.person_id == person_id))
    if rows:
        tx.execute(insert(preferences), [{"person_id": person_id, **row} for row in rows])


def is_present(tx: Tx, person_id: str) -> bool:
    """Whether the person has the web app open, in whatever process."""
    return int(tx.execute(_present, {"person": person_id, "now": tx.now}).scalar_one()) > 0


def insert_presence(tx: Tx, socket_id: str, person_id: str, until: int) -> None:
    tx.execute(insert(presences), {"socket_id": socket_id, "person_id": person_id, "until": until})


def extend_presences(tx: Tx, socket_ids: Sequence[str], until: int) -> None:
    """Keep those sockets counting; the ones nobody keeps are dropped."""
    tx.execute(update(presences).where(presences.c.socket_id.in_(socket_ids)).values(until=until))
    tx.execute(delete(presences).where(presences.c.until < tx.now - PRESENCES_KEPT_MS))


def delete_presence(tx: Tx, socket_id: str) -> None:
    tx.execute(delete(presences).where(presences.c.socket_id == socket_id))


def delete_all_presences(tx: Tx) -> None:
    """Nobody is looking: only when no other process can know better."""
    tx.execute(delete(presences))


def session_at(tx: Tx, channel: str, place: str) -> Row[Any] | None:
    return tx.first(_session_at, {"on": channel, "place_": place})


def place_of(tx: Tx, session_id: str, channel: str, person_id: str) -> Row[Any] | None:
    """Where on the channel the session was last spoken in with the person."""
    return tx.first(_place_of, {"session": session_id, "on": channel, "person": person_id})


def update_thread(tx: Tx, channel: str, place: str, thread: dict[str, Any]) -> None:
    """How to speak in a place that is known, now that more was said there."""
    there = and_(threads.c.channel == channel, threads.c.place == place)
    tx.execute(update(threads).where(there).values(thread=thread))


def bind_place(tx: Tx, channel: str, place: str, session_id: str, person_id: str, thread: dict[str, Any]) -> None:
    """From now on what the person says in this place belongs to the session."""
    there = and_(threads.c.channel == channel, threads.c.place == place)
    values = {"session_id": session_id, "person_id": person_id, "thread": thread, "created_at": tx.now}
    if tx.execute(update(threads).where(there).values(**values)).rowcount == 0:
        tx.execute(insert(threads), {"channel": channel, "place": place, **values})


def insert_link_proof(tx: Tx, **values: Any) -> None:
    tx.execute(delete(link_proofs).where(link_proofs.c.expires_at < tx.now))
    tx.execute(insert(link_proofs), values)


def take_link_proof(tx: Tx, digest: str, channel: str, kind: str) -> Row[Any] | None:
    """Take the proof away; what it was good for, while it was good."""
    statement = (
        delete(link_proofs)
        .where(
            link_proofs.c.digest == digest,
            link_proofs.c.channel == channel,
            link_proofs.c.kind == kind,
            link_proofs.c.expires_at > tx.now,
        )
        .returning(link_proofs)
    )
    return tx.execute(statement).first()


def group_people(tx: Tx, name: str) -> Sequence[Row[Any]] | None:
    """The members of a group who are not disabled and whose address is proven; None: there is no such group."""
    if tx.first(select(groups.c.name).where(groups.c.name == name)) is None:
        return None
    return tx.all(
        select(people.c.id, people.c.name, people.c.disabled_at)
        .join(group_members, group_members.c.person_id == people.c.id)
        .where(group_members.c.group_name == name, people.c.disabled_at.is_(None), people.c.confirmed_at.is_not(None))
        .order_by(people.c.created_at)
    )


def groups_of(tx: Tx, person_id: str) -> set[str]:
    return {row.group_name for row in tx.all(select(group_members).where(group_members.c.person_id == person_id))}


def list_groups(tx: Tx) -> Sequence[Row[Any]]:
    """Every group with its members' addresses: rows of (name, email); email is null for an empty group."""
    members = group_members.join(people, people.c.id == group_members.c.person_id)
    return tx.all(
        select(groups.c.name, people.c.email)
        .select_from(groups.outerjoin(members, group_members.c.group_name == groups.c.name))
        .order_by(groups.c.name, people.c.email)
    )


def insert_group(tx: Tx, name: str) -> None:
    if tx.first(select(groups.c.name).where(groups.c.name == name)) is None:
        tx.execute(insert(groups), {"name": name, "created_at": tx.now})


def add_member(tx: Tx, name: str, person_id: str) -> None:
    known = select(group_members).where(group_members.c.group_name == name, group_members.c.person_id == person_id)
    if tx.first(known) is None:
        tx.execute(insert(group_members), {"group_name": name, "person_id": person_id})


def remove_member(tx: Tx, name: str, person_id: str) -> bool:
    gone = delete(group_members).where(group_members.c.group_name == name, group_members.c.person_id == person_id)
    return tx.execute(gone).rowcount > 0
