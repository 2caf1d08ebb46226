"""Record the result of a delivery attempt and what follows: a retry, the next escalation step, or the end."""

from typing import Any

from backend.core.linking.connection_health import mark_failing, mark_recovered
from backend.core.outbox.delivery_attempt import WORKER_DIED, WORKER_STOPPED, DeliveryAttempt, DeliveryVerb
from backend.core.outbox.escalation import DELIVER_JOB, escalate, new_delivery, publish_delivery, queue_deliveries
from backend.core.requests.withdrawn_view import ACCOUNT_DISABLED
from backend.db import Row, Tx
from backend.db.locks import locks
from backend.db.queries import deliveries as store
from backend.db.queries import linked_accounts, requests
from backend.domain.states import ConnectionStatus, DeliveryStatus, FeedbackStatus
from backend.observability.metrics import DELIVER
from channels.contract import DeliveryReceipt
from channels.errors import ChannelError, Disconnected, Retryable
from channels.escalation import retry_delay_ms

NO_MAILBOX = "no_mailbox"  # the server's fault, not the person's connection
MAYBE_SENT = "It is not known whether this message was sent, so it could not be updated."


@locks(delivery="work.delivery_id", place="work.channel, receipt.place")
def record_sent(tx: Tx, work: DeliveryAttempt, receipt: DeliveryReceipt) -> None:
    """Record that the provider accepted the message. If the request was decided meanwhile, settle the message next."""
    sent = {"status": DeliveryStatus.SENT, "sent_at": tx.now, "error": None, "ref": dict(receipt.ref)}
    if not store.update_delivery_under_lease(tx, work.delivery_id, work.token, lease_until=None, next_at=None, **sent):
        _record_duplicate(tx, work, receipt)
        return
    store.end_attempt(tx, work.delivery_id, "sent", None)
    request, row = _load(tx, work)
    tx.took(DELIVER, work.channel, row.created_at)
    mark_recovered(tx, row)
    session_id = row.session_id if request is None else request.session_id
    if receipt.place is not None and session_id:
        _bind_thread(tx, row, session_id, receipt.place, dict(receipt.thread or {}))
    if request is None:
        return
    publish_delivery(tx, request, row._mapping)
    if request.status == FeedbackStatus.PENDING:
        escalate(tx, request, row.person_id)
    else:
        store.update_delivery(tx, row.id, next_at=tx.now)
        tx.enqueue(DELIVER_JOB, row.id)


def _record_duplicate(tx: Tx, work: DeliveryAttempt, receipt: DeliveryReceipt) -> None:
    """Record a message that was sent after the lease passed to another worker: a delivery of its own, outside the
    escalation, which is settled with the others."""
    request, row = _load(tx, work)
    if request is None or row.ref == receipt.ref:
        return
    round = min(copy.round for copy in store.list_deliveries(tx, request.id)) - 1
    stray = new_delivery(tx, request.id, row.person_id, [{"channel": row.channel, "wait_ms": 0}], round=round)
    stray |= {"status": DeliveryStatus.SENT, "attempts": 1, "sent_at": tx.now, "ref": dict(receipt.ref)}
    stray |= {"account": work.to.account, "thread": dict(work.to.thread) if work.to.thread else None}
    stray |= {"next_at": None if request.status == FeedbackStatus.PENDING else tx.now}
    queue_deliveries(tx, [stray])
    store.begin_attempt(tx, stray["id"], "deliver", store.first_unconfirmed_attempt_at(tx, row.id))
    store.end_attempt(tx, stray["id"], "sent", None)


def _bind_thread(tx: Tx, row: Row[Any], session_id: str, place: str, thread: dict[str, Any]) -> None:
    known = linked_accounts.session_at(tx, row.channel, place)
    if known is None:
        linked_accounts.bind_place(tx, row.channel, place, session_id, row.person_id, thread)
    elif known.session_id == session_id:
        linked_accounts.update_thread(tx, row.channel, place, thread)


@locks(delivery="work.delivery_id")
def record_settled(tx: Tx, work: DeliveryAttempt) -> None:
    """Record that the sent message now shows how the request ended."""
    request, row = _load(tx, work)
    withdrawn = request is not None and request.status == FeedbackStatus.PENDING
    values = {"status": DeliveryStatus.SETTLED, "settled_at": tx.now, "error": row.error if withdrawn else None}
    if store.update_delivery_under_lease(tx, work.delivery_id, work.token, lease_until=None, next_at=None, **values):
        store.end_attempt(tx, work.delivery_id, "settled", None)
        request, row = _load(tx, work)
        if request is not None:
            publish_delivery(tx, request, row._mapping)


@locks(delivery="work.delivery_id")
def release_delivery(tx: Tx, work: DeliveryAttempt) -> None:
    """Release a delivery because this worker stops during an attempt; another worker continues and checks what was sent."""
    if store.update_delivery_under_lease(tx, work.delivery_id, work.token, lease_until=None, next_at=tx.now):
        store.end_attempt(tx, work.delivery_id, "unknown", WORKER_STOPPED)
        if work.verb != "settle":
            values = {"status": DeliveryStatus.RETRY_WAIT, "error": WORKER_STOPPED}
            store.update_delivery(tx, work.delivery_id, **values)
        tx.enqueue(DELIVER_JOB, work.delivery_id)


@locks(delivery="work.delivery_id")
def record_failure(tx: Tx, work: DeliveryAttempt, error: ChannelError, chance: float) -> None:
    """Record a failed attempt, and retry later or escalate."""
    unknown = isinstance(error, Retryable) and error.unknown
    if not store.update_delivery_under_lease(tx, work.delivery_id, work.token, lease_until=None):
        return
    store.end_attempt(tx, work.delivery_id, "unknown" if unknown else "failed", error.reason)
    request, row = _load(tx, work)
    tries = store.count_tries(tx, row.id, work.verb, (WORKER_DIED, WORKER_STOPPED))
    wait = retry_delay_ms(tries, error.after, chance) if isinstance(error, Retryable) else None
    if isinstance(error, Disconnected):
        mark_failing(tx, row, ConnectionStatus.DISCONNECTED, error.reason)
    elif wait is None and work.verb != "settle" and error.code != NO_MAILBOX:
        mark_failing(tx, row, ConnectionStatus.DEGRADED, error.reason)
    if wait is None and work.verb == "settle":
        values = {"status": DeliveryStatus.SETTLED, "settled_at": tx.now, "error": f"Could not be updated: {error.reason}"}
        store.update_delivery(tx, row.id, next_at=None, **values)
    elif wait is None:
        mark_failed(tx, row, request, error.reason)
    else:
        schedule_retry(tx, row, request, work.verb, tx.now + wait, error.reason)


def schedule_retry(tx: Tx, row: Row[Any], request: Row[Any] | None, verb: DeliveryVerb, at: int, reason: str) -> None:
    values: dict[str, Any] = {"next_at": at, "error": reason}
    if verb != "settle":
        values["status"] = DeliveryStatus.RETRY_WAIT
    store.update_delivery(tx, row.id, **values)
    if request is not None and verb == "deliver":
        publish_delivery(tx, request, {**row._mapping, **values})
        if request.status == FeedbackStatus.PENDING:
            escalate(tx, request, row.person_id)


def mark_failed(tx: Tx, row: Row[Any], request: Row[Any] | None, reason: str) -> None:
    """Mark the delivery as failed for good, and escalate."""
    values: dict[str, Any] = {"status": DeliveryStatus.FAILED, "error": reason, "next_at": None, "lease_until": None}
    store.update_delivery(tx, row.id, **values)
    if request is not None:
        publish_delivery(tx, request, {**row._mapping, **values})
        if request.status == FeedbackStatus.PENDING:
            escalate(tx, request, row.person_id)


def close_unsent(tx: Tx, request: Row[Any], row: Row[Any]) -> None:
    """Settle a delivery of which no sent message is known, so that there is nothing to update."""
    error = MAYBE_SENT if row.status == DeliveryStatus.SENDING else row.error
    if row.ref is not None:
        error = ACCOUNT_DISABLED
    store.end_attempt(tx, row.id, "unknown", MAYBE_SENT)
    values = {"status": DeliveryStatus.SETTLED, "settled_at": tx.now, "error": error, "next_at": None, "lease_until": None}
    store.update_delivery(tx, row.id, **values)


def _load(tx: Tx, work: DeliveryAttempt) -> tuple[Row[Any] | None, Row[Any]]:
    row = store.delivery_by_id(tx, work.delivery_id)
    assert row is not None, "deliveries are never deleted while claimed"
    return (requests.request_by_id(tx, row.request_id) if row.request_id else None), row


def record_bounce(tx: Tx, channel: str, account: str, subject_id: str, reason: str) -> None:
    """Mark what was sent to the account as failed because it bounced. `subject_id` is a request or a delivery."""
    row = store.delivery_by_id(tx, subject_id)
    for copy in store.list_deliveries(tx, subject_id) if row is None else [row]:
        if (copy.channel, copy.account, copy.status) == (channel, account, DeliveryStatus.SENT):
            store.mark_attempt_bounced(tx, copy.id, reason)
            mark_failing(tx, copy, ConnectionStatus.DEGRADED, reason)
            mark_failed(tx, copy, requests.request_by_id(tx, copy.request_id) if copy.request_id else None, reason)
