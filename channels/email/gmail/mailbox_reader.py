"""Read new mail from a mailbox and hand every message to the intake, from wherever the last read ended."""

import logging
from collections.abc import Callable

from channels.email.gmail.client import GmailClient
from channels.email.incoming_mail import HistoryExpired, RawMail
from channels.email.intake import MailIntake
from channels.errors import ChannelError

log = logging.getLogger(__name__)

RESYNC_S, CONNECT_GRACE_S = 7 * 24 * 3600, 600
MAX_MAILS = 1_000
NOT_INCOMING = frozenset({"SENT", "DRAFT", "TRASH"})


class GmailMailboxReader:
    """See `channels.mail_contract.MailboxReader`. The cursor is a position in the mailbox's history. `topic` is the Pub/Sub
    topic Gmail publishes to, if any; `now` returns the time in seconds."""

    def __init__(self, client: GmailClient, intake: MailIntake, now: Callable[[], float], topic: str | None = None) -> None:
        self._client, self._intake, self._now, self._topic = client, intake, now, topic

    async def fetch_new_mail(self, account: str, cursor: str | None) -> str:
        if cursor is None:  # just connected: mail may have arrived in the meantime
            return await self._catch_up(account, CONNECT_GRACE_S)
        try:
            ids, cursor = await self._client.added_since(account, cursor)
        except HistoryExpired:
            return await self._catch_up(account, RESYNC_S)
        for id in ids:
            await self._fetch(account, id)
        return cursor

    async def watch(self, account: str) -> int | None:
        return await self._client.watch(account, self._topic) if self._topic else None

    async def close(self) -> None:
        await self._client.close()

    async def _catch_up(self, account: str, seconds: int) -> str:
        """Go through recent mail, up to MAX_MAILS, and skip what was recorded before."""
        cursor = await self._client.position(account)
        since = int(self._now()) - seconds
        for id in reversed(await self._client.search(account, f"after:{since}", MAX_MAILS)):
            await self._fetch(account, id, skip_known=True)
        return cursor

    async def _fetch(self, account: str, id: str, *, skip_known: bool = False) -> None:
        mail = await self._client.fetch(account, id)
        if mail is not None and NOT_INCOMING.isdisjoint(mail.labels):
            await self._receive(account, mail, skip_known)

    async def _receive(self, account: str, mail: RawMail, skip_known: bool) -> None:
        try:
            await self._intake.receive(account, mail, skip_known=skip_known)
        except ChannelError:
            raise
        except Exception:  # one bad mail must not block those after it; it stays in the mailbox
            log.exception("mail.intake_failed", extra={"mailbox": account, "gmail_id": mail.id})
