"""Escalation: the next step of the ladder on which a request reaches a person. Pure.

A ladder is one person's ordered steps for one request. Each step has at most one delivery, on the channel of that step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from channels.contract import ChannelName

DeliveryStatusName = Literal["queued", "sending", "sent", "seen", "retry_wait", "failed", "settled"]

SEEN_GRACE_MS = 5_000  # how long an open tab has to show the card
BACKOFF_BASE_MS, BACKOFF_CAP_MS = 1_000, 60_000
RETRY_AFTER_CAP_MS = 5 * 60_000
RECHECK_MS = 30_000  # a person on another page of the web app may still find the request in their inbox
LONGEST_RETRY_WAIT_MS = 30_000  # where the provider asks for a longer wait, the next channel is tried meanwhile
MAX_ATTEMPTS = 5
IN_PROGRESS = ("queued", "sending", "retry_wait")


@dataclass(frozen=True, slots=True)
class LadderStep:
    """Ask on `channel`; without an answer after `wait_ms`, go on to the next step."""

    channel: ChannelName
    wait_ms: int


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """The delivery of step number `step`. Times are in milliseconds. `reached_when_sent` is false for the web chat, which
    reaches the person only when the request is seen."""

    step: int
    channel: ChannelName
    status: DeliveryStatusName
    sent_at: int | None = None
    seen_at: int | None = None
    error: str | None = None
    retry_at: int | None = None
    reached_when_sent: bool = True

    @property
    def reached_at(self) -> int | None:
        """When the delivery reached the person, as far as is known; None if it has not."""
        if self.seen_at is not None:
            return self.seen_at
        return self.sent_at if self.reached_when_sent and self.status != "failed" else None


@dataclass(frozen=True, slots=True)
class SendStep:
    """Send the delivery of step number `step`."""

    step: int


@dataclass(frozen=True, slots=True)
class WaitForAnswer:
    """Do nothing before `until`; None: until something happens."""

    until: int | None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No step reached the person and none is left: a dead letter, with what went wrong at each step."""

    reasons: tuple[str, ...]


EscalationMove = SendStep | WaitForAnswer | GiveUp


def next_escalation(now: int, ladder: Sequence[LadderStep], deliveries: Sequence[DeliveryState], present: bool) -> EscalationMove:
    """Decide what to do next for a request that is still open. `present`: the person has the web app open somewhere."""
    if not deliveries:
        return SendStep(0)
    last = max(deliveries, key=lambda delivery: delivery.step)
    wait = _remaining_wait(now, last, ladder[last.step], present)
    if wait is not None and (wait.until is None or wait.until > now):
        return wait
    if last.step + 1 < len(ladder):
        return SendStep(last.step + 1)
    if any(delivery.reached_at is not None or delivery.status in IN_PROGRESS for delivery in deliveries):
        return WaitForAnswer(None)
    if present and any(delivery.channel == "chat" for delivery in deliveries):
        return WaitForAnswer(now + RECHECK_MS)
    return GiveUp(tuple(f"{delivery.channel}: {delivery.error or 'nobody had the web app open'}" for delivery in deliveries))


def _remaining_wait(now: int, delivery: DeliveryState, step: LadderStep, present: bool) -> WaitForAnswer | None:
    """How much longer to wait for this delivery; None if its time is up."""
    if delivery.status == "retry_wait" and delivery.retry_at is not None and delivery.retry_at - now > LONGEST_RETRY_WAIT_MS:
        return None
    if delivery.status in IN_PROGRESS:
        return WaitForAnswer(None)
    if delivery.status == "failed" or delivery.sent_at is None:
        return None
    if delivery.reached_at is not None:
        return WaitForAnswer(delivery.reached_at + step.wait_ms)
    return WaitForAnswer(delivery.sent_at + SEEN_GRACE_MS) if present else None


def retry_delay_ms(tries: int, after_s: float | None, chance: float) -> int | None:
    """Return the milliseconds until attempt number `tries` + 1; None after the last one. Exponential backoff with full
    jitter (`chance` in [0, 1)), and no sooner than the provider's `Retry-After`, which is capped."""
    if tries >= MAX_ATTEMPTS:
        return None
    backoff = chance * min(BACKOFF_CAP_MS, BACKOFF_BASE_MS << tries)
    asked = min(RETRY_AFTER_CAP_MS, max(0.0, after_s or 0.0) * 1000)
    return round(max(backoff, asked))
