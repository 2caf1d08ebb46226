"""What a worker holds while it tries one delivery."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from channels.contract import Address, DeliveryReceipt, Question, TextMessage

DeliveryVerb = Literal["deliver", "settle", "say"]


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One try to make: `verb` names the channel's method. `earlier` is set where the outcome of a try to send is unknown."""

    delivery_id: str
    token: int
    verb: DeliveryVerb
    channel: str
    to: Address
    question: Question | None = None
    words: TextMessage | None = None
    receipt: DeliveryReceipt | None = None
    earlier: Mapping[str, Any] | None = None


NEVER_LINKED = "No account is linked for this channel."
NOT_SET_UP = "The channel {} is not set up on this server."
WORKER_DIED = "The worker that tried it has not reported."
WORKER_STOPPED = "The worker was stopped while it tried."
