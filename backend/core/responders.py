"""Who is meant: people by id or email address, and groups by name, become seats, and seats the persons in them now."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.db import Tx
from backend.db.connections import group_people
from backend.db.people import people_named
from backend.domain.people import Person, normal_address
from backend.errors import FieldError, Invalid

Seat = dict[str, str]


@dataclass(frozen=True, slots=True)
class Addressed:
    """`seats` is what was named, [{person: id} or {group: name}]; `people` who that is now, each once, in that order."""

    seats: list[Seat]
    people: list[Person]


def address(tx: Tx, names: Sequence[str], field: str = "to") -> Addressed:
    """Raises Invalid for a name nobody goes by, and for an empty group."""
    known = {key: row for row in people_named(tx, names) if row.disabled_at is None for key in (row.id, row.email)}
    seats: list[Seat] = []
    found: dict[str, Person] = {}
    errors = []
    for name in names:
        row = known.get(name) or known.get(normal_address(name))
        members = [row] if row else group_people(tx, name)
        if not members:
            errors.append(FieldError(field, f"nobody is known as {name!r}" if members is None else f"{name!r} has no members"))
        seats.append({"person": row.id} if row else {"group": name})
        found |= {member.id: Person(member.id, member.name) for member in members or ()}
    if errors:
        raise Invalid("Some of the people asked are not known here.", errors=errors)
    return Addressed(seats, list(found.values()))
