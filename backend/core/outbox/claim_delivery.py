"""Claim a due delivery under a fenced lease and decide what to do with it.

The rows alone decide: send it while its request is open, settle it once the request is decided, else take the next step of
the escalation."""

from collections.abc import Collection
from typing import Any

from backend.core.outbox.delivery_attempt import NEVER_LINKED, NOT_SET_UP, WORKER_DIED, DeliveryAttempt, DeliveryVerb
from backend.core.outbox.delivery_results import close_unsent, mark_failed, schedule_retry
from backend.core.outbox.escalation import escalate, publish_delivery
from backend.core.outbox.recipient_limits import delay_over_limit
from backend.core.requests.recipients import may_decide
from backend.core.requests.view import shape_request
from backend.core.requests.withdrawn_view import ACCOUNT_DISABLED, is_disabled, withdrawn_question
from backend.db import Row, Tx
from backend.db.locks import locks
from backend.db.queries import deliveries as store
from backend.db.queries import linked_accounts, requests, sessions
from backend.domain.policy import Policy
from backend.domain.states import ChannelType, DeliveryStatus, FeedbackStatus
from channels.contract import Address, DeliveryReceipt, Question, TextMessage
from channels.escalation import MAX_ATTEMPTS

LEASE_MS = 60_000
CONTEXT_TURNS, CONTEXT_LENGTH = 3, 240


@locks(delivery="delivery_id")
def claim_delivery(tx: Tx, delivery_id: str, policy: Policy, url: str, set_up: Collection[str]) -> DeliveryAttempt | None:
    """Take the delivery's lease. Returns the attempt to make; None if there is nothing to send or no way to send it.
    `set_up` are the channels of this server."""
    row = store.claim_delivery(tx, delivery_id, tx.now + LEASE_MS)
    if row is None:
        return None
    shut_out = is_disabled(tx, row.person_id)
    if row.request_id is None:
        if shut_out:
            mark_failed(tx, row, None, ACCOUNT_DISABLED)
            return None
        return _begin_attempt(tx, row, "say", set_up, words=_message_of(tx, row))
    request = requests.request_by_id(tx, row.request_id)
    assert request is not None, "requests are never deleted"
    if not may_decide(tx, request, row.person_id):
        return _close_withdrawn(tx, row, request, set_up, url, shut_out)
    if request.status == FeedbackStatus.PENDING and row.status in (*_UNSENT, DeliveryStatus.SENDING):
        held = delay_over_limit(tx, request, row)
        if held is not None:
            store.update_delivery(tx, row.id, lease_until=None)
            schedule_retry(tx, row, request, "deliver", *held)
            return None
        question = question_for(tx, request, row.channel, policy, url)
        return _begin_attempt(tx, row, "deliver", set_up, question, request)
    if request.status == FeedbackStatus.PENDING:
        store.update_delivery(tx, row.id, lease_until=None)
        escalate(tx, request, row.person_id)
        return None
    if row.ref is None:
        close_unsent(tx, request, row)
        return None
    return _begin_attempt(tx, row, "settle", set_up, question_for(tx, request, row.channel, policy, url), request)


def _close_withdrawn(
    tx: Tx, row: Row[Any], request: Row[Any], set_up: Collection[str], url: str, shut_out: bool
) -> DeliveryAttempt | None:
    """Close the delivery of a former recipient without showing the request's content. A disabled account is sent no mail, so
    its mail stays as it is."""
    if row.ref is None or (shut_out and row.channel == ChannelType.EMAIL):
        close_unsent(tx, request, row)
        return None
    return _begin_attempt(tx, row, "settle", set_up, withdrawn_question(request, url), request)


def _message_of(tx: Tx, row: Row[Any]) -> TextMessage:
    session = sessions.session_row(tx, row.session_id) if row.session_id else None
    said, topic = row.words, session.title if session is not None else ""
    return TextMessage(said["text"], said["author"], row.id, said.get("about"), said.get("version"), row.session_id, topic)


_UNSENT = (DeliveryStatus.QUEUED, DeliveryStatus.RETRY_WAIT)


def _begin_attempt(
    tx: Tx,
    row: Row[Any],
    verb: DeliveryVerb,
    set_up: Collection[str],
    question: Question | None = None,
    request: Row[Any] | None = None,
    words: TextMessage | None = None,
) -> DeliveryAttempt | None:
    account = row.account or _account_of(tx, row.person_id, row.channel)
    if account is None:
        mark_failed(tx, row, request, NEVER_LINKED if row.channel in set_up else NOT_SET_UP.format(row.channel))
        return None
    store.end_attempt(tx, row.id, "unknown", WORKER_DIED)
    if verb != "settle" and row.status == DeliveryStatus.SENDING and store.count_deaths(tx, row.id, WORKER_DIED) >= MAX_ATTEMPTS:
        mark_failed(tx, row, request, WORKER_DIED)
        return None
    since = store.first_unconfirmed_attempt_at(tx, row.id)
    earlier = None if since is None else {"request_id": row.request_id or row.id, "since": since}
    store.begin_attempt(tx, row.id, verb)
    thread = row.thread or (None if request is None or row.attempts else _thread_for(tx, request, row))
    values: dict[str, Any] = {"account": account, "thread": thread, "next_at": tx.now + LEASE_MS}
    if verb != "settle":
        values |= {"status": DeliveryStatus.SENDING, "attempts": row.attempts + 1}
    store.update_delivery(tx, row.id, **values)
    if request is not None and verb == "deliver":
        publish_delivery(tx, request, {**row._mapping, "status": DeliveryStatus.SENDING})
    receipt = DeliveryReceipt(row.ref) if row.ref is not None else None
    return DeliveryAttempt(row.id, row.token, verb, row.channel, Address(account, thread), question, words, receipt, earlier)


def _thread_for(tx: Tx, request: Row[Any], row: Row[Any]) -> dict[str, Any] | None:
    """The thread in which the person last wrote; None if they wrote elsewhere or it is not their session. By mail, a session
    is one thread for each person."""
    here = request.owner_id == row.person_id and sessions.last_channel_used(tx, request.session_id) == row.channel
    if not here and row.channel != ChannelType.EMAIL:
        return None
    place = linked_accounts.place_of(tx, request.session_id, row.channel, row.person_id)
    return dict(place.thread) if place else None


def _account_of(tx: Tx, person_id: str, channel: str) -> str | None:
    if channel == ChannelType.CHAT:
        return person_id
    return linked_accounts.account_on(tx, person_id, channel)


def question_for(tx: Tx, request: Row[Any], channel: str, policy: Policy, url: str) -> Question:
    """The request as it is now, in the form that channels render."""
    risk = (request.body.get("action") or {}).get("risk", "low")
    session = sessions.session_row(tx, request.session_id)
    return Question(
        request=shape_request(tx, request),
        link=f"{url}/r/{request.id}",
        decidable=policy.may_decide_on(channel, risk),
        context=_context(tx, request.session_id),
        topic=session.title if session is not None else "",
    )


def _context(tx: Tx, session_id: str) -> str:
    """The last messages of the session, oldest first, one line each, so that people recognise the conversation."""
    rows = list(sessions.list_messages(tx, session_id, None))[:CONTEXT_TURNS]
    lines = [f"{row.author_name or 'Agent'}: {' '.join(row.content.split())}" for row in reversed(rows)]
    return "\n".join(line if len(line) <= CONTEXT_LENGTH else line[: CONTEXT_LENGTH - 1] + "…" for line in lines)
