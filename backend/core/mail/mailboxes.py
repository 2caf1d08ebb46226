"""The agent's mailboxes: which one is due, the fenced lease under which it is fetched, and the cursor."""

from dataclasses import dataclass

from backend.core.linking.linked_accounts import disconnect_accounts
from backend.db import Tx
from backend.db.locks import locks
from backend.db.queries import mail

FETCH_MAIL_JOB = "collect"
LEASE_MS = 60_000
RENEW_WATCH_MS = 24 * 3600_000


@dataclass(frozen=True, slots=True)
class MailboxLease:
    """The right to fetch a mailbox from `cursor` on (None: from now on). `watch_due`: renew the provider's push notifications."""

    account: str
    token: int
    cursor: str | None
    watch_due: bool


@locks(mailbox="account")
def claim_mailbox(tx: Tx, account: str) -> MailboxLease | None:
    """Take the mailbox's lease; None if it is not due or another worker holds it."""
    row = mail.claim_mailbox(tx, account, tx.now + LEASE_MS)
    if row is None:
        return None
    return MailboxLease(account, row.token, row.cursor, row.watch_until is None or row.watch_until < tx.now + RENEW_WATCH_MS)


@locks(mailbox="lease.account")
def renew_mailbox_lease(tx: Tx, lease: MailboxLease) -> bool:
    """Extend the lease; False if it is lost."""
    return mail.update_mailbox(tx, lease.account, lease.token, lease_until=tx.now + LEASE_MS)


@locks(mailbox="lease.account")
def release_mailbox(tx: Tx, lease: MailboxLease, wait_ms: int, cursor: str | None = None, watch_until: int | None = None) -> None:
    """Give the lease back and fetch again after `wait_ms`, or at once if the provider rang meanwhile. `cursor` and
    `watch_until` are saved if given."""
    news = {name: value for name, value in (("cursor", cursor), ("watch_until", watch_until)) if value is not None}
    row = mail.mailbox_row(tx, lease.account)
    next_at = tx.now + wait_ms if row is None or row.next_at is None else row.next_at
    if mail.update_mailbox(tx, lease.account, lease.token, lease_until=None, next_at=next_at, **news) and next_at <= tx.now:
        tx.enqueue(FETCH_MAIL_JOB, lease.account)


def disconnect_mailbox(tx: Tx, lease: MailboxLease, reason: str) -> None:
    """Mark the mailbox as disconnected because its provider refuses access."""
    if mail.update_mailbox(tx, lease.account, lease.token, lease_until=None):
        disconnect_accounts(tx, "email", f"{lease.account}/", reason)


@locks(mailbox="account")
def wake_mailbox(tx: Tx, account: str) -> None:
    """Fetch the mailbox now because its provider reported new mail. Unknown mailboxes are ignored."""
    if mail.wake_mailbox(tx, account):
        tx.enqueue(FETCH_MAIL_JOB, account)
