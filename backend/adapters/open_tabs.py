"""Notify the open tabs of a person, for the web chat, through the live stream."""

from collections.abc import Mapping
from typing import Any, Literal, cast

from backend.db.transaction import dumps, person_topic
from backend.domain.client_views import FeedbackRequest
from backend.domain.events import Notice, Published, RequestNews
from backend.messaging.stream.contract import Stream


class OpenTabs:
    """See `channels.chat.channel.Tabs`."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def request_opened(self, person_id: str, request: Mapping[str, Any]) -> None:
        self._publish(person_id, _request_frame("feedback_requested", request))

    def request_closed(self, person_id: str, request: Mapping[str, Any]) -> None:
        self._publish(person_id, _request_frame("feedback_resolved", request))

    def notify(self, person_id: str, text: str) -> None:
        self._publish(person_id, Notice(type="notice", content=text))

    def _publish(self, person_id: str, frame: Published) -> None:
        self._stream.publish(person_topic(person_id), dumps(frame))


def _request_frame(type: Literal["feedback_requested", "feedback_resolved"], request: Mapping[str, Any]) -> RequestNews:
    return RequestNews(type=type, session_id=request["session_id"], request=cast(FeedbackRequest, request))
