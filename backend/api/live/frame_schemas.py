"""Add the WebSocket frames to the OpenAPI document's components, since OpenAPI cannot describe sockets."""

from typing import TYPE_CHECKING, Any, NotRequired, Union, get_args

from fastapi import FastAPI
from pydantic import TypeAdapter
from typing_extensions import TypeAliasType, TypedDict, get_type_hints

from backend.api.live import client_frames
from backend.domain.events import DurableEvent, InitialStateHead, Logged, Published, SocketFrame

REF = "#/components/schemas/"


def _with_log_fields(event: Any) -> Any:
    """The event as a frame, with the fields that the log adds."""
    members = get_type_hints(event, include_extras=True) | get_type_hints(Logged)
    made: Any = TypedDict  # mypy cannot follow computed types
    frame = made(event.__name__, members)
    frame.__doc__ = event.__doc__
    return frame


if TYPE_CHECKING:
    DurableFrame = DurableEvent
else:
    DurableFrame = TypeAliasType("DurableFrame", Union[tuple(map(_with_log_fields, get_args(DurableEvent)))])  # noqa: UP007


class InitialState(InitialStateHead):
    """Always the first frame. `state_messages` are durable frames as sent live, ascending and gapless: from the first on
    (`fresh`), from the one after the number asked for (`replayed`), or from the first because that number was not ours
    (`resync`). What is too much for one frame follows by itself, each as it was sent live. With `window` in the address
    `fresh` and `resync` hold the latest instead; `first_seq` is then where to read on backwards."""

    state_messages: list[DurableFrame]


class EventPage(TypedDict):
    """A page of the log, ascending, frame for frame as sent live; `next` goes into `after`, `prev` into `before`."""

    items: list[DurableFrame]
    last_seq: int
    next: NotRequired[str]
    prev: NotRequired[str]


PassingFrame = TypeAliasType("PassingFrame", InitialState | SocketFrame | Published)
Frame = TypeAliasType("Frame", DurableFrame | PassingFrame)


def describe_frames(app: FastAPI) -> None:
    """Add `Frame`, what the server sends, and `ClientFrame`, what a client may send, to the OpenAPI document."""
    without = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _with_frames(without())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _with_frames(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        if "properties" in schema and schema.get("additionalProperties") is True:
            del schema["additionalProperties"]  # implied; stated, it would make generated types accept any field
    for name, schema in frame_schemas().items():
        known = schemas.setdefault(name, schema)
        assert known == schema, f"{name} has two different schemas"
    return document


def frame_schemas() -> dict[str, Any]:
    """The schemas of the frames and of everything they refer to, by name."""
    adapter: TypeAdapter[Any] = TypeAdapter(Frame)
    sent = adapter.json_schema(ref_template=REF + "{model}", mode="serialization")
    ref = "#/components/schemas/Client{model}"
    said = TypeAdapter(client_frames.Frame).json_schema(ref_template=ref, mode="validation")
    client = {"Client" + name: schema for name, schema in said.pop("$defs").items()}
    definitions: dict[str, Any] = sent.pop("$defs")
    return definitions | client | {"Frame": sent, "ClientFrame": said}
