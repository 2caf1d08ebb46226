"""Publish what happened to a request to everyone concerned."""

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
    """Log the event in the session, and tell whoever waits for this request and the `people` concerned, by their ids."""
    tx.emit(request["session_id"], event, also=[request_topic(request["id"])])
    known = {"feedback_resolved": "feedback_resolved", "feedback_changed": "feedback_changed"}
    passing: Any = known.get(event["type"], "feedback_requested")
    tx.notify(RequestNews(type=passing, session_id=request["session_id"], request=request), *map(person_topic, people))


def publish_change(tx: Tx, row: Row[Any]) -> FeedbackRequest:
    """Tell everyone concerned that the open request is another than they saw."""
    request = shape_request(tx, row)
    publish_request_event(tx, request, FeedbackChanged(type="feedback_changed", request=request), viewers_of(tx, row.id))
    return request
