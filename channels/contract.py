"""What every door hands to the core: a person's word in one form, whatever the channel it came by."""

from dataclasses import dataclass, field
from typing import Any, Literal

ChannelName = Literal["chat", "api", "slack", "email"]


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """Something a known person said. `event_id` is the sender's or provider's own id of it: the same id again is the
    same word. Without `session_id` it opens a session. `settings` are the starter's wishes for the run."""

    channel: ChannelName
    person_id: str
    content: str
    session_id: str | None = None
    event_id: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InboundAnswer:
    """A known person's answer to a feedback request. `version` is the request's as the person saw it, if known;
    `event_id` makes a repeat harmless."""

    channel: ChannelName
    person_id: str
    request_id: str
    action: str
    values: dict[str, Any] | None = None
    feedback: str | None = None
    version: int | None = None
    event_id: str | None = None
