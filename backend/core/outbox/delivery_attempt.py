"""One attempt at a delivery, as a worker holds it, and the reasons why attempts fail."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from channels.contract import Address, DeliveryReceipt, Question, TextMessage

DeliveryVerb = Literal["deliver", "settle", "say"]


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """An attempt to make. `verb` says what to do on the channel; `earlier` is set if the outcome of an earlier attempt to
    send is unknown."""

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
WORKER_DIED = "The worker that was sending this has not reported."
WORKER_STOPPED = "The worker was stopped while it was sending this."
