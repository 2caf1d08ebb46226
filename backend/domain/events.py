"""Every frame that goes to clients, and every signal between our own processes: the one place that says what they hold.

A `DurableEvent` is what a use case appends to a session's log; the transaction adds `session_id`, `seq` and `ts`. A passing
frame is published and leaves no trace. The API's description and the web app's types are made of these."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from backend.domain.client_views import FeedbackRequest, Message, RequestField
from backend.domain.states import AgentStatus, ChannelType, ConnectionStatus, DeliveryStatus

QueueStatus = Literal["ok", "degraded"]


class Logged(TypedDict):
    """What the log adds to each durable event. `seq` is gapless in the session; nothing but durable frames carries it."""

    session_id: str
    seq: int
    ts: str


class MessageSent(TypedDict):
    """Somebody said something. `client_id` echoes the sender's own id."""

    type: Literal["message"]
    message: Message
    client_id: NotRequired[str]


class TaskStarted(TypedDict):
    type: Literal["task_started"]
    content: str
    run_id: str


class ConfirmationRequested(TypedDict):
    """A person is asked to approve; `message` is the question in words."""

    type: Literal["request_confirmation"]
    message: str
    request: FeedbackRequest


class InputRequested(TypedDict):
    """A person is asked to fill in a form."""

    type: Literal["request_user_input"]
    fields: list[RequestField]
    request: FeedbackRequest


class FeedbackRequested(TypedDict):
    """A person is asked for a choice, a text, or to look at a checkpoint."""

    type: Literal["feedback_requested"]
    request: FeedbackRequest


class FeedbackChanged(TypedDict):
    """An open request is another than it was: whom it is put to, its route, or what exactly is asked. Its version grew."""

    type: Literal["feedback_changed"]
    request: FeedbackRequest


class FeedbackResolved(TypedDict):
    """A request was answered, expired or withdrawn."""

    type: Literal["feedback_resolved"]
    request: FeedbackRequest


class TaskCompleted(TypedDict):
    """The run is done; `content` is the whole final reply."""

    type: Literal["task_completed"]
    content: str
    run_id: str
    values: NotRequired[Any]


class TaskFailed(TypedDict):
    type: Literal["task_failed"]
    error: str
    run_id: str


class TaskCancelled(TypedDict):
    type: Literal["task_cancelled"]
    content: str
    run_id: str
    reason: Literal["cancelled", "stopped"]


RequestEvent = ConfirmationRequested | InputRequested | FeedbackRequested | FeedbackChanged | FeedbackResolved
DurableEvent = MessageSent | TaskStarted | RequestEvent | TaskCompleted | TaskFailed | TaskCancelled


class RequestNews(TypedDict):
    """A request was asked, changed or resolved, to everyone concerned, in whatever session it is."""

    type: Literal["feedback_requested", "feedback_changed", "feedback_resolved"]
    session_id: str
    request: FeedbackRequest


class FeedbackDelivery(TypedDict):
    """How far one copy of a request has come; `dead_letter` where that has changed."""

    type: Literal["feedback_delivery"]
    session_id: str
    request_id: str
    channel: ChannelType
    person_id: str
    status: DeliveryStatus
    error: NotRequired[str]
    dead_letter: NotRequired[bool]


class FeedbackMail(TypedDict):
    """A mail came in about a request; `outcome` is what it was taken for."""

    type: Literal["feedback_mail"]
    session_id: str
    request_id: str
    outcome: str


class AgentStatusChanged(TypedDict):
    type: Literal["agent_status"]
    session_id: str
    status: AgentStatus
    detail: NotRequired[str]


class SessionChanged(TypedDict):
    type: Literal["session_changed"]
    session_id: str
    change: Literal["opened", "renamed", "closed"]


class SessionMoved(TypedDict):
    """Where to ask about the session; null: in the person's own order."""

    type: Literal["session_changed"]
    session_id: str
    change: Literal["channel"]
    channel: ChannelType | None


class SessionAgentChanged(TypedDict):
    type: Literal["session_changed"]
    session_id: str
    change: Literal["agent_status"]
    agent_status: AgentStatus


class ChannelStatus(TypedDict):
    type: Literal["channel_status"]
    channel: ChannelType
    status: ConnectionStatus


class ChannelsOrdered(TypedDict):
    type: Literal["channels_ordered"]


class Notice(TypedDict):
    """Words of the platform that ask nothing."""

    type: Literal["notice"]
    content: str


class Piece(TypedDict):
    """A non-empty piece of a reply being streamed; `offset` counts code points, a higher `attempt` replaces the text."""

    content: str
    event: Literal["delta"]
    run_id: str
    attempt: int
    offset: int


class Generating(TypedDict):
    type: Literal["generating"]
    session_id: str
    data: Piece


class PartialReply(TypedDict):
    """All of the text so far of a reply that is being streamed."""

    run_id: str
    attempt: int
    content: str


class InitialStateHead(TypedDict):
    """The first frame of a session's socket, without `state_messages`: those are finished JSON. They begin with number
    `first_seq` and end with `last_seq`."""

    type: Literal["initial_state"]
    session_id: str
    state_count: int
    first_seq: int
    last_seq: int
    outcome: Literal["fresh", "replayed", "resync"]
    partial: NotRequired[PartialReply]


class ConnectionReady(TypedDict):
    """`session_id` on the socket of a session, `queue` on a person's own."""

    type: Literal["connection_ready"]
    session_id: NotRequired[str]
    queue: NotRequired[QueueStatus]


class PlatformStatus(TypedDict):
    """`degraded`: the queue is away, so that what is due is found a second or two later. Nothing is lost."""

    type: Literal["platform_status"]
    queue: QueueStatus


class Heartbeat(TypedDict):
    """At most 30 s apart. A client that has less than `last_seq` of the session is behind and asks again."""

    type: Literal["heartbeat"]
    session_id: NotRequired[str]
    last_seq: NotRequired[int]


class Pong(TypedDict):
    type: Literal["pong"]
    session_id: NotRequired[str]


class FieldFault(TypedDict):
    field: str
    message: str


class Decided(TypedDict):
    """How a request that had been decided before was decided."""

    action: str
    by: Any
    via: str | None
    at: str


class ErrorFrame(TypedDict):
    """What a client sent was refused: the problem as HTTP tells it, and which message or request it was about."""

    type: Literal["error"]
    code: str
    detail: str
    title: NotRequired[str]
    status: NotRequired[int]
    error: NotRequired[str]
    instance: NotRequired[str]
    errors: NotRequired[list[FieldFault]]
    client_id: NotRequired[str]
    request_id: NotRequired[str]
    retry_after: NotRequired[int]
    decided: NotRequired[Decided]
    request: NotRequired[FeedbackRequest]


Published = (
    RequestNews
    | FeedbackDelivery
    | FeedbackMail
    | AgentStatusChanged
    | SessionChanged
    | SessionMoved
    | SessionAgentChanged
    | ChannelStatus
    | ChannelsOrdered
    | Notice
    | Generating
)
"""What use cases and workers publish to whoever listens."""

SocketFrame = ConnectionReady | PlatformStatus | Heartbeat | Pong | ErrorFrame
"""What one socket is told by its own server."""


class RunCancelled(TypedDict):
    type: Literal["run_cancelled"]


class SignInEnded(TypedDict):
    type: Literal["sign_in_ended"]
    id: str


Signal = RunCancelled | SignInEnded
"""Between our own processes; no client sees these."""
