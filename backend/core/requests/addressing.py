"""Resolve the names in `to` (ids, email addresses, groups) to addressees, and addressees to the people they mean now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend.db import Row, Tx
from backend.db.queries.linked_accounts import group_people
from backend.db.queries.people import people_named, person_by_id
from backend.domain.people import Person, normal_address
from backend.errors import FieldError, Invalid

UNKNOWN_NAME = "no group and no person with a confirmed address is known as {!r}; `assent users confirm` confirms one"
Addressee = dict[str, str]


@dataclass(frozen=True, slots=True)
class Addressed:
    """`addressees` is what was named, [{person: id} or {group: name}]; `people` are those it means now, each once, in that
    order."""

    addressees: list[Addressee]
    people: list[Person]


def resolve_recipients(tx: Tx, names: Sequence[str], field: str = "to", known: Person | None = None) -> Addressed:
    """Resolve names to addressees and people. An unconfirmed address means nobody, since anybody could have registered with
    it; the exception is the address of `known`, who makes the request. Raises Invalid for an unknown name or an empty group."""
    by_name = _by_name(tx, names, known)
    addressees: list[Addressee] = []
    found: dict[str, Person] = {}
    errors = []
    for name in names:
        row = by_name.get(name) or by_name.get(normal_address(name))
        members = [row] if row else group_people(tx, name)
        if not members:
            errors.append(FieldError(field, UNKNOWN_NAME.format(name) if members is None else f"{name!r} has no members"))
        addressees.append({"person": row.id} if row else {"group": name})
        found |= {member.id: Person(member.id, member.name) for member in members or ()}
    if errors:
        raise Invalid("Some of the people named are not known here.", errors=errors)
    return Addressed(addressees, list(found.values()))


def current_addressees(tx: Tx, names: Sequence[str]) -> list[Addressee]:
    """The addressees that the names mean now."""
    by_name = _by_name(tx, names, None)
    rows = [(name, by_name.get(name) or by_name.get(normal_address(name))) for name in names]
    return [{"person": row.id} if row else {"group": name} for name, row in rows]


def people_addressed(tx: Tx, addressees: Sequence[Addressee]) -> list[Person]:
    """The people whom the addressees mean now, each once, without disabled accounts."""
    found: dict[str, Person] = {}
    for addressee in addressees:
        rows = [person_by_id(tx, addressee["person"])] if "person" in addressee else group_people(tx, addressee["group"]) or ()
        found |= {row.id: Person(row.id, row.name) for row in rows if row is not None and row.disabled_at is None}
    return list(found.values())


def _by_name(tx: Tx, names: Sequence[str], known: Person | None) -> dict[str, Row[Any]]:
    rows = [row for row in people_named(tx, names) if row.disabled_at is None]
    proven = [row for row in rows if row.confirmed_at is not None or (known is not None and row.id == known.id)]
    return {key: row for row in proven for key in (row.id, row.email)}
