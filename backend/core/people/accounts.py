"""People and their sign-ins: registering, signing in, rotating, ending."""

from dataclasses import dataclass
from typing import Any, Literal

from backend.core.decisions.authority import follow_person
from backend.core.runs.lifecycle import end_run
from backend.db import Row, Tx
from backend.db.queries import people
from backend.db.queries.runs import active_runs_of
from backend.db.transaction import SIGN_INS_TOPIC, sign_in_topic
from backend.domain.display_names import check_name, name_behind
from backend.domain.events import SignInEnded
from backend.domain.people import SYSTEM, VIA, Door, normal_address
from backend.domain.states import RunStatus
from backend.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Unauthorized
from backend.ids import new_id
from backend.timestamps import to_text

Proof = Literal["setup", "administrator", "mail"]
ADMINISTRATOR: Proof = "administrator"
FIRST: tuple[str, Proof | None] = ("admin", "setup")
LATER: tuple[str, Proof | None] = ("member", None)
SIGN_IN_MS = 30 * 24 * 3600 * 1000
TICKET_MS = 30_000


@dataclass(frozen=True, slots=True)
class SignIn:
    """A live sign-in: whose, which, and the generation its newest refresh token has."""

    person: Row[Any]
    id: str
    generation: int


def register(
    tx: Tx,
    *,
    email: str,
    password_hash: str,
    name: str | None,
    mode: Literal["first", "open", "closed"],
    may_be_first: bool = True,
) -> dict[str, Any]:
    """Add an account; the very first is the administrator's. Raises Forbidden (closed, or first without leave) and Conflict
    (email taken)."""
    check_open(tx, mode, may_be_first)
    count = people.count_people(tx)
    role, proof = FIRST if count == 0 else LATER
    return add_person(tx, email=email, password_hash=password_hash, name=name, role=role, proof=proof)


def check_open(tx: Tx, mode: Literal["first", "open", "closed"], may_be_first: bool = True) -> None:
    """Raises Forbidden where nobody may register, or not whoever asks, because the administrator is still to come."""
    count = people.count_people(tx)
    if mode == "closed" or (mode == "first" and count):
        raise Forbidden("Registration is closed; ask the administrator for an account.", code="registration_closed")
    if not count and not may_be_first:
        raise Forbidden(
            "The first account needs the set-up code that Assent printed in its terminal when it started.",
            code="setup_code_needed",
        )


def check_free(tx: Tx, email: str) -> None:
    """Raises Conflict where the address has an account."""
    if people.person_by_email(tx, email) is not None:
        raise Conflict("There is an account with this email address already; sign in instead.", code="email_taken")


def add_person(
    tx: Tx, *, email: str, password_hash: str, name: str | None, role: str, proof: Proof | None = ADMINISTRATOR
) -> dict[str, Any]:
    """Add an account; nobody needs to give a name. `proof`: how it is known that the address is theirs, if it is. Raises
    Conflict (email taken) and Invalid (the name)."""
    check_free(tx, email)
    name = _checked(name) if name else name_behind(email)
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
    """Call the person otherwise; what was recorded under the old name stays as it is. Raises NotFound and Invalid."""
    person, name = find_by_email(tx, email), _checked(name)
    people.update_person(tx, person.id, name=name)
    tx.audit(person.id, actor=SYSTEM, via="api", action="person.renamed", subject=person.id, before=person.name, name=name)
    return find_person(tx, person.id)


def _checked(name: str) -> str:
    try:
        return check_name(name)
    except ValueError as error:
        raise Invalid(f"This name cannot be used: it {error}.", errors=[FieldError("name", str(error))]) from None


def start_sign_in(tx: Tx, person_id: str, door: Door = "api") -> SignIn:
    """Open a new sign-in for a person whose password was verified. `door` is who keeps it: the web app, whose token only
    its cookie holds, or whatever program sent the password. Raises Unauthorized when they were disabled meanwhile."""
    person = people.person_by_id(tx, person_id)
    if person is None or person.disabled_at is not None:
        raise Unauthorized("Email address or password is wrong.", code="wrong_credentials")
    sign_in_id = new_id("sin")
    people.insert_sign_in(
        tx, id=sign_in_id, person_id=person_id, generation=1, door=door, created_at=tx.now, expires_at=tx.now + SIGN_IN_MS
    )
    tx.audit(person_id, actor=person_id, via=VIA[door], action="sign_in.started", subject=sign_in_id, door=door)
    return SignIn(person, sign_in_id, 1)


def rotate_sign_in(tx: Tx, sign_in_id: str, generation: int, door: Door = "api") -> SignIn | Unauthorized:
    """Move a sign-in to its next generation. The one before is still answered with the same next token, for two tabs
    that race and for a reply that was lost; anything older is a stolen token: the whole sign-in ends. A web app's sign-in
    whose token once came without its cookie is a program's from then on, and never the other way round.
    Returns the refusal instead of raising it, so that the ending is kept."""
    refusal = Unauthorized("Sign in again.", code="invalid_refresh_token")
    row = people.sign_in_by_id(tx, sign_in_id)
    person = people.person_by_id(tx, row.person_id) if row else None
    if row is None or person is None or row.ended_at is not None or row.expires_at <= tx.now or person.disabled_at is not None:
        return refusal
    if door != row.door and row.door != "api":
        people.keep_door(tx, sign_in_id, door)
    if generation == row.generation:
        people.advance_sign_in(tx, sign_in_id, generation, tx.now + SIGN_IN_MS)
        return SignIn(person, sign_in_id, generation + 1)
    if generation == row.generation - 1:
        return SignIn(person, sign_in_id, row.generation)
    end_sign_in(tx, sign_in_id, "refresh token used again", actor=SYSTEM)
    return refusal


def end_sign_in(tx: Tx, sign_in_id: str, why: str, actor: str | None = None) -> None:
    """End a sign-in (by its own person, unless told): its sockets close and its tokens open nothing any more.
    Ending twice is one ending."""
    person_id = people.end_sign_in(tx, sign_in_id, why)
    if person_id is not None:
        tx.signal(SignInEnded(type="sign_in_ended", id=sign_in_id), SIGN_INS_TOPIC, sign_in_topic(sign_in_id))
        tx.audit(person_id, actor=actor or person_id, via="api", action="sign_in.ended", subject=sign_in_id, why=why)


def change_password(tx: Tx, person_id: str, password_hash: str, keep: str) -> None:
    """Set the new hash and end every sign-in but `keep`."""
    people.update_person(tx, person_id, password_hash=password_hash)
    tx.audit(person_id, actor=person_id, via="api", action="person.password_changed", subject=person_id)
    for sign_in_id in people.live_sign_ins(tx, person_id):
        if sign_in_id != keep:
            end_sign_in(tx, sign_in_id, "password changed")


def reset_password(tx: Tx, email: str, password_hash: str) -> None:
    """An operator's reset: every sign-in ends. Raises NotFound."""
    change_password(tx, find_by_email(tx, email).id, password_hash, keep="")


def disable_person(tx: Tx, email: str) -> None:
    """Shut a person out at once: no new request, no open socket, nothing under way for them; what they alone could decide is
    a dead letter. Raises NotFound."""
    shut_out(tx, find_by_email(tx, email).id, "person disabled")


def shut_out(tx: Tx, person_id: str, why: str) -> None:
    people.update_person(tx, person_id, disabled_at=tx.now)
    tx.audit(person_id, actor=SYSTEM, via="api", action="person.disabled", subject=person_id)
    for sign_in_id in people.live_sign_ins(tx, person_id):
        end_sign_in(tx, sign_in_id, why, actor=SYSTEM)
    for run in active_runs_of(tx, person_id):
        end_run(tx, run, RunStatus.CANCELLED, actor=SYSTEM)
    follow_person(tx, person_id)


def enable_person(tx: Tx, email: str) -> None:
    """Let them in again; what is open and theirs to decide is put to them anew. Raises NotFound, and Conflict where they are
    being erased."""
    person = find_by_email(tx, email)
    if person.erasing_at is not None:
        raise Conflict(f"{email} is being erased; that cannot be taken back.", code="erased")
    people.update_person(tx, person.id, disabled_at=None)
    tx.audit(person.id, actor=SYSTEM, via="api", action="person.enabled", subject=person.id)
    follow_person(tx, person.id)


def confirm_person(tx: Tx, email: str, proof: Proof = ADMINISTRATOR) -> None:
    """The address is known to be theirs: from now on they can be named by it. Raises NotFound."""
    person = find_by_email(tx, email)
    if person.confirmed_at is None:
        people.update_person(tx, person.id, confirmed_at=tx.now, confirmed_by=proof)
        actor = SYSTEM if proof == ADMINISTRATOR else person.id
        tx.audit(person.id, actor=actor, via="api", action="person.confirmed", subject=person.id, proof=proof)
        follow_person(tx, person.id)


def find_by_email(tx: Tx, email: str) -> Row[Any]:
    person = people.person_by_email(tx, email)
    if person is None:
        raise NotFound(f"There is no account {email}; `assent users list` shows all.")
    return person


def hand_out_ticket(tx: Tx, digest: str, person_id: str, sign_in_id: str) -> None:
    people.insert_ticket(tx, digest=digest, person_id=person_id, sign_in_id=sign_in_id, expires_at=tx.now + TICKET_MS)


def take_ticket(tx: Tx, digest: str) -> str | None:
    """Use a ticket up: the sign-in it stands for, or None when it is unknown, used or too old."""
    row = people.use_ticket(tx, digest)
    return row.sign_in_id if row is not None and row.expires_at > tx.now else None


def find_person(tx: Tx, person_id: str) -> dict[str, Any]:
    """The person as clients see them. Raises NotFound."""
    row = people.person_by_id(tx, person_id)
    if row is None:
        raise NotFound("There is no such person.")
    shaped = {"id": row.id, "email": row.email, "name": row.name, "role": row.role, "created_at": to_text(row.created_at)}
    return {**shaped, "confirmed": row.confirmed_at is not None}
