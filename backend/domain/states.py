"""The names of states and kinds, as clients see them."""

from enum import StrEnum


class SessionStatus(StrEnum):
    ACTIVE = "active"
    CLOSED = "closed"


class RunStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    WAITING_FEEDBACK = "waiting_feedback"
    COMPLETED = "completed"
    ERROR = "error"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


ACTIVE_RUN = (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.WAITING_FEEDBACK)
CLAIMABLE_RUN = (RunStatus.PENDING, RunStatus.RUNNING)


class AgentStatus(StrEnum):
    IDLE = "idle"
    THINKING = "thinking"
    USING_TOOL = "using_tool"
    WAITING_FEEDBACK = "waiting_feedback"
    COMPLETED = "completed"
    ERROR = "error"


class MessageType(StrEnum):
    USER = "user"
    AGENT = "agent"
    SYSTEM = "system"


class MessageStatus(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class FeedbackType(StrEnum):
    CONFIRMATION = "confirmation"
    CHOICE = "choice"
    TEXT = "text"
    FORM = "form"
    CHECKPOINT = "checkpoint"


class FeedbackStatus(StrEnum):
    PENDING = "pending"
    ANSWERED = "answered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Role(StrEnum):
    """What a request is to a person; one person may hold several."""

    OWNER = "owner"
    DECIDER = "decider"
    DELEGATE = "delegate"
    WATCHER = "watcher"


class RecipientStatus(StrEnum):
    ACTIVE = "active"
    LEFT = "left"
    DISABLED = "disabled"


class ChannelType(StrEnum):
    CHAT = "chat"
    SLACK = "slack"
    EMAIL = "email"


class ConnectionStatus(StrEnum):
    CONNECTED = "connected"
    DEGRADED = "degraded"
    DISCONNECTED = "disconnected"


class DeliveryStatus(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    SEEN = "seen"
    RETRY_WAIT = "retry_wait"
    FAILED = "failed"
    SETTLED = "settled"


class ExecutionStatus(StrEnum):
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
