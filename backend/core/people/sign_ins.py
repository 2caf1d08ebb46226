"""Sign-ins: starting, rotating and ending them, and the tickets that open a WebSocket."""

from dataclasses import dataclass
from typing import Any

from backend.db import Row, Tx
from backend.db.queries import people
from backend.db.transaction import SIGN_INS_TOPIC, sign_in_topic
from backend.domain.events import SignInEnded
from backend.domain.people import SYSTEM, VIA, SignInClient
from backend.errors import Unauthorized
from backend.ids import new_id

SIGN_IN_MS = 30 * 24 * 3600 * 1000
TICKET_MS = 30_000


@dataclass(frozen=True, slots=True)
class SignIn:
    """A live sign-in: whose, which, and the generation its newest refresh token has."""

    person: Row[Any]
    id: str
    generation: int


def start_sign_in(tx: Tx, person_id: str, door: SignInClient = "api") -> SignIn:
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


def rotate_sign_in(tx: Tx, sign_in_id: str, generation: int, door: SignInClient = "api") -> SignIn | Unauthorized:
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
        people.update_sign_in_door(tx, sign_in_id, door)
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


def issue_ticket(tx: Tx, digest: str, person_id: str, sign_in_id: str) -> None:
    people.insert_ticket(tx, digest=digest, person_id=person_id, sign_in_id=sign_in_id, expires_at=tx.now + TICKET_MS)


def redeem_ticket(tx: Tx, digest: str) -> str | None:
    """Use a ticket up: the sign-in it stands for, or None when it is unknown, used or too old."""
    row = people.use_ticket(tx, digest)
    return row.sign_in_id if row is not None and row.expires_at > tx.now else None
