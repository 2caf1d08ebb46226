"""The channel manager: what is to be done next so that a question reaches a person, decided from facts alone.

A ladder is one person's ordered steps for one request. Each step has at most one copy, a message on that step's channel.
Nothing here reads a clock, a database or a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from channels.contract import ChannelName

DeliveryStatusName = Literal["queued", "sending", "sent", "seen", "retry_wait", "failed", "settled"]

SEEN_GRACE_MS = 5_000  # a tab that is open gets this long to show the card
BACKOFF_BASE_MS, BACKOFF_CAP_MS = 1_000, 60_000
RETRY_AFTER_CAP_MS = 5 * 60_000
RECHECK_MS = 30_000  # somebody in the web app, on another page, has the inbox to find it in
LONGEST_RETRY_WAIT_MS = 30_000  # a provider that wants us to wait longer is waited for while the next channel is tried
MAX_ATTEMPTS = 5
IN_PROGRESS = ("queued", "sending", "retry_wait")


@dataclass(frozen=True, slots=True)
class LadderStep:
    """Ask on `channel`; without an answer after `wait_ms`, go on to the next step."""

    channel: ChannelName
    wait_ms: int


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """What became of the message of step number `step`. Times are milliseconds. `reached_when_sent`: what this channel
    accepted has reached the person; a web page reaches them only when it is looked at."""

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
        """When the person was reached by it, as far as one can know; None: not (yet)."""
        if self.seen_at is not None:
            return self.seen_at
        return self.sent_at if self.reached_when_sent and self.status != "failed" else None


@dataclass(frozen=True, slots=True)
class SendStep:
    """Take step number `step`: send its copy."""

    step: int


@dataclass(frozen=True, slots=True)
class WaitForAnswer:
    """Nothing to do until `until`; None: until something happens."""

    until: int | None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Every step is spent and none reached the person: a dead letter, with what went wrong at each."""

    reasons: tuple[str, ...]


EscalationMove = SendStep | WaitForAnswer | GiveUp


def next_escalation(now: int, ladder: Sequence[LadderStep], copies: Sequence[DeliveryState], present: bool) -> EscalationMove:
    """What to do for a question that is still open. `present`: the person has the web app open somewhere."""
    if not copies:
        return SendStep(0)
    last = max(copies, key=lambda copy: copy.step)
    turn = _turn(now, last, ladder[last.step], present)
    if turn is not None and (turn.until is None or turn.until > now):
        return turn
    if last.step + 1 < len(ladder):
        return SendStep(last.step + 1)
    if any(copy.reached_at is not None or copy.status in IN_PROGRESS for copy in copies):
        return WaitForAnswer(None)
    if present and any(copy.channel == "chat" for copy in copies):
        return WaitForAnswer(now + RECHECK_MS)
    return GiveUp(tuple(f"{copy.channel}: {copy.error or 'nobody was there'}" for copy in copies))


def _turn(now: int, copy: DeliveryState, step: LadderStep, present: bool) -> WaitForAnswer | None:
    """How long this copy has its turn still; None where it has no more."""
    if copy.status == "retry_wait" and copy.retry_at is not None and copy.retry_at - now > LONGEST_RETRY_WAIT_MS:
        return None
    if copy.status in IN_PROGRESS:
        return WaitForAnswer(None)
    if copy.status == "failed" or copy.sent_at is None:
        return None
    if copy.reached_at is not None:
        return WaitForAnswer(copy.reached_at + step.wait_ms)
    return WaitForAnswer(copy.sent_at + SEEN_GRACE_MS) if present else None


def retry_delay_ms(tries: int, after_s: float | None, chance: float) -> int | None:
    """Milliseconds until try number `tries` + 1; None when there have been enough. Exponential backoff with full jitter
    (`chance` in [0, 1)), and never before the provider's own `Retry-After`, which is capped."""
    if tries >= MAX_ATTEMPTS:
        return None
    backoff = chance * min(BACKOFF_CAP_MS, BACKOFF_BASE_MS << tries)
    asked = min(RETRY_AFTER_CAP_MS, max(0.0, after_s or 0.0) * 1000)
    return round(max(backoff, asked))
