"""What clients see of a request and of a message: the one definition behind HTTP, WebSocket frames and the web app's types.

Plain dictionaries at run time. A field that is not always there is NotRequired; one that a newer version adds is too, for
frames in the log of an older version are sent as they were written."""

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
    """What was answered. `via`: chat (the web app), api (any other client), slack, email, or timeout; `sent_at`: when it was
    written, where it came by mail. `erased`: the digest of an answer whose person was erased."""

    action: str
    by: By
    via: str
    at: str
    values: NotRequired[dict[str, Any]]
    feedback: NotRequired[str]
    sent_at: NotRequired[str]
    erased: NotRequired[str]


class Closed(TypedDict):
    """What ended a request that nobody answered: the person who did, if one did, and why."""

    at: str
    by: NotRequired[By]
    why: NotRequired[str]


class Delivery(TypedDict):
    """One copy of a request: how far it has come."""

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
    """Who asks, told apart by `kind`: anybody may choose a name. `id` is the person's, or of whom the program is signed in
    as."""

    kind: RequesterKind
    id: str | None
    name: str


class RequestAction(TypedDict):
    """The exact call that is asked about. An approval is bound to all of it, and to the request. `risk_by` is whose word the
    risk is: the tool's own declaration on this server, or the claim of whoever asks."""

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
    """What it takes to decide: how many say yes, and whether whoever asked may be one of them."""

    approvals: int
    distinct_from_requester: bool


class Erased(TypedDict):
    """Since when a request holds no content any more, and the digest of what it held."""

    digest: str
    at: str


class RequestBody(TypedDict):
    """What is asked, as it is kept. Which parts belong to it depends on the type. `changed` says why it is another than
    was asked first."""

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
    """A question to people, with who decides it now, how it stands and where its copies are."""

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
