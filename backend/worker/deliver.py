"""Deliver: claim a due delivery, send it over its channel, and record the result."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backend.core.outbox.claim_delivery import LEASE_MS, claim_delivery
from backend.core.outbox.delivery_attempt import NOT_SET_UP, DeliveryAttempt
from backend.core.outbox.delivery_results import record_failure, record_sent, record_settled, release_delivery
from backend.db import Database
from backend.domain.policy import Policy
from backend.errors import Unavailable
from backend.failpoints import failpoint
from backend.observability.log import get_logger
from backend.worker.lease_clock import LeaseTimer, clock
from backend.worker.retry_unavailable import transact_until_available
from channels.contract import Channel, DeliveryReceipt, StreamingChannel, TextMessage
from channels.errors import ChannelError, Rejected, Retryable

log = get_logger(__name__)

TRY_S = 30.0


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Handles the job `carry`. `url` is the public address of this installation, for links; `chance` in [0, 1) spreads
    retries."""

    db: Database
    channels: Mapping[str, Channel]
    policy: Policy
    url: str
    chance: Callable[[], float] = random.random

    async def deliver(self, delivery_id: str) -> None:
        """Make one attempt, if one is due. A failure is recorded, not raised; it decides when to try again."""
        hold = LeaseTimer(LEASE_MS / 1000, clock())
        work = await self.db.transact(claim_delivery, delivery_id, self.policy, self.url, self.channels)
        if work is None:
            return
        failpoint("carry.claimed")
        if hold.left() < TRY_S:  # the process was suspended: another worker may send it by now
            log.warning("delivery.lease_too_short", delivery_id=delivery_id)
            return
        try:
            await self._attempt(work)
        except asyncio.CancelledError:
            with contextlib.suppress(Unavailable):
                await self.db.transact(release_delivery, work)
            raise

    async def _attempt(self, work: DeliveryAttempt) -> None:
        """Send, and record the result as soon as the database accepts it. A message that is sent but not recorded is sent
        again when the lease lapses, and then recorded as a duplicate to be closed."""
        try:
            receipt = await self._send(work)
        except ChannelError as error:
            log.warning(
                "delivery.failed", delivery_id=work.delivery_id, channel=work.channel, verb=work.verb, reason=error.reason
            )
            await transact_until_available(self.db, record_failure, work, error, self.chance())
            return
        failpoint("carry.accepted")
        event = "delivery.sent" if receipt is not None else "delivery.settled"
        log.info(event, delivery_id=work.delivery_id, channel=work.channel, verb=work.verb)
        if receipt is None:
            await transact_until_available(self.db, record_settled, work)
        else:
            await transact_until_available(self.db, record_sent, work, receipt)

    async def _send(self, work: DeliveryAttempt) -> DeliveryReceipt | None:
        channel = self.channels.get(work.channel)
        if channel is None:
            raise Rejected(NOT_SET_UP.format(work.channel), "not_set_up")
        try:
            async with asyncio.timeout(TRY_S):
                if work.words is not None:
                    return await _send_text(channel, work, work.words)
                assert work.question is not None, "a delivery has a request or a text"
                if work.receipt is None or work.verb == "deliver":
                    return await channel.deliver(work.question, work.to, work.earlier)
                await channel.settle(work.question, work.to, work.receipt, work.earlier)
                return None
        except TimeoutError:
            raise Retryable(f"No answer from {work.channel} within {TRY_S:.0f} seconds.", "timeout", unknown=True) from None


async def _send_text(channel: Channel, work: DeliveryAttempt, words: TextMessage) -> DeliveryReceipt:
    """Send the text, replacing what was shown or sent before if the channel can find it."""
    ref = work.receipt.ref if work.receipt else None
    if isinstance(channel, StreamingChannel) and (ref is not None or work.earlier is not None):
        return await channel.finish_reply(words, work.to, ref, work.earlier)
    return await channel.send_text(words, work.to)
