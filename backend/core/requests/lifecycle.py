"""Feedback requests: asking, showing, and the one way out of `pending`. Knows nothing of what the answer sets in motion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend.core.outbox.escalation import CARRY, climb, first_copy, keep_copies, ladder_of, tell
from backend.core.requests.recipients import concerned, deciders_of, may_see, seat
from backend.db import Row, Tx
from backend.db.queries import deliveries
from backend.db.queries import requests as store
from backend.db.transaction import person_topic, request_topic
from backend.domain.answers import ACTIONS, TIMEOUT_DEFAULT
from backend.domain.client_views import Closed, Delivery, FeedbackRequest, RequestBody, Response, Rule
from backend.domain.client_views import Requester as RequesterShape
from backend.domain.events import (
    ConfirmationRequested,
    FeedbackChanged,
    FeedbackRequested,
    FeedbackResolved,
    InputRequested,
    RequestEvent,
    RequestNews,
)
from backend.domain.people import SYSTEM, Person, Requester
from backend.domain.requests import check_body
from backend.domain.states import ChannelType, DeliveryStatus, FeedbackStatus, FeedbackType
from backend.ids import new_id
from backend.observability.metrics import ANSWER
from backend.timestamps import to_text, to_text_or_none

ANYONE = Rule(approvals=1, distinct_from_requester=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about to be put: `body` in the contract's shape, `to` the people who may decide, `addressed` how they were
    named, `rule` what it takes to decide."""

    type: FeedbackType
    session_id: str
    owner_id: str
    body: dict[str, Any]
    to: Sequence[Person]
    requester: Requester
    actor: str
    via: str
    run_id: str | None = None
    due_at: int | None = None
    id: str | None = None
    addressed: Sequence[dict[str, str]] | None = None
    rule: dict[str, Any] | None = None


def default_actions(type: FeedbackType, body: dict[str, Any]) -> list[str]:
    """All of the type's actions; editing only where there are arguments to edit."""
    return [action for action in ACTIONS[type] if action != "edit" or body.get("action")]


def open_request(tx: Tx, asked: Asked) -> FeedbackRequest:
    """Record the question, its copy on every channel it goes to, the event that carries it, and who asked."""
    body = _body_of(asked)
    check_body(asked.type, body)
    values = _new_row(tx, asked, body)
    request_id = values["id"]
    ladders = [(person.id, ladder_of(tx, person.id, body["route"], asked.session_id)) for person in asked.to]
    copies = [first_copy(tx, request_id, id, ladder) for id, ladder in ladders]
    store.insert_request(tx, values)
    seat(tx, request_id, asked.owner_id, asked.to)
    keep_copies(tx, copies)
    request = _shape(values, copies, asked.to)
    _tell(tx, request, _event_of(request))
    _audit_asked(tx, asked, request)
    return request


def _body_of(asked: Asked) -> dict[str, Any]:
    """What was asked, with what goes without saying."""
    return {
        "allowed_actions": default_actions(asked.type, asked.body),
        "on_timeout": TIMEOUT_DEFAULT[asked.type],
        "route": [],
        **asked.body,
        "requested_by": asked.requester.name,
        "requester": asked.requester.shape(),
    }


def _new_row(tx: Tx, asked: Asked, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": asked.id or new_id("req"),
        "session_id": asked.session_id,
        "run_id": asked.run_id,
        "type": asked.type,
        "status": FeedbackStatus.PENDING,
        "version": 1,
        "body": body,
        "addressed": None if asked.addressed is None else list(asked.addressed),
        "rule": asked.rule,
        "created_at": tx.now,
        "due_at": asked.due_at,
        "response": None,
        "closed": None,
        "decided_at": None,
        "dead_letter": False,
    }


def _audit_asked(tx: Tx, asked: Asked, request: FeedbackRequest) -> None:
    action = request.get("action")
    tx.audit(
        asked.session_id,
        actor=asked.actor,
        via=asked.via,
        action="feedback.requested",
        subject=request["id"],
        type=asked.type,
        title=request["title"],
        digest=action and action["digest"],
        requester=asked.requester.kind,
    )


def _event_of(request: FeedbackRequest) -> RequestEvent:
    """The event that a question begins with. `request` comes last: see `api.feedback`, which cuts it out unread."""
    match request["type"]:
        case FeedbackType.CONFIRMATION:
            message = "\n\n".join(filter(None, (request["title"], request["prompt"])))
            return ConfirmationRequested(type="request_confirmation", message=message, request=request)
        case FeedbackType.FORM:
            return InputRequested(type="request_user_input", fields=request["fields"], request=request)
        case _:
            return FeedbackRequested(type="feedback_requested", request=request)


def _tell(tx: Tx, request: FeedbackRequest, event: RequestEvent) -> None:
    """Log the event in the session, and tell whoever waits for this request and everyone concerned."""
    tx.emit(request["session_id"], event, also=[request_topic(request["id"])])
    known = {"feedback_resolved": "feedback_resolved", "feedback_changed": "feedback_changed"}
    passing: Any = known.get(event["type"], "feedback_requested")
    people = concerned(tx, request["id"])
    tx.notify(RequestNews(type=passing, session_id=request["session_id"], request=request), *map(person_topic, people))


def close_request(
    tx: Tx,
    row: Row[Any],
    to: FeedbackStatus,
    response: Response | None,
    *,
    by: Person | None,
    via: str,
    why: str | None = None,
    proof: str = "",
) -> FeedbackRequest | None:
    """Leave `pending` for `to`, settle every copy, tell everyone. `by` nobody means the platform; `why` completes "it was
    closed because"; `proof` is what it rests on that it was them. None: it was not pending any more, nothing changed."""
    closed = None if to is FeedbackStatus.ANSWERED else _closed(by, why, tx.now)
    if not store.decide_request(tx, row.id, to, response, closed):
        return None
    if to is FeedbackStatus.ANSWERED:
        tx.took(ANSWER, via, row.created_at)
    copies = _settle_copies(tx, row.id)
    values = {**row._mapping, "status": to, "response": response, "closed": closed, "decided_at": tx.now}
    request = _shape(values, [copy._mapping for copy in copies], deciders_of(tx, row.id))
    _tell(tx, request, FeedbackResolved(type="feedback_resolved", request=request))
    action = response and response["action"]
    actor = by.id if by else SYSTEM
    said = {"decision": action, "why": why, "proof": proof or None}
    tx.audit(row.session_id, actor=actor, via=via, action=f"feedback.{to}", subject=row.id, **said)
    return request


def announce_change(tx: Tx, row: Row[Any]) -> FeedbackRequest:
    """Tell everyone concerned that the open request is another than they saw."""
    request = shape_request(tx, row)
    _tell(tx, request, FeedbackChanged(type="feedback_changed", request=request))
    return request


def give_up_on(tx: Tx, row: Row[Any]) -> None:
    """Nobody is left who may decide: the request is a dead letter, which its session's owner is shown."""
    if deliveries.mark_dead_letter(tx, row.id, True):
        tx.audit(row.session_id, actor=SYSTEM, via="api", action="feedback.dead_letter", subject=row.id)


def _closed(by: Person | None, why: str | None, at: int) -> Closed:
    """Who or what ended a question that nobody answered."""
    closed = Closed(at=to_text(at))
    if by is not None:
        closed["by"] = {"id": by.id, "name": by.name}
    if why is not None:
        closed["why"] = why
    return closed


def _settle_copies(tx: Tx, request_id: str) -> Sequence[Row[Any]]:
    """Close every copy: at once where nothing left the house, by a worker where a message must be rewritten."""
    copies = deliveries.settle_deliveries(tx, request_id)
    for copy in copies:
        if copy.next_at is not None:
            tx.ring(CARRY, copy.id)
    return copies


def shape_request(tx: Tx, row: Row[Any]) -> FeedbackRequest:
    """The request as clients see it."""
    copies = [copy._mapping for copy in deliveries.list_deliveries(tx, row.id)]
    return _shape(dict(row._mapping), copies, deciders_of(tx, row.id))


def _shape(values: dict[str, Any], copies: Sequence[Any], to: Sequence[Person]) -> FeedbackRequest:
    body: RequestBody = values["body"]
    if "action" in body:
        body = {**body, "action": {**body["action"], "risk_by": "tool" if values["run_id"] else "asker"}}
    return {
        "id": values["id"],
        "session_id": values["session_id"],
        "run_id": values["run_id"],
        "type": values["type"],
        "status": values["status"],
        "version": values["version"],
        **body,
        "to": [person.id for person in to],
        "recipients": [{"id": person.id, "name": person.name} for person in to],
        "rule": values["rule"] or ANYONE,
        "requester": body.get("requester") or _requester_of_old(values),
        "created_at": to_text(values["created_at"]),
        "due_at": to_text_or_none(values["due_at"]),
        "dead_letter": values["dead_letter"],
        "deliveries": [_shape_copy(copy) for copy in copies],
        "response": values["response"],
        "closed": values["closed"],
    }


def _requester_of_old(values: dict[str, Any]) -> RequesterShape:
    """Who asked, of a request that was put before that was kept: only programs asked besides agents."""
    name = values["body"]["requested_by"]
    asked = Requester("agent", name) if values["run_id"] else Requester("program", name, values["owner_id"])
    return asked.shape()


def _shape_copy(copy: Any) -> Delivery:
    shaped = Delivery(
        channel=copy["channel"],
        person_id=copy["person_id"],
        status=copy["status"],
        attempts=copy["attempts"],
        step=copy["step"],
        round=copy["round"],
    )
    for name in ("sent_at", "seen_at", "settled_at"):
        if copy[name] is not None:
            shaped[name] = to_text(copy[name])
    if copy["error"]:
        shaped["error"] = copy["error"]
    return shaped


def see_request(tx: Tx, person: Person, request_id: str) -> None:
    """A live tab showed the card: its copy on the web chat has been seen, and a letter that seemed dead has arrived."""
    row = store.request_by_id(tx, request_id)
    if row is None or not may_see(tx, row, person.id) or not deliveries.see_delivery(tx, request_id, person.id, ChannelType.CHAT):
        return
    arrived = row.dead_letter and deliveries.mark_dead_letter(tx, request_id, False)
    seen = {"channel": ChannelType.CHAT, "person_id": person.id, "status": DeliveryStatus.SEEN, "error": None}
    tell(tx, row, seen, dead_letter=False if arrived else None)
    if row.status == FeedbackStatus.PENDING:
        climb(tx, row, person.id)
