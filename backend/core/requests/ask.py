"""Open a request on behalf of a program, in a new session or an existing one."""

from dataclasses import dataclass, field
from typing import Any

from backend.core.idempotency import replay, save_reply
from backend.core.requests.addressing import Addressed, resolve_recipients
from backend.core.requests.open_request import NewRequest, open_request
from backend.core.sessions.sessions import open_session, own_session
from backend.db import Tx
from backend.db.locks import locks
from backend.domain.client_views import FeedbackRequest
from backend.domain.people import Person, requester_by
from backend.domain.policy import canonical, digest_call
from backend.domain.states import FeedbackType, SessionStatus
from backend.errors import Conflict, FieldError, Invalid, Refusal
from backend.ids import new_id


@dataclass(frozen=True, slots=True)
class Ask:
    """A program's request: `body` in the contract's shape, `to` people by id or email address or groups by name (empty: the
    caller), `rule` what it takes to decide."""

    type: FeedbackType
    body: dict[str, Any]
    to: list[str] = field(default_factory=list)
    session_id: str | None = None
    due_in: float | None = None
    rule: dict[str, Any] | None = None


@locks(session="ask.session_id")
def ask_people(tx: Tx, person: Person, ask: Ask, key: str | None, via: str = "api") -> FeedbackRequest | Refusal:
    """Open the request; `via` tells the person's own request from a program's. Raises NotFound (no such session), Conflict
    (closed session) and Invalid."""
    fingerprint = ["ask", ask.type, ask.body, ask.to, ask.session_id, ask.due_in, *([ask.rule] if ask.rule else [])]
    kept = replay(tx, person.id, key, fingerprint)
    if kept is not None:
        return kept
    to = _resolve_deciders(tx, person, ask)
    if ask.session_id is None:
        session_id = open_session(tx, person, ask.body["title"])
    else:
        session_id = ask.session_id
        if own_session(tx, person, session_id).status == SessionStatus.CLOSED:
            raise Conflict("This session is closed; use another session, or leave session_id out.", code="session_closed")
    request_id = new_id("req")
    asked = NewRequest(
        id=request_id,
        type=ask.type,
        session_id=session_id,
        owner_id=person.id,
        body=_with_route(_with_digest(ask.body, request_id, ask.rule), to.people, tx),
        to=to.people,
        addressed=to.addressees or None,
        rule=ask.rule,
        requester=requester_by(person, via),
        actor=person.id,
        via=via,
        due_at=None if ask.due_in is None else tx.now + round(ask.due_in * 1000),
    )
    request = open_request(tx, asked)
    save_reply(tx, person.id, key, fingerprint, request)
    return request


def _route_recipients(tx: Tx, name: str, to: list[Person]) -> list[Person]:
    """The people a step of the route names."""
    return [person for person in to if person.id == name] or resolve_recipients(tx, [name], "route").people


def _resolve_deciders(tx: Tx, person: Person, ask: Ask) -> Addressed:
    """The people who may decide, without the asker if the rule requires somebody else. Raises Invalid if nobody is left."""
    to = resolve_recipients(tx, ask.to, known=person) if ask.to else Addressed([], [person])
    if not (ask.rule or {}).get("distinct_from_requester"):
        return to
    others = [each for each in to.people if each.id != person.id]
    if not others:
        said = "names nobody but you, and the rule requires somebody else to decide"
        raise Invalid(f"`to` {said}.", errors=[FieldError("to", said)])
    return Addressed(to.addressees, others)


def _with_route(body: dict[str, Any], to: list[Person], tx: Tx) -> dict[str, Any]:
    """The body with the people of its route given by id. Raises Invalid if a step names somebody who is not in `to`."""
    asked = {person.id for person in to}
    steps = []
    for step in body.get("route") or ():
        named = _route_recipients(tx, step["to"], to) if step.get("to") else []
        if any(person.id not in asked for person in named):
            raise Invalid(
                "The route names somebody who is not asked.", errors=[FieldError("route", "may only name people in to")]
            )
        steps += [{**step, "to": person.id} for person in named] or [step]
    return {**body, "route": steps}


def _with_digest(body: dict[str, Any], request_id: str, rule: dict[str, Any] | None) -> dict[str, Any]:
    action = body.get("action")
    if not action:
        return body
    digest = digest_call(
        tool=action["tool"],
        args=canonical(action["args"]),
        run_id=None,
        request_id=request_id,
        policy="asked",
        schema=None,
        definition={"risk": action["risk"], "rule": rule},
    )
    return {**body, "action": {**action, "digest": digest}}
