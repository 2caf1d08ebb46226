"""Groups: people of whom any may decide what is asked of the group."""

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
    """Raises Invalid for a name that could be mistaken for something else, and for people who are not known."""
    if not name or RESERVED & set(name) or len(name) > 100 or has_invisible(name):
        raise Invalid("A group's name is up to 100 letters, digits, dots or dashes, without spaces, commas, |, : or @.")
    insert_group(tx, name)
    for person in resolve_recipients(tx, people).people:
        add_member(tx, name, person.id)
        tx.audit(person.id, actor=SYSTEM, via="api", action="group.joined", subject=person.id, group=name)
    refresh_requests_of_group(tx, name)


def remove_members(tx: Tx, name: str, people: Sequence[str]) -> None:
    """Also those who are disabled, or whose address nobody has proven. What is open and was put to the group is theirs no
    more. Raises NotFound and Invalid for people who are not known or not in the group."""
    for person in [find_by_email(tx, each) for each in people]:
        if not remove_member(tx, name, person.id):
            raise Invalid(f"{person.name} is not in {name}.")
        tx.audit(person.id, actor=SYSTEM, via="api", action="group.left", subject=person.id, group=name)
    refresh_requests_of_group(tx, name)
