"""A feedback request as clients see it."""

from collections.abc import Sequence
from typing import Any

from backend.core.requests.recipients import deciders_of
from backend.db import Row, Tx
from backend.db.queries.deliveries import list_deliveries
from backend.domain.client_views import Delivery, FeedbackRequest, RequestBody, Rule
from backend.domain.client_views import Requester as RequesterShape
from backend.domain.people import Person, RequesterIdentity
from backend.timestamps import to_text, to_text_or_none


def shape_request(tx: Tx, row: Row[Any]) -> FeedbackRequest:
    """The request as clients see it."""
    copies = [copy._mapping for copy in list_deliveries(tx, row.id)]
    return shape_values(dict(row._mapping), copies, deciders_of(tx, row.id))


def shape_values(values: dict[str, Any], copies: Sequence[Any], to: Sequence[Person]) -> FeedbackRequest:
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
        "requester": body.get("requester") or _legacy_requester(values),
        "created_at": to_text(values["created_at"]),
        "due_at": to_text_or_none(values["due_at"]),
        "dead_letter": values["dead_letter"],
        "deliveries": [_shape_delivery(copy) for copy in copies],
        "response": values["response"],
        "closed": values["closed"],
    }


def _legacy_requester(values: dict[str, Any]) -> RequesterShape:
    """The requester of a request older than the `requester` field: an agent if it has a run, else a program."""
    name = values["body"]["requested_by"]
    asked = RequesterIdentity("agent", name) if values["run_id"] else RequesterIdentity("program", name, values["owner_id"])
    return asked.shape()


def _shape_delivery(copy: Any) -> Delivery:
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


ANYONE = Rule(approvals=1, distinct_from_requester=False)
