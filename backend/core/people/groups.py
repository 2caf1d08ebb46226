"""Groups: any member may decide a request addressed to the group."""

from collections.abc import Sequence

from backend.core.decisions.authority import refresh_requests_of_group
from backend.core.people.accounts import find_by_email
from backend.core.requests.addressing import resolve_recipients
from backend.db import Tx
from backend.db.queries.linked_accounts import add_member, insert_group, remove_member
from backend.domain.display_names import has_invisible
from backend.domain.people import SYSTEM
from backend.errors import Invalid

RESERVED = set(" ,;|@/:")


def add_members(tx: Tx, name: str, people: Sequence[str]) -> None:
    """Add people to the group, creating it if needed. Raises Invalid for an unusable group name and for unknown people."""
    if not name or RESERVED & set(name) or len(name) > 100 or has_invisible(name):
        raise Invalid("A group's name has at most 100 characters and no spaces, commas, semicolons, |, @, / or :.")
    insert_group(tx, name)
    for person in resolve_recipients(tx, people).people:
        add_member(tx, name, person.id)
        tx.audit(person.id, actor=SYSTEM, via="api", action="group.joined", subject=person.id, group=name)
    refresh_requests_of_group(tx, name)


def remove_members(tx: Tx, name: str, people: Sequence[str]) -> None:
    """Remove people, also disabled or unconfirmed ones, who then no longer decide the group's open requests. Raises NotFound
    for unknown people and Invalid for people who are not in the group."""
    for person in [find_by_email(tx, each) for each in people]:
        if not remove_member(tx, name, person.id):
            raise Invalid(f"{person.name} is not in {name}.")
        tx.audit(person.id, actor=SYSTEM, via="api", action="group.left", subject=person.id, group=name)
    refresh_requests_of_group(tx, name)
