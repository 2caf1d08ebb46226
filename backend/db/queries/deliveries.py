"""Queries about messages on their way to people: claiming one, keeping what came of it, every try."""

from collections.abc import Collection, Sequence
from functools import partial
from itertools import takewhile
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, func, insert, not_, or_, select, update

from backend.db.tables import deliveries, delivery_attempts, feedback_requests, sessions
from backend.db.transaction import Tx

_in_order = select(deliveries).order_by(deliveries.c.created_at, deliveries.c.id)
_all = _in_order.where(deliveries.c.request_id == bindparam("request"))
_insert = insert(deliveries)
_free = or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until <= bindparam("now"))
_due = (
    select(deliveries.c.id)
    .where(deliveries.c.next_at <= bindparam("now"), _free)
    .order_by(deliveries.c.next_at)
    .limit(bindparam("limit"))
)
_claim = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("delivery"), deliveries.c.next_at <= bindparam("now"), _free)
    .values(token=deliveries.c.token + 1, lease_until=bindparam("until"))
    .returning(deliveries)
)
_at_work = or_(*(deliveries.c.status == status for status in ("queued", "retry_wait")))
_sending = deliveries.c.status == "sending"
# What was never sent, and the web chat's own copies, are over with the request; the others a worker has yet to close.
_over_at_once = or_(and_(deliveries.c.channel == "chat", not_(_sending)), _at_work)
_has_copy_elsewhere = or_(_sending, and_(deliveries.c.channel != "chat", deliveries.c.status.in_(("sent", "seen"))))
_over = (
    update(deliveries)
    .where(deliveries.c.request_id == bindparam("request"), deliveries.c.settled_at.is_(None))
    .values(
        status=case((and_(_over_at_once, deliveries.c.status != "failed"), "settled"), else_=deliveries.c.status),
        settled_at=case((_over_at_once, bindparam("now")), else_=None),
        next_at=case((_has_copy_elsewhere, bindparam("now")), else_=None),
    )
)
_settle = _over.returning(deliveries)
_withdraw = _over.where(deliveries.c.person_id == bindparam("person")).values(error=bindparam("why")).returning(deliveries)
_see = (
    update(deliveries)
    .where(
        deliveries.c.request_id == bindparam("request"),
        deliveries.c.person_id == bindparam("person"),
        deliveries.c.channel == bindparam("on"),
        deliveries.c.status == "sent",
    )
    .values(status="seen", seen_at=bindparam("now"), next_at=bindparam("now"))
    .returning(deliveries.c.id)
)
_insert_attempt = insert(delivery_attempts)
_channel_of = select(deliveries.c.channel).where(deliveries.c.id == delivery_attempts.c.delivery_id)
_end_attempt = (
    update(delivery_attempts)
    .where(delivery_attempts.c.delivery_id == bindparam("delivery"), delivery_attempts.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), outcome=bindparam("outcome_"), error=bindparam("error_"))
    .returning(delivery_attempts.c.verb, _channel_of.scalar_subquery().label("channel"))
)
_unknown_since = select(func.min(delivery_attempts.c.began_at)).where(
    delivery_attempts.c.delivery_id == bindparam("delivery"),
    delivery_attempts.c.verb != "settle",
    delivery_attempts.c.outcome == "unknown",
)
_last_n = select(func.max(delivery_attempts.c.n)).where(delivery_attempts.c.delivery_id == bindparam("delivery"))
_tries = select(delivery_attempts).where(delivery_attempts.c.delivery_id == bindparam("delivery")).order_by(delivery_attempts.c.n)
_by_id = select(deliveries).where(deliveries.c.id == bindparam("delivery"))
# Only when no other process can hold a lease.
_void_leases = update(deliveries).where(deliveries.c.lease_until.is_not(None)).values(lease_until=None, next_at=bindparam("now"))
_attempts = (
    select(delivery_attempts)
    .join(deliveries, deliveries.c.id == delivery_attempts.c.delivery_id)
    .where(deliveries.c.request_id == bindparam("request"))
    .order_by(delivery_attempts.c.began_at)
)
_dead_letter = (
    update(feedback_requests)
    .where(feedback_requests.c.id == bindparam("request"), feedback_requests.c.status == "pending")
    .values(dead_letter=bindparam("dead"))
)


def insert_deliveries(tx: Tx, copies: Sequence[dict[str, Any]]) -> None:
    tx.execute(_insert, list(copies))


def list_deliveries(tx: Tx, request_id: str) -> Sequence[Row[Any]]:
    return tx.once(("deliveries", request_id), (deliveries,), lambda: tx.all(_all, {"request": request_id}))


def know_deliveries(tx: Tx, request_ids: Sequence[str]) -> None:
    """Read those of all these requests in one statement, for `list_deliveries` to give."""
    found: dict[str, list[Row[Any]]] = {id: [] for id in request_ids}
    for row in tx.all(_in_order.where(deliveries.c.request_id.in_(request_ids))):
        found[row.request_id].append(row)
    for id, rows in found.items():
        tx.once(("deliveries", id), (deliveries,), partial(list, rows))


def due_deliveries(tx: Tx, limit: int) -> list[str]:
    return [row.id for row in tx.all(_due, {"now": tx.now, "limit": limit})]


def claim_delivery(tx: Tx, id: str, until: int) -> Row[Any] | None:
    """Take the lease of a delivery that is due; the row as it is now, or None."""
    return tx.execute(_claim, {"delivery": id, "now": tx.now, "until": until}).first()


def update_delivery(tx: Tx, id: str, **values: Any) -> None:
    tx.execute(update(deliveries).where(deliveries.c.id == id).values(**values))


def update_delivery_under_lease(tx: Tx, id: str, token: int, **values: Any) -> bool:
    """The same, only while `token` still holds the lease; False: it does not, nothing was written."""
    held = update(deliveries).where(deliveries.c.id == id, deliveries.c.token == token).values(**values)
    return tx.execute(held).rowcount == 1


def settle_deliveries(tx: Tx, request_id: str) -> Sequence[Row[Any]]:
    """The request is decided: close what can be closed at once and make the rest due; all copies as they are now."""
    return sorted(tx.all(_settle, {"request": request_id, "now": tx.now}), key=lambda copy: (copy.created_at, copy.id))


def withdraw_deliveries(tx: Tx, request_id: str, person_id: str, why: str) -> Sequence[Row[Any]]:
    """One person is asked no more: their copies as when the request is decided, each with the reason."""
    values = {"request": request_id, "now": tx.now, "person": person_id, "why": why}
    return tx.all(_withdraw, values)


def mark_deliveries_seen(tx: Tx, request_id: str, person_id: str, channel: str) -> list[str]:
    """Mark the person's copies on the channel as seen and due for another look; their ids."""
    bound = {"request": request_id, "person": person_id, "on": channel, "now": tx.now}
    return [row.id for row in tx.all(_see, bound)]


def sent_on_behalf_of_others(tx: Tx, person_id: str, channel: str, since: int) -> list[tuple[str, int]]:
    """(whose session asked, when) of what went to the person on the channel since then, or is on its way there now, about
    requests of other people's; the oldest first."""
    begun = func.coalesce(deliveries.c.sent_at, deliveries.c.next_at, deliveries.c.created_at)
    statement = (
        select(sessions.c.person_id, begun.label("at"))
        .select_from(deliveries)
        .join(feedback_requests, feedback_requests.c.id == deliveries.c.request_id)
        .join(sessions, sessions.c.id == feedback_requests.c.session_id)
        .where(
            deliveries.c.person_id == person_id,
            deliveries.c.channel == channel,
            sessions.c.person_id != person_id,
            or_(deliveries.c.sent_at > since, _sending),
        )
        .order_by(begun)
    )
    return [(row.person_id, row.at) for row in tx.all(statement)]


def delivery_by_id(tx: Tx, id: str) -> Row[Any] | None:
    return tx.first(_by_id, {"delivery": id})


def void_delivery_leases(tx: Tx) -> None:
    """Forget every lease and look at what was under it: only when no other process can hold one."""
    tx.execute(_void_leases, {"now": tx.now})


def count_tries(tx: Tx, delivery_id: str, verb: str, but: Collection[str] = ()) -> int:
    """How often that was tried, but for tries that ended with one of these errors."""
    rows = tx.all(_tries, {"delivery": delivery_id})
    return sum(row.verb == verb and row.error not in but for row in rows)


def count_deaths(tx: Tx, delivery_id: str, error: str) -> int:
    """How many of the last tries ended with this error, one after the other."""
    rows = reversed(tx.all(_tries, {"delivery": delivery_id}))
    return sum(1 for _ in takewhile(lambda row: row.error == error, rows))


def begin_attempt(tx: Tx, delivery_id: str, verb: str, at: int | None = None) -> None:
    """Record that something is tried, now or since `at`."""
    n = tx.execute(_last_n, {"delivery": delivery_id}).scalar() or 0
    tx.execute(
        _insert_attempt,
        {
            "delivery_id": delivery_id,
            "n": n + 1,
            "verb": verb,
            "began_at": tx.now if at is None else at,
            "ended_at": None,
            "outcome": "begun",
            "error": None,
        },
    )


def end_attempt(tx: Tx, delivery_id: str, outcome: str, error: str | None) -> None:
    """Say what came of the try that is still open, if one is, and count it."""
    ended = tx.execute(_end_attempt, {"delivery": delivery_id, "now": tx.now, "outcome_": outcome, "error_": error})
    for row in ended:
        tx.attempted(row.channel, row.verb, outcome)


def mark_attempt_bounced(tx: Tx, delivery_id: str, error: str) -> None:
    """What the last try sent came back."""
    last = select(func.max(delivery_attempts.c.n)).where(delivery_attempts.c.delivery_id == delivery_id).scalar_subquery()
    there = and_(delivery_attempts.c.delivery_id == delivery_id, delivery_attempts.c.n == last)
    tx.execute(update(delivery_attempts).where(there).values(outcome="returned", error=error))


def first_unconfirmed_attempt_at(tx: Tx, delivery_id: str) -> int | None:
    """When the first try began that may have sent it; None: nothing was sent, as far as anyone knows."""
    found: int | None = tx.execute(_unknown_since, {"delivery": delivery_id}).scalar()
    return found


def list_attempts(tx: Tx, request_id: str) -> Sequence[Row[Any]]:
    return tx.all(_attempts, {"request": request_id})


def mark_dead_letter(tx: Tx, request_id: str, dead: bool) -> bool:
    """False where the request is not open any more."""
    return tx.execute(_dead_letter, {"request": request_id, "dead": dead}).rowcount == 1
