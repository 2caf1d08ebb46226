"""Sign-ins: start, rotate and end them, and issue the tickets that open a WebSocket."""

from dataclasses import dataclass
from typing import Any

from backend.db import Row, Tx
from backend.db.locks import locks
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
    """A live sign-in, and the generation of its newest refresh token."""

    person: Row[Any]
    id: str
    generation: int


@locks(person="person_id")
def start_sign_in(tx: Tx, person_id: str, door: SignInClient = "api") -> SignIn:
    """Start a sign-in for a person whose password was verified. `door` is the client that holds it: the web app, whose token
    only its cookie holds, or any other program. Raises Unauthorized if the person was disabled meanwhile."""
    person = people.person_by_id(tx, person_id)
    if person is None or person.disabled_at is not None:
        raise Unauthorized("Email address or password is wrong.", code="wrong_credentials")
    sign_in_id = new_id("sin")
    people.insert_sign_in(
        tx, id=sign_in_id, person_id=person_id, generation=1, door=door, created_at=tx.now, expires_at=tx.now + SIGN_IN_MS
    )
    tx.audit(person_id, actor=person_id, via=VIA[door], action="sign_in.started", subject=sign_in_id, door=door)
    return SignIn(person, sign_in_id, 1)


@locks(sign_in="sign_in_id")
def rotate_sign_in(tx: Tx, sign_in_id: str, generation: int, door: SignInClient = "api") -> SignIn | Unauthorized:
    """Move a sign-in to its next generation. The previous generation still gets the same next token, for two tabs that race
    and for a lost reply; an older one is taken for stolen and ends the sign-in. A web app's sign-in whose token once came
    without its cookie counts as another program's from then on. Returns the refusal instead of raising it, so that the end
    is committed."""
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


@locks(sign_in="sign_in_id")
def end_sign_in(tx: Tx, sign_in_id: str, why: str, actor: str | None = None) -> None:
    """End a sign-in, by default on behalf of its person: its sockets close and its tokens are no longer valid. Idempotent."""
    person_id = people.end_sign_in(tx, sign_in_id, why)
    if person_id is not None:
        tx.signal(SignInEnded(type="sign_in_ended", id=sign_in_id), SIGN_INS_TOPIC, sign_in_topic(sign_in_id))
        tx.audit(person_id, actor=actor or person_id, via="api", action="sign_in.ended", subject=sign_in_id, why=why)


@locks(person="person_id")
def issue_ticket(tx: Tx, digest: str, person_id: str, sign_in_id: str) -> None:
    people.insert_ticket(tx, digest=digest, person_id=person_id, sign_in_id=sign_in_id, expires_at=tx.now + TICKET_MS)


@locks(ticket="digest")
def redeem_ticket(tx: Tx, digest: str) -> str | None:
    """Use up a ticket. Returns the id of its sign-in; None if the ticket is unknown, used or expired."""
    row = people.use_ticket(tx, digest)
    return row.sign_in_id if row is not None and row.expires_at > tx.now else None
