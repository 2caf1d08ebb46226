"""Questions from programs: anything that can speak HTTP may ask a person, in a session of its own or an existing one."""

from dataclasses import dataclass, field
from typing import Any

from backend.core.feedback import Asked, open_request
from backend.core.idempotency import remember, replay
from backend.core.responders import Addressed, address
from backend.core.sessions import open_session, own_session
from backend.db import Tx
from backend.domain.people import Person, requester_by
from backend.domain.policy import canonical, digest_call
from backend.domain.shapes import FeedbackRequest
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


def ask_people(tx: Tx, person: Person, ask: Ask, key: str | None, via: str = "api") -> FeedbackRequest | Problem:
    """Record the question and send it out; `via` tells the person's own question from a program's. Raises NotFound
    (session), Conflict (closed session) and Invalid."""
    fingerprint = ["ask", ask.type, ask.body, ask.to, ask.session_id, ask.due_in]
    kept = replay(tx, person.id, key, fingerprint)
    if kept is not None:
        return kept
    to = address(tx, ask.to) if ask.to else Addressed([], [person])
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
        body=_with_route(_with_digest(ask.body, request_id), to.people, tx),
        to=to.people,
        addressed=to.seats,
        requester=requester_by(person, via),
        actor=person.id,
        via=via,
        due_at=None if ask.due_in is None else tx.now + round(ask.due_in * 1000),
    )
    request = open_request(tx, asked)
    remember(tx, person.id, key, fingerprint, request)
    return request


def _with_route(body: dict[str, Any], to: list[Person], tx: Tx) -> dict[str, Any]:
    """The body with the people its route names by id. Raises Invalid where a step is for somebody who is not asked."""
    asked = {person.id for person in to}
    steps = []
    for step in body.get("route") or ():
        named = address(tx, [step["to"]], "route").people if step.get("to") else []
        if any(person.id not in asked for person in named):
            raise Invalid(
                "The route names somebody who is not asked.", errors=[FieldError("route", "may only name people in to")]
            )
        steps += [{**step, "to": person.id} for person in named] or [step]
    return {**body, "route": steps}


def _with_digest(body: dict[str, Any], request_id: str) -> dict[str, Any]:
    action = body.get("action")
    if not action:
        return body
    digest = digest_call(
        tool=action["tool"], args=canonical(action["args"]), run_id=None, request_id=request_id, policy="asked", schema=None
    )
    return {**body, "action": {**action, "digest": digest}}
