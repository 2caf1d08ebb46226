"""Queries about mail that came in, and how far each mailbox of ours was taken in."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, insert, or_, select, update

from backend.db.tables import deliveries, mailboxes, mails
from backend.db.transaction import Tx

_mail = select(mails).where(mails.c.mailbox == bindparam("at"), mails.c.id == bindparam("mail"))
_of_request = select(mails).where(mails.c.request_id == bindparam("request")).order_by(mails.c.received_at, mails.c.id)
_no_plain_answer = and_(
    mails.c.request_id == bindparam("request"),
    mails.c.person_id == bindparam("person"),
    mails.c.outcome.in_(("proposal", "unclear")),
)
_read_last = select(mails).where(_no_plain_answer).order_by(mails.c.received_at.desc(), mails.c.id.desc()).limit(1)
_count_readings = select(func.count()).select_from(mails).where(_no_plain_answer)
_count_unverified = (
    select(func.count()).select_from(mails).where(mails.c.request_id == bindparam("request"), mails.c.verified.is_(False))
)
_replies = select(deliveries.c.words).where(
    deliveries.c.person_id == bindparam("person"),
    deliveries.c.event_id.is_not(None),
    deliveries.c.created_at > bindparam("since"),
)
_free = or_(mailboxes.c.lease_until.is_(None), mailboxes.c.lease_until <= bindparam("now"))
_waits = or_(
    mailboxes.c.next_at <= bindparam("now"),
    and_(mailboxes.c.next_at.is_(None), mailboxes.c.lease_until <= bindparam("now")),  # whoever looked into it died
)
_due = select(mailboxes.c.account).where(_free, _waits).limit(bindparam("limit"))
_claim = (
    update(mailboxes)
    .where(mailboxes.c.account == bindparam("at"), _free, _waits)
    .values(token=mailboxes.c.token + 1, lease_until=bindparam("until"), next_at=None)
    .returning(mailboxes)
)


def mail_row(tx: Tx, mailbox: str, id: str) -> Row[Any] | None:
    return tx.first(_mail, {"at": mailbox, "mail": id})


def insert_mail(tx: Tx, **values: Any) -> None:
    tx.execute(insert(mails), values)


def list_mails(tx: Tx, request_id: str) -> Sequence[Row[Any]]:
    """What came in about the request, oldest first."""
    return tx.all(_of_request, {"request": request_id})


def last_undecided_mail(tx: Tx, request_id: str, person_id: str) -> Row[Any] | None:
    """The person's last mail about the request that was no plain answer."""
    return tx.first(_read_last, {"request": request_id, "person": person_id})


def count_undecided_mails(tx: Tx, request_id: str, person_id: str) -> int:
    """How many of the person's mails about the request were no plain answer."""
    return int(tx.execute(_count_readings, {"request": request_id, "person": person_id}).scalar_one())


def count_unverified(tx: Tx, request_id: str) -> int:
    """How many mails about the request nobody vouches for."""
    return int(tx.execute(_count_unverified, {"request": request_id}).scalar_one())


def has_reply(tx: Tx, event_id: str) -> bool:
    """Whether something was said already in reply to this."""
    return tx.first(select(deliveries.c.id).where(deliveries.c.event_id == event_id)) is not None


def replies_since(tx: Tx, person_id: str, since: int) -> list[dict[str, Any]]:
    """The words of what was said to the person in reply to something."""
    return [row.words for row in tx.all(_replies, {"person": person_id, "since": since})]


def reply_times_since(tx: Tx, events: str, since: int) -> list[int]:
    """When something was said in reply to an event whose id begins so, newest first."""
    begins = deliveries.c.event_id.startswith(events, autoescape=True)
    found = select(deliveries.c.created_at).where(begins, deliveries.c.created_at > since)
    return [row.created_at for row in tx.all(found.order_by(deliveries.c.created_at.desc()))]


def connect_mailbox(tx: Tx, account: str) -> None:
    """From now on it is looked into, from where it was left."""
    fresh = update(mailboxes).where(mailboxes.c.account == account).values(next_at=tx.now, watch_until=None)
    if tx.execute(fresh).rowcount == 0:
        tx.execute(insert(mailboxes), {"account": account, "token": 0, "next_at": tx.now})


def disconnect_mailbox(tx: Tx, account: str) -> None:
    """It is not looked into any more, whoever does so now."""
    gone = {"token": mailboxes.c.token + 1, "lease_until": None, "next_at": None}
    tx.execute(update(mailboxes).where(mailboxes.c.account == account).values(**gone))


def due_mailboxes(tx: Tx, limit: int) -> list[str]:
    return [row.account for row in tx.all(_due, {"now": tx.now, "limit": limit})]


def claim_mailbox(tx: Tx, account: str, until: int) -> Row[Any] | None:
    """Take the lease of a mailbox that is due; the row as it is now, or None."""
    return tx.execute(_claim, {"at": account, "now": tx.now, "until": until}).first()


def update_mailbox(tx: Tx, account: str, token: int, **values: Any) -> bool:
    """Only while `token` holds the lease; False: it does not, nothing was written."""
    held = update(mailboxes).where(mailboxes.c.account == account, mailboxes.c.token == token).values(**values)
    return tx.execute(held).rowcount == 1


def mailbox_row(tx: Tx, account: str) -> Row[Any] | None:
    return tx.first(select(mailboxes).where(mailboxes.c.account == account))


def wake_mailbox(tx: Tx, account: str) -> bool:
    """Something came: look into it now, or again where somebody is at it. False: it is not connected."""
    known = or_(mailboxes.c.next_at.is_not(None), mailboxes.c.lease_until.is_not(None))
    return tx.execute(update(mailboxes).where(mailboxes.c.account == account, known).values(next_at=tx.now)).rowcount == 1


def void_mailbox_leases(tx: Tx) -> None:
    """Look into what somebody looked into: only when no other process can hold a lease."""
    tx.execute(update(mailboxes).where(mailboxes.c.lease_until.is_not(None)).values(lease_until=None, next_at=tx.now))
