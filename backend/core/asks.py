"""Questions from programs: anything that can speak HTTP may ask a person, in a session of its own or an existing one."""

from dataclasses import dataclass, field
from typing import Any

from backend.core.feedback import Asked, open_request
from backend.core.idempotency import remember, replay
from backend.core.sessions import open_session, own_session
from backend.db import Tx
from backend.db.people import people_named
from backend.domain.people import Person
from backend.domain.policy import canonical, digest_call
from backend.domain.states import FeedbackType, SessionStatus
from backend.errors import Conflict, FieldError, Invalid, Problem
from backend.ids import new_id


@dataclass(frozen=True, slots=True)
class Ask:
    """A program's question: `body` in the contract's shape, `to` people by id or email address (nobody: the caller)."""

    type: FeedbackType
    body: dict[str, Any]
    to: list[str] = field(default_factory=list)
    session_id: str | None = None
    due_in: float | None = None


def ask_people(tx: Tx, person: Person, ask: Ask, key: str | None) -> dict[str, Any] | Problem:
    """Record the question and send it out. Raises NotFound (session), Conflict (closed session) and Invalid."""
    fingerprint = ["ask", ask.type, ask.body, ask.to, ask.session_id, ask.due_in]
    kept = replay(tx, person.id, key, fingerprint)
    if kept is not None:
        return kept
    to = _people(tx, person, ask.to)
    if ask.session_id is None:
        session_id = open_session(tx, person, ask.body["title"])
    else:
        session_id = ask.session_id
        if own_session(tx, person, session_id).status == SessionStatus.CLOSED:
            raise Conflict("This session is closed; ask in another, or leave session_id out.", code="session_closed")
    request_id = new_id("req")
    asked = Asked(
        id=request_id,
        type=ask.type,
        session_id=session_id,
        owner_id=person.id,
        body=_with_digest(ask.body, request_id),
        to=to,
        requested_by=person.name,
        actor=person.id,
        via="api",
        due_at=None if ask.due_in is None else tx.now + round(ask.due_in * 1000),
    )
    request = open_request(tx, asked)
    remember(tx, person.id, key, fingerprint, request)
    return request


def _people(tx: Tx, caller: Person, names: list[str]) -> list[Person]:
    if not names:
        return [caller]
    found = {key: row for row in people_named(tx, names) if row.disabled_at is None for key in (row.id, row.email)}
    missing = [name for name in names if name not in found and name.lower() not in found]
    if missing:
        raise Invalid(
            "Some of the people asked are not known here.",
            errors=[FieldError("to", f"nobody is known as {name!r}") for name in missing],
        )
    rows = {row.id: row for row in (found.get(name) or found[name.lower()] for name in names)}
    return [Person(row.id, row.name) for row in rows.values()]


def _with_digest(body: dict[str, Any], request_id: str) -> dict[str, Any]:
    action = body.get("action")
    if not action:
        return body
    digest = digest_call(
        tool=action["tool"], args=canonical(action["args"]), run_id=None, request_id=request_id, policy="asked", schema=None
    )
    return {**body, "action": {**action, "digest": digest}}
