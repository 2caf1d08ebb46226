"""Requests and messages as clients see them: the one definition behind HTTP, WebSocket frames and the web app's types.

Plain dictionaries at run time. A field that may be absent is NotRequired, and so is a field added by a newer version, since
logged frames of an older version are sent unchanged."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from backend.domain.states import ChannelType, DeliveryStatus, FeedbackStatus, FeedbackType, MessageStatus, MessageType
from backend.domain.steps import FieldType

Risk = Literal["low", "medium", "high"]
RequesterKind = Literal["agent", "person", "program"]


class By(TypedDict):
    id: str
    name: str


class Response(TypedDict):
    """The answer to a request. `via`: chat (the web app), api (any other client), slack, email, or timeout; `sent_at`: when it
    was written, if it came by mail. `erased`: the digest of an answer whose person was erased."""

    action: str
    by: By
    via: str
    at: str
    values: NotRequired[dict[str, Any]]
    feedback: NotRequired[str]
    sent_at: NotRequired[str]
    erased: NotRequired[str]


class Closed(TypedDict):
    """How a request without an answer was closed: the person who closed it, if any, and why."""

    at: str
    by: NotRequired[By]
    why: NotRequired[str]


class Delivery(TypedDict):
    """One delivery of a request to one person on one channel, and its status."""

    channel: ChannelType
    person_id: str
    status: DeliveryStatus
    attempts: int
    step: int
    round: int
    error: NotRequired[str]
    sent_at: NotRequired[str]
    seen_at: NotRequired[str]
    settled_at: NotRequired[str]


class Requester(TypedDict):
    """Who asks. Trust `kind`, not `name`, which anybody may choose. `id` is the person, or the person a program is signed in
    as."""

    kind: RequesterKind
    id: str | None
    name: str


class RequestAction(TypedDict):
    """The exact call to approve. An approval is bound to all of it and to the request. `risk_by` says who states the risk: the
    tool's declaration on this server, or whoever asks."""

    tool: str
    args: dict[str, Any]
    risk: Risk
    risk_by: NotRequired[Literal["tool", "asker"]]
    digest: str
    schema: NotRequired[dict[str, Any]]
    description: NotRequired[str]
    version: NotRequired[str]
    policy: NotRequired[str]


class RequestOption(TypedDict):
    value: str
    label: str
    description: NotRequired[str]


class RequestField(TypedDict):
    name: str
    type: FieldType
    description: str
    required: bool
    value: NotRequired[Any]
    options: NotRequired[list[RequestOption]]


class Rule(TypedDict):
    """What it takes to decide: how many approvals, and whether the requester's own counts."""

    approvals: int
    distinct_from_requester: bool


class Erased(TypedDict):
    """When the content of a request was erased, and the digest of that content."""

    digest: str
    at: str


class RequestBody(TypedDict):
    """What is asked, as it is stored. Which parts it has depends on the type. `changed` says why it differs from what was
    asked first."""

    title: str
    prompt: str
    requested_by: str
    requester: NotRequired[Requester]
    action: NotRequired[RequestAction]
    options: NotRequired[list[RequestOption]]
    multiple: NotRequired[bool]
    checkpoint: NotRequired[str]
    fields: NotRequired[list[RequestField]]
    context: NotRequired[dict[str, Any]]
    changed: NotRequired[str]
    allowed_actions: list[str]
    on_timeout: str | dict[str, Any]
    route: list[dict[str, Any]]
    erased: NotRequired[Erased]


class FeedbackRequest(RequestBody):
    """A request to people, with who may decide it now, its status and its deliveries."""

    id: str
    to: list[str]
    recipients: list[By]
    rule: NotRequired[Rule]
    session_id: str
    run_id: str | None
    type: FeedbackType
    status: FeedbackStatus
    version: int
    created_at: str
    due_at: str | None
    dead_letter: bool
    deliveries: list[Delivery]
    response: Response | None
    closed: Closed | None


class Message(TypedDict):
    id: str
    session_id: str
    type: MessageType
    status: MessageStatus
    content: str
    via: str
    created_at: str
    run_id: NotRequired[str]
    client_id: NotRequired[str]
    author: NotRequired[By]
