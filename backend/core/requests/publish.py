"""Publish the events of a request to everyone who sees it."""

from collections.abc import Sequence
from typing import Any

from backend.core.requests.recipients import viewers_of
from backend.core.requests.view import shape_request
from backend.db import Row, Tx
from backend.db.transaction import person_topic, request_topic
from backend.domain.client_views import FeedbackRequest
from backend.domain.events import (
    FeedbackChanged,
    RequestEvent,
    RequestNews,
)


def publish_request_event(tx: Tx, request: FeedbackRequest, event: RequestEvent, people: Sequence[str]) -> None:
    """Append the event to the session's log and notify whoever waits for the request and `people`, by their ids."""
    tx.emit(request["session_id"], event, also=[request_topic(request["id"])])
    known = {"feedback_resolved": "feedback_resolved", "feedback_changed": "feedback_changed"}
    passing: Any = known.get(event["type"], "feedback_requested")
    tx.notify(RequestNews(type=passing, session_id=request["session_id"], request=request), *map(person_topic, people))


def publish_change(tx: Tx, row: Row[Any]) -> FeedbackRequest:
    """Notify everyone who sees the open request that it changed."""
    request = shape_request(tx, row)
    publish_request_event(tx, request, FeedbackChanged(type="feedback_changed", request=request), viewers_of(tx, row.id))
    return request
