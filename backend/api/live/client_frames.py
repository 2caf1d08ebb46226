"""The frames that a client may send over a WebSocket, and how one is read."""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, TypeAdapter, ValidationError

from backend.api.http.schemas import Body, Document, Id, Text
from backend.domain.json_values import parse_json


class Acknowledged(Body):
    type: Literal["connection_acknowledged"]


class Ping(Body):
    type: Literal["ping"]


class Cancel(Body):
    type: Literal["cancel"]


class Confirm(Body):
    type: Literal["confirm"]
    value: StrictBool
    request_id: Id | None = None


class UserInput(Body):
    type: Literal["user_input"]
    values: Document
    request_id: Id | None = None


class AnswerFrame(Body):
    type: Literal["answer"]
    request_id: Id
    action: Annotated[Text, Field(max_length=100)]
    values: Document | None = None
    feedback: Text | None = None
    version: int | None = None


class MessageFrame(Body):
    type: Literal["message"]
    content: Text
    client_id: Id


class Seen(Body):
    type: Literal["seen"]
    request_id: Id


Frame = Acknowledged | Ping | Cancel | Confirm | UserInput | AnswerFrame | MessageFrame | Seen
_adapter: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])


class FrameError(Exception):
    """The frame is not valid; the message says why."""


def read_frame(message: dict[str, Any]) -> Frame:
    """One frame from a `websocket.receive` message. Raises FrameError for anything but a valid frame."""
    text = message.get("text")
    if text is None:
        raise FrameError("Frames must be JSON text, not binary.")
    try:
        return _adapter.validate_python(parse_json(text))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise FrameError(f"{place}: {first['msg']}" if place else first["msg"]) from None
    except ValueError as error:
        raise FrameError(f"The frame is not valid JSON: {str(error)[:200]}") from None
