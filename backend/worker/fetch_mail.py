"""Fetch mail: claim one of the agent's mailboxes, read what is new, and save the cursor."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from backend.core.mail.mailboxes import (
    LEASE_MS,
    MailboxLease,
    claim_mailbox,
    disconnect_mailbox,
    release_mailbox,
    renew_mailbox_lease,
)
from backend.db import Database
from backend.errors import Unavailable
from backend.failpoints import failpoint
from backend.observability.log import get_logger
from backend.worker.retry_unavailable import transact_until_available
from channels.errors import ChannelError, Disconnected, Retryable
from channels.mail_contract import MailboxReader

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MailFetcher:
    """Handles the job `collect`. Each mailbox is fetched every `every_s` seconds."""

    db: Database
    mailboxes: MailboxReader
    every_s: float

    async def fetch(self, account: str) -> None:
        """Fetch the mailbox, if it is due. A failure is logged and retried later, not raised."""
        look = await self.db.transact(claim_mailbox, account)
        if look is None:
            return
        try:
            async with self._held(look):
                cursor = await self.mailboxes.fetch_new_mail(account, look.cursor)
                failpoint("collect.taken")
                watch_until = await self.mailboxes.watch(account) if look.watch_due else None
        except Disconnected as error:
            log.warning("mailbox.disconnected", mailbox=account, reason=error.reason)
            await transact_until_available(self.db, disconnect_mailbox, look, error.reason)
        except ChannelError as error:
            log.warning("mailbox.postponed", mailbox=account, reason=error.reason)
            after_s = error.after if isinstance(error, Retryable) and error.after else 0.0
            await transact_until_available(self.db, release_mailbox, look, round(max(self.every_s, after_s) * 1000))
        except asyncio.CancelledError:  # this worker stops: another may fetch at once
            with contextlib.suppress(Unavailable):
                await self.db.transact(release_mailbox, look, 0)
            raise
        else:
            await transact_until_available(self.db, release_mailbox, look, round(self.every_s * 1000), cursor, watch_until)

    @contextlib.asynccontextmanager
    async def _held(self, look: MailboxLease) -> AsyncIterator[None]:
        """Renew the lease while the block runs. Losing it does no harm: each mail has its effect once."""
        renewing = asyncio.create_task(self._renew(look))
        try:
            yield
        finally:
            renewing.cancel()

    async def _renew(self, look: MailboxLease) -> None:
        held = True
        while held:
            await asyncio.sleep(LEASE_MS / 3000)
            held = await transact_until_available(self.db, renew_mailbox_lease, look)
