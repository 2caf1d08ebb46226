"""Carries one delivery one try further: claim it, let its channel speak, keep what came of it."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.core.deliveries import NOT_SET_UP, Work, claim_delivery, keep_failure, keep_sent, keep_settled
from backend.db import Database
from backend.domain.policy import Policy
from backend.errors import Unavailable
from backend.failpoints import failpoint
from backend.log import get_logger
from channels.contract import Channel, Receipt, ShowingChannel, Words
from channels.errors import ChannelError, Rejected, Retryable

log = get_logger(__name__)

TRY_S = 30.0
KEEP_TRIES, KEEP_AGAIN_S = 15, 1.0


@dataclass(frozen=True, slots=True)
class Carrier:
    """Handles the job `carry`. `url` is where people reach this installation, for the links; `chance` in [0, 1) spreads
    the next tries."""

    db: Database
    channels: Mapping[str, Channel]
    policy: Policy
    url: str
    chance: Callable[[], float] = random.random

    async def carry(self, delivery_id: str) -> None:
        """One try, if one is due. A failure is recorded and decides what is due next; nothing is raised for it."""
        work = await self.db.transact(claim_delivery, delivery_id, self.policy, self.url, self.channels)
        if work is None:
            return
        failpoint("carry.claimed")
        try:
            receipt = await self._try(work)
        except ChannelError as error:
            log.warning("not delivered", delivery_id=delivery_id, channel=work.channel, verb=work.verb, reason=error.reason)
            await self._keep(work, keep_failure, error, self.chance())
            return
        failpoint("carry.accepted")
        log.info("carried", delivery_id=delivery_id, channel=work.channel, verb=work.verb)
        if receipt is None:
            await self._keep(work, keep_settled)
        else:
            await self._keep(work, keep_sent, receipt)

    async def _keep(self, work: Work, use_case: Callable[..., None], *args: Any) -> None:
        """Record what came of the try as soon as the database takes it: what went out and is not on record is sent again,
        a lease later. Raises Unavailable when the lease is about to lapse."""
        for _ in range(KEEP_TRIES):
            try:
                return await self.db.transact(use_case, work, *args)
            except Unavailable as error:
                log.warning("what came of a try is not on record yet", delivery_id=work.delivery_id, reason=error.detail)
                await asyncio.sleep(KEEP_AGAIN_S)
        return await self.db.transact(use_case, work, *args)

    async def _try(self, work: Work) -> Receipt | None:
        channel = self.channels.get(work.channel)
        if channel is None:
            raise Rejected(NOT_SET_UP.format(work.channel), "not_set_up")
        try:
            async with asyncio.timeout(TRY_S):
                if work.words is not None:
                    return await _say(channel, work, work.words)
                assert work.question is not None, "a delivery is of a question or of words"
                if work.receipt is None or work.verb == "deliver":
                    return await channel.deliver(work.question, work.to, work.earlier)
                await channel.settle(work.question, work.to, work.receipt, work.earlier)
                return None
        except TimeoutError:
            raise Retryable(f"No answer from {work.channel} within {TRY_S:.0f} seconds.", "timeout", unknown=True) from None


async def _say(channel: Channel, work: Work, words: Words) -> Receipt:
    """In place of what was shown or sent before, where the channel can find that."""
    ref = work.receipt.ref if work.receipt else None
    if isinstance(channel, ShowingChannel) and (ref is not None or work.earlier is not None):
        return await channel.finish(words, work.to, ref, work.earlier)
    return await channel.say(words, work.to)
