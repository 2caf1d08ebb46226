"""Open a feedback request: its row, its recipients, its first deliveries and its event, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend.core.outbox.escalation import first_delivery, ladder_for, queue_deliveries
from backend.core.requests.publish import publish_request_event
from backend.core.requests.recipients import add_recipients
from backend.core.requests.view import shape_values
from backend.db import Tx
from backend.db.queries import requests as store
from backend.domain.answers import ACTIONS, TIMEOUT_DEFAULT
from backend.domain.client_views import FeedbackRequest
from backend.domain.events import (
    ConfirmationRequested,
    FeedbackRequested,
    InputRequested,
    RequestEvent,
)
from backend.domain.people import Person, RequesterIdentity
from backend.domain.requests import check_body
from backend.domain.states import FeedbackStatus, FeedbackType
from backend.ids import new_id


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request to be opened: `body` in the contract's shape, `to` the people who may decide, `addressed` how they were named,
    `rule` what it takes to decide."""

    type: FeedbackType
    session_id: str
    owner_id: str
    body: dict[str, Any]
    to: Sequence[Person]
    requester: RequesterIdentity
    actor: str
    via: str
    run_id: str | None = None
    due_at: int | None = None
    id: str | None = None
    addressed: Sequence[dict[str, str]] | None = None
    rule: dict[str, Any] | None = None


def default_actions(type: FeedbackType, body: dict[str, Any]) -> list[str]:
    """All actions of the type; `edit` only if the request has arguments to edit."""
    return [action for action in ACTIONS[type] if action != "edit" or body.get("action")]


def open_request(tx: Tx, asked: NewRequest) -> FeedbackRequest:
    """Insert the request, its recipients and first deliveries, publish its event and write the audit entry."""
    body = _complete_body(asked)
    check_body(asked.type, body)
    values = _new_row(tx, asked, body)
    request_id = values["id"]
    ladders = [(person.id, ladder_for(tx, person.id, body["route"], asked.session_id)) for person in asked.to]
    copies = [first_delivery(tx, request_id, id, ladder) for id, ladder in ladders]
    store.insert_request(tx, values)
    add_recipients(tx, request_id, asked.owner_id, asked.to)
    queue_deliveries(tx, copies)
    request = shape_values(values, copies, asked.to)
    publish_request_event(tx, request, _opening_event(request), sorted({asked.owner_id, *request["to"]}))
    _audit_request(tx, asked, request)
    return request


def _complete_body(asked: NewRequest) -> dict[str, Any]:
    """The body with its defaults filled in and its requester added."""
    return {
        "allowed_actions": default_actions(asked.type, asked.body),
        "on_timeout": TIMEOUT_DEFAULT[asked.type],
        "route": [],
        **asked.body,
        "requested_by": asked.requester.name,
        "requester": asked.requester.shape(),
    }


def _new_row(tx: Tx, asked: NewRequest, body: dict[str, Any]) -> dict[str, Any]:
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


def _audit_request(tx: Tx, asked: NewRequest, request: FeedbackRequest) -> None:
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


def _opening_event(request: FeedbackRequest) -> RequestEvent:
    """The first event of a request. `request` must come last: the API cuts it out of the stored frame without parsing it."""
    match request["type"]:
        case FeedbackType.CONFIRMATION:
            message = "\n\n".join(filter(None, (request["title"], request["prompt"])))
            return ConfirmationRequested(type="request_confirmation", message=message, request=request)
        case FeedbackType.FORM:
            return InputRequested(type="request_user_input", fields=request["fields"], request=request)
        case _:
            return FeedbackRequested(type="feedback_requested", request=request)
