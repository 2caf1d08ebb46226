"""The types of every frame sent to clients and of every signal between processes.

A `DurableEvent` is appended to a session's log by a use case; the transaction adds `session_id`, `seq` and `ts`. All other
frames are published without being stored. The API's description and the web app's types are generated from these."""

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
    """A message was sent. `client_id` echoes the sender's own id."""

    type: Literal["message"]
    message: Message
    client_id: NotRequired[str]


class TaskStarted(TypedDict):
    type: Literal["task_started"]
    content: str
    run_id: str


class ConfirmationRequested(TypedDict):
    """A person is asked to approve; `message` is the request as text."""

    type: Literal["request_confirmation"]
    message: str
    request: FeedbackRequest


class InputRequested(TypedDict):
    """A person is asked to fill in a form."""

    type: Literal["request_user_input"]
    fields: list[RequestField]
    request: FeedbackRequest


class FeedbackRequested(TypedDict):
    """A person is asked for a choice, a text, or a review at a checkpoint."""

    type: Literal["feedback_requested"]
    request: FeedbackRequest


class FeedbackChanged(TypedDict):
    """An open request changed: its recipients, its route or what it asks. Its version was incremented."""

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
    """A request was opened, changed or resolved; sent to everyone who sees it, in any session."""

    type: Literal["feedback_requested", "feedback_changed", "feedback_resolved"]
    session_id: str
    request: FeedbackRequest


class FeedbackDelivery(TypedDict):
    """The status of one delivery of a request; `dead_letter` if that changed."""

    type: Literal["feedback_delivery"]
    session_id: str
    request_id: str
    channel: ChannelType
    person_id: str
    status: DeliveryStatus
    error: NotRequired[str]
    dead_letter: NotRequired[bool]


class FeedbackMail(TypedDict):
    """A mail about a request was received; `outcome` is how it was understood."""

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
    """The channel to ask on about the session; null: the person's own order."""

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
    """A message of the platform that asks nothing."""

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
    """The whole text so far of a reply that is being streamed."""

    run_id: str
    attempt: int
    content: str


class InitialStateHead(TypedDict):
    """The first frame of a session's socket, without `state_messages`, which are stored as JSON text. They are numbered from
    `first_seq` to `last_seq`."""

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
    """`degraded`: the queue is unavailable, so work starts a second or two later. Nothing is lost."""

    type: Literal["platform_status"]
    queue: QueueStatus


class Heartbeat(TypedDict):
    """Sent at least every 30 s. A client that has not reached `last_seq` is behind and should reconnect."""

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
    """How a request was decided before this answer."""

    action: str
    by: Any
    via: str | None
    at: str


class ErrorFrame(TypedDict):
    """A client's frame was refused: the same problem as over HTTP, and the message or request it was about."""

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
"""Frames that use cases and workers publish."""

SocketFrame = ConnectionReady | PlatformStatus | Heartbeat | Pong | ErrorFrame
"""Frames that a server sends to one socket."""


class RunCancelled(TypedDict):
    type: Literal["run_cancelled"]


class SignInEnded(TypedDict):
    type: Literal["sign_in_ended"]
    id: str


Signal = RunCancelled | SignInEnded
"""Signals between processes; never sent to clients."""
