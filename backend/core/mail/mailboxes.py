"""Mailboxes of the agent's own: which one is due, who looks into it under a fenced lease, and how far it was taken in."""

from dataclasses import dataclass

from backend.core.linking.linked_accounts import disconnect_accounts
from backend.db import Tx
from backend.db.queries import mail

FETCH_MAIL_JOB = "collect"
LEASE_MS = 60_000
RENEW_WATCH_MS = 24 * 3600_000


@dataclass(frozen=True, slots=True)
class MailboxLease:
    """One look into a mailbox, from `cursor` on (None: from now on). `watch_due`: its provider should be asked to ring."""

    account: str
    token: int
    cursor: str | None
    watch_due: bool


def claim_mailbox(tx: Tx, account: str) -> MailboxLease | None:
    """Take the mailbox's lease; None: it is not due, or somebody is at it."""
    row = mail.claim_mailbox(tx, account, tx.now + LEASE_MS)
    if row is None:
        return None
    return MailboxLease(account, row.token, row.cursor, row.watch_until is None or row.watch_until < tx.now + RENEW_WATCH_MS)


def renew_mailbox_lease(tx: Tx, look: MailboxLease) -> bool:
    """Somebody is still at it; False: the lease is lost."""
    return mail.update_mailbox(tx, look.account, look.token, lease_until=tx.now + LEASE_MS)


def release_mailbox(tx: Tx, look: MailboxLease, wait_ms: int, cursor: str | None = None, watch_until: int | None = None) -> None:
    """Look again after `wait_ms`, or at once where it rang meanwhile; `cursor` and `watch_until` where they are news."""
    news = {name: value for name, value in (("cursor", cursor), ("watch_until", watch_until)) if value is not None}
    row = mail.mailbox_row(tx, look.account)
    next_at = tx.now + wait_ms if row is None or row.next_at is None else row.next_at
    if mail.update_mailbox(tx, look.account, look.token, lease_until=None, next_at=next_at, **news) and next_at <= tx.now:
        tx.ring(FETCH_MAIL_JOB, look.account)


def disconnect_mailbox(tx: Tx, look: MailboxLease, reason: str) -> None:
    """Its provider lets us in no more."""
    if mail.update_mailbox(tx, look.account, look.token, lease_until=None):
        disconnect_accounts(tx, "email", f"{look.account}/", reason)


def wake_mailbox(tx: Tx, account: str) -> None:
    """Something came, says its provider. A mailbox that is not ours is no matter."""
    if mail.wake_mailbox(tx, account):
        tx.ring(FETCH_MAIL_JOB, account)
