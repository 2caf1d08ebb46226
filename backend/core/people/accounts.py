"""Accounts: register people, rename, disable and enable them, confirm their addresses and change their passwords."""

from typing import Any, Literal

from backend.core.decisions.authority import refresh_requests_of_person
from backend.core.people.sign_ins import end_sign_in
from backend.core.runs.lifecycle import end_run
from backend.db import Row, Tx
from backend.db.locks import locks
from backend.db.queries import people
from backend.db.queries.runs import active_runs_of
from backend.domain.display_names import check_name, name_from_email
from backend.domain.people import SYSTEM, normal_address
from backend.domain.states import RunStatus
from backend.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from backend.ids import new_id
from backend.timestamps import to_text

Proof = Literal["setup", "administrator", "mail"]
ADMINISTRATOR: Proof = "administrator"
FIRST: tuple[str, Proof | None] = ("admin", "setup")
LATER: tuple[str, Proof | None] = ("member", None)


def register(
    tx: Tx,
    *,
    email: str,
    password_hash: str,
    name: str | None,
    mode: Literal["first", "open", "closed"],
    may_be_first: bool = True,
) -> dict[str, Any]:
    """Add an account; the first one is the administrator's. Raises Forbidden (registration is closed, or the first account
    without the set-up code) and Conflict (email taken)."""
    check_registration_open(tx, mode, may_be_first)
    count = people.count_people(tx)
    role, proof = FIRST if count == 0 else LATER
    return add_person(tx, email=email, password_hash=password_hash, name=name, role=role, proof=proof)


def check_registration_open(tx: Tx, mode: Literal["first", "open", "closed"], may_be_first: bool = True) -> None:
    """Raises Forbidden if registration is closed, or if the first account is requested without the set-up code."""
    count = people.count_people(tx)
    if mode == "closed" or (mode == "first" and count):
        raise Forbidden("Registration is closed. Ask the administrator for an account.", code="registration_closed")
    if not count and not may_be_first:
        raise Forbidden(
            "The first account needs the set-up code that Assent printed in its terminal when it started.",
            code="setup_code_needed",
        )


def check_email_free(tx: Tx, email: str) -> None:
    """Raises Conflict if the address already has an account."""
    if people.person_by_email(tx, email) is not None:
        raise Conflict("This email address already has an account; sign in instead.", code="email_taken")


def add_person(
    tx: Tx, *, email: str, password_hash: str, name: str | None, role: str, proof: Proof | None = ADMINISTRATOR
) -> dict[str, Any]:
    """Add an account; the name is optional. `proof`: how we know that the address is theirs, if we do. Raises Conflict
    (email taken) and Invalid (the name)."""
    check_email_free(tx, email)
    name = _checked_name(name) if name else name_from_email(email)
    person_id = new_id("usr")
    proven = {"confirmed_at": tx.now, "confirmed_by": proof} if proof else {}
    people.insert_person(
        tx,
        id=person_id,
        email=normal_address(email),
        name=name,
        role=role,
        password_hash=password_hash,
        created_at=tx.now,
        **proven,
    )
    tx.audit(person_id, actor=person_id, via="api", action="person.added", subject=person_id, role=role, proof=proof)
    return find_person(tx, person_id)


def rename_person(tx: Tx, email: str, name: str) -> dict[str, Any]:
    """Rename the person; what was recorded under the old name stays. Raises NotFound and Invalid."""
    person, name = find_by_email(tx, email), _checked_name(name)
    people.update_person(tx, person.id, name=name)
    tx.audit(person.id, actor=SYSTEM, via="api", action="person.renamed", subject=person.id, before=person.name, name=name)
    return find_person(tx, person.id)


def _checked_name(name: str) -> str:
    try:
        return check_name(name)
    except ValueError as error:
        raise Invalid(f"This name cannot be used: it {error}.", errors=[FieldError("name", str(error))]) from None


@locks(person="person_id")
def change_password(tx: Tx, person_id: str, password_hash: str, keep: str) -> None:
    """Set the new hash and end every sign-in except `keep`."""
    people.update_person(tx, person_id, password_hash=password_hash)
    tx.audit(person_id, actor=person_id, via="api", action="person.password_changed", subject=person_id)
    for sign_in_id in people.live_sign_ins(tx, person_id):
        if sign_in_id != keep:
            end_sign_in(tx, sign_in_id, "password changed")


def reset_password(tx: Tx, email: str, password_hash: str) -> None:
    """Set a new password on behalf of an operator and end every sign-in. Raises NotFound."""
    change_password(tx, find_by_email(tx, email).id, password_hash, keep="")


def disable_person(tx: Tx, email: str) -> None:
    """Disable a person at once: their sign-ins end, their sockets close, their runs are cancelled, and requests that only
    they could decide become dead letters. Raises NotFound."""
    disable_by_id(tx, find_by_email(tx, email).id, "person disabled")


def disable_by_id(tx: Tx, person_id: str, why: str) -> None:
    people.update_person(tx, person_id, disabled_at=tx.now)
    tx.audit(person_id, actor=SYSTEM, via="api", action="person.disabled", subject=person_id)
    for sign_in_id in people.live_sign_ins(tx, person_id):
        end_sign_in(tx, sign_in_id, why, actor=SYSTEM)
    for run in active_runs_of(tx, person_id):
        end_run(tx, run, RunStatus.CANCELLED, actor=SYSTEM)
    refresh_requests_of_person(tx, person_id)


def enable_person(tx: Tx, email: str) -> None:
    """Enable a person again and ask them about the open requests they may decide. Raises NotFound, and Conflict if they are
    being erased."""
    person = find_by_email(tx, email)
    if person.erasing_at is not None:
        raise Conflict(f"{email} is being erased, which cannot be undone.", code="erased")
    people.update_person(tx, person.id, disabled_at=None)
    tx.audit(person.id, actor=SYSTEM, via="api", action="person.enabled", subject=person.id)
    refresh_requests_of_person(tx, person.id)


def confirm_person(tx: Tx, email: str, proof: Proof = ADMINISTRATOR) -> None:
    """Confirm that the address is theirs, so that others can name them by it. Raises NotFound."""
    person = find_by_email(tx, email)
    if person.confirmed_at is None:
        people.update_person(tx, person.id, confirmed_at=tx.now, confirmed_by=proof)
        actor = SYSTEM if proof == ADMINISTRATOR else person.id
        tx.audit(person.id, actor=actor, via="api", action="person.confirmed", subject=person.id, proof=proof)
        refresh_requests_of_person(tx, person.id)


def find_by_email(tx: Tx, email: str) -> Row[Any]:
    person = people.person_by_email(tx, email)
    if person is None:
        raise NotFound(f"There is no account {email}; `assent users list` shows all accounts.")
    return person


def find_person(tx: Tx, person_id: str) -> dict[str, Any]:
    """The person as clients see them. Raises NotFound."""
    row = people.person_by_id(tx, person_id)
    if row is None:
        raise NotFound("There is no such person.")
    shaped = {"id": row.id, "email": row.email, "name": row.name, "role": row.role, "created_at": to_text(row.created_at)}
    return {**shaped, "confirmed": row.confirmed_at is not None}
