"""Who is meant: people by id or email address, and groups by name, become seats, and seats the persons in them now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend.db import Row, Tx
from backend.db.queries.linked_accounts import group_people
from backend.db.queries.people import people_named, person_by_id
from backend.domain.people import Person, normal_address
from backend.errors import FieldError, Invalid

UNKNOWN_NAME = "nobody is known as {!r} whose address is proven; `assent users confirm` vouches for one"
Addressee = dict[str, str]


@dataclass(frozen=True, slots=True)
class Addressed:
    """`seats` is what was named, [{person: id} or {group: name}]; `people` who that is now, each once, in that order."""

    seats: list[Addressee]
    people: list[Person]


def resolve_recipients(tx: Tx, names: Sequence[str], field: str = "to", known: Person | None = None) -> Addressed:
    """Raises Invalid for a name nobody goes by, and for an empty group. An address that nobody has proven to be theirs is
    nobody's, unless it is that of `known`, who speaks: anybody could have registered with it."""
    by_name = _by_name(tx, names, known)
    seats: list[Addressee] = []
    found: dict[str, Person] = {}
    errors = []
    for name in names:
        row = by_name.get(name) or by_name.get(normal_address(name))
        members = [row] if row else group_people(tx, name)
        if not members:
            errors.append(FieldError(field, UNKNOWN_NAME.format(name) if members is None else f"{name!r} has no members"))
        seats.append({"person": row.id} if row else {"group": name})
        found |= {member.id: Person(member.id, member.name) for member in members or ()}
    if errors:
        raise Invalid("Some of the people asked are not known here.", errors=errors)
    return Addressed(seats, list(found.values()))


def current_addressees(tx: Tx, names: Sequence[str]) -> list[Addressee]:
    """The seats of those names that mean somebody, or some group, now."""
    by_name = _by_name(tx, names, None)
    rows = [(name, by_name.get(name) or by_name.get(normal_address(name))) for name in names]
    return [{"person": row.id} if row else {"group": name} for name, row in rows]


def people_addressed(tx: Tx, seats: Sequence[Addressee]) -> list[Person]:
    """The persons in those seats now, each once: nobody who is disabled, and of a group its members of today."""
    found: dict[str, Person] = {}
    for seat in seats:
        rows = [person_by_id(tx, seat["person"])] if "person" in seat else group_people(tx, seat["group"]) or ()
        found |= {row.id: Person(row.id, row.name) for row in rows if row is not None and row.disabled_at is None}
    return list(found.values())


def _by_name(tx: Tx, names: Sequence[str], known: Person | None) -> dict[str, Row[Any]]:
    rows = [row for row in people_named(tx, names) if row.disabled_at is None]
    proven = [row for row in rows if row.confirmed_at is not None or (known is not None and row.id == known.id)]
    return {key: row for row in proven for key in (row.id, row.email)}
