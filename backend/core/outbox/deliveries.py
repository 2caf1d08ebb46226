"""Deliveries: what a worker may do with a message that is due, and what follows from how it went.

Each is claimed under a fenced lease. What is to be done follows from the rows alone: send while the request is open,
close what was sent once it is decided, else let the ladder make its next move."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from backend.core.linking.connection_health import mark_failing, mark_recovered
from backend.core.outbox.escalation import CARRY, climb, keep_copies, new_copy, tell
from backend.core.outbox.recipient_limits import hold
from backend.core.requests.lifecycle import shape_request
from backend.core.requests.recipients import may_decide
from backend.core.requests.withdrawn_view import SHUT_OUT, bare_question, is_shut_out
from backend.db import Row, Tx
from backend.db.queries import deliveries as store
from backend.db.queries import linked_accounts, requests, sessions
from backend.domain.policy import Policy
from backend.domain.states import ChannelType, ConnectionStatus, DeliveryStatus, FeedbackStatus
from backend.observability.metrics import DELIVER
from channels.contract import Address, Question, Receipt, Words
from channels.errors import ChannelError, Disconnected, Retryable
from channels.escalation import TRIES, retry_in

LEASE_MS = 60_000
CONTEXT_TURNS, CONTEXT_LENGTH = 3, 240
NEVER_LINKED = "No account is linked for this channel."
NOT_SET_UP = "The channel {} is not set up on this server."
DIED = "The worker that tried it has not reported."
STOPPED = "The worker was stopped while it tried."
NO_MAILBOX = "no_mailbox"  # what is wrong is ours, and not the person's connection
NOT_CLOSABLE = "It is not known whether this copy was sent, so it could not be closed."

Verb = Literal["deliver", "settle", "say"]


@dataclass(frozen=True, slots=True)
class Work:
    """One try to make: `verb` names the channel's method. `earlier` is set where the outcome of a try to send is unknown."""

    delivery_id: str
    token: int
    verb: Verb
    channel: str
    to: Address
    question: Question | None = None
    words: Words | None = None
    receipt: Receipt | None = None
    earlier: Mapping[str, Any] | None = None


def claim_delivery(tx: Tx, delivery_id: str, policy: Policy, url: str, set_up: Collection[str]) -> Work | None:
    """Take the delivery's lease and say what to try; None where there is nothing to send (any more), or no way: `set_up`
    are the channels of this server."""
    row = store.claim_delivery(tx, delivery_id, tx.now + LEASE_MS)
    if row is None:
        return None
    shut_out = is_shut_out(tx, row.person_id)
    if row.request_id is None:
        if shut_out:
            _fail(tx, row, None, SHUT_OUT)
            return None
        return _begin(tx, row, "say", set_up, words=_words(tx, row))
    request = requests.request_by_id(tx, row.request_id)
    assert request is not None, "a copy belongs to a request"
    if not may_decide(tx, request, row.person_id):
        return _close_for_good(tx, row, request, set_up, url, shut_out)
    if request.status == FeedbackStatus.PENDING and row.status in (*_UNSENT, DeliveryStatus.SENDING):
        held = hold(tx, request, row)
        if held is not None:
            store.update_delivery(tx, row.id, lease_until=None)
            _retry(tx, row, request, "deliver", *held)
            return None
        question = question_for(tx, request, row.channel, policy, url)
        return _begin(tx, row, "deliver", set_up, question, request)
    if request.status == FeedbackStatus.PENDING:
        store.update_delivery(tx, row.id, lease_until=None)
        climb(tx, request, row.person_id)
        return None
    if row.ref is None:
        _close_unsent(tx, request, row)
        return None
    return _begin(tx, row, "settle", set_up, question_for(tx, request, row.channel, policy, url), request)


def _close_for_good(tx: Tx, row: Row[Any], request: Row[Any], set_up: Collection[str], url: str, shut_out: bool) -> Work | None:
    """Close the copy of somebody who is asked no more. They are told nothing of what it was about; whoever is shut out is
    sent nothing at all, so a mail stays as it is."""
    if row.ref is None or (shut_out and row.channel == ChannelType.EMAIL):
        _close_unsent(tx, request, row)
        return None
    return _begin(tx, row, "settle", set_up, bare_question(request, url), request)


def _words(tx: Tx, row: Row[Any]) -> Words:
    session = sessions.session_row(tx, row.session_id) if row.session_id else None
    said, topic = row.words, session.title if session is not None else ""
    return Words(said["text"], said["author"], row.id, said.get("about"), said.get("version"), row.session_id, topic)


_UNSENT = (DeliveryStatus.QUEUED, DeliveryStatus.RETRY_WAIT)


def _begin(
    tx: Tx,
    row: Row[Any],
    verb: Verb,
    set_up: Collection[str],
    question: Question | None = None,
    request: Row[Any] | None = None,
    words: Words | None = None,
) -> Work | None:
    account = row.account or _account(tx, row.person_id, row.channel)
    if account is None:
        _fail(tx, row, request, NEVER_LINKED if row.channel in set_up else NOT_SET_UP.format(row.channel))
        return None
    store.end_attempt(tx, row.id, "unknown", DIED)
    if verb != "settle" and row.status == DeliveryStatus.SENDING and store.count_deaths(tx, row.id, DIED) >= TRIES:
        _fail(tx, row, request, DIED)
        return None
    since = store.unknown_since(tx, row.id)
    earlier = None if since is None else {"request_id": row.request_id or row.id, "since": since}
    store.begin_attempt(tx, row.id, verb)
    thread = row.thread or (None if request is None or row.attempts else _thread(tx, request, row))
    values: dict[str, Any] = {"account": account, "thread": thread, "next_at": tx.now + LEASE_MS}
    if verb != "settle":
        values |= {"status": DeliveryStatus.SENDING, "attempts": row.attempts + 1}
    store.update_delivery(tx, row.id, **values)
    if request is not None and verb == "deliver":
        tell(tx, request, {**row._mapping, "status": DeliveryStatus.SENDING})
    receipt = Receipt(row.ref) if row.ref is not None else None
    return Work(row.id, row.token, verb, row.channel, Address(account, thread), question, words, receipt, earlier)


def _thread(tx: Tx, request: Row[Any], row: Row[Any]) -> dict[str, Any] | None:
    """Where the person last spoke, so that they are asked there; None: they spoke elsewhere, or it is not their session. By
    mail a session is one thread for each person, whoever began it."""
    here = request.owner_id == row.person_id and sessions.last_spoke_via(tx, request.session_id) == row.channel
    if not here and row.channel != ChannelType.EMAIL:
        return None
    place = linked_accounts.place_of(tx, request.session_id, row.channel, row.person_id)
    return dict(place.thread) if place else None


def _account(tx: Tx, person_id: str, channel: str) -> str | None:
    if channel == ChannelType.CHAT:
        return person_id
    return linked_accounts.account_on(tx, person_id, channel)


def question_for(tx: Tx, request: Row[Any], channel: str, policy: Policy, url: str) -> Question:
    """The request as it is now, in the form a channel shows."""
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
    """The last things said, oldest first, a line each: enough to recognise the conversation on another channel."""
    rows = list(sessions.list_messages(tx, session_id, None))[:CONTEXT_TURNS]
    lines = [f"{row.author_name or 'Agent'}: {' '.join(row.content.split())}" for row in reversed(rows)]
    return "\n".join(line if len(line) <= CONTEXT_LENGTH else line[: CONTEXT_LENGTH - 1] + "…" for line in lines)


def keep_sent(tx: Tx, work: Work, receipt: Receipt) -> None:
    """The provider took the message. When the request was decided meanwhile, its copy is closed next."""
    sent = {"status": DeliveryStatus.SENT, "sent_at": tx.now, "error": None, "ref": dict(receipt.ref)}
    if not store.update_held(tx, work.delivery_id, work.token, lease_until=None, next_at=None, **sent):
        _keep_stray(tx, work, receipt)
        return
    store.end_attempt(tx, work.delivery_id, "sent", None)
    request, row = _both(tx, work)
    tx.took(DELIVER, work.channel, row.created_at)
    mark_recovered(tx, row)
    session_id = row.session_id if request is None else request.session_id
    if receipt.place is not None and session_id:
        _keep_place(tx, row, session_id, receipt.place, dict(receipt.thread or {}))
    if request is None:
        return
    tell(tx, request, row._mapping)
    if request.status == FeedbackStatus.PENDING:
        climb(tx, request, row.person_id)
    else:
        store.update_delivery(tx, row.id, next_at=tx.now)
        tx.ring(CARRY, row.id)


def _keep_stray(tx: Tx, work: Work, receipt: Receipt) -> None:
    """The lease passed to another worker before this one's message was taken, which that one could not know of: it is a copy
    of its own, on no ladder, and is closed with the others."""
    request, row = _both(tx, work)
    if request is None or row.ref == receipt.ref:
        return
    round = min(copy.round for copy in store.list_deliveries(tx, request.id)) - 1
    stray = new_copy(tx, request.id, row.person_id, [{"channel": row.channel, "wait_ms": 0}], round=round)
    stray |= {"status": DeliveryStatus.SENT, "attempts": 1, "sent_at": tx.now, "ref": dict(receipt.ref)}
    stray |= {"account": work.to.account, "thread": dict(work.to.thread) if work.to.thread else None}
    stray |= {"next_at": None if request.status == FeedbackStatus.PENDING else tx.now}
    keep_copies(tx, [stray])
    store.begin_attempt(tx, stray["id"], "deliver", store.unknown_since(tx, row.id))
    store.end_attempt(tx, stray["id"], "sent", None)


def _keep_place(tx: Tx, row: Row[Any], session_id: str, place: str, thread: dict[str, Any]) -> None:
    known = linked_accounts.session_at(tx, row.channel, place)
    if known is None:
        linked_accounts.bind_place(tx, row.channel, place, session_id, row.person_id, thread)
    elif known.session_id == session_id:
        linked_accounts.keep_thread(tx, row.channel, place, thread)


def keep_settled(tx: Tx, work: Work) -> None:
    """The copy says how the request ended."""
    request, row = _both(tx, work)
    withdrawn = request is not None and request.status == FeedbackStatus.PENDING
    values = {"status": DeliveryStatus.SETTLED, "settled_at": tx.now, "error": row.error if withdrawn else None}
    if store.update_held(tx, work.delivery_id, work.token, lease_until=None, next_at=None, **values):
        store.end_attempt(tx, work.delivery_id, "settled", None)
        request, row = _both(tx, work)
        if request is not None:
            tell(tx, request, row._mapping)


def hand_over(tx: Tx, work: Work) -> None:
    """This worker stops in the middle of its try: another goes on at once, and looks for what may have gone out."""
    if store.update_held(tx, work.delivery_id, work.token, lease_until=None, next_at=tx.now):
        store.end_attempt(tx, work.delivery_id, "unknown", STOPPED)
        if work.verb != "settle":
            values = {"status": DeliveryStatus.RETRY_WAIT, "error": STOPPED}
            store.update_delivery(tx, work.delivery_id, **values)
        tx.ring(CARRY, work.delivery_id)


def keep_failure(tx: Tx, work: Work, error: ChannelError, chance: float) -> None:
    """The try failed: try again later, or leave this step for the next."""
    unknown = isinstance(error, Retryable) and error.unknown
    if not store.update_held(tx, work.delivery_id, work.token, lease_until=None):
        return
    store.end_attempt(tx, work.delivery_id, "unknown" if unknown else "failed", error.reason)
    request, row = _both(tx, work)
    tries = store.count_tries(tx, row.id, work.verb, (DIED, STOPPED))
    wait = retry_in(tries, error.after, chance) if isinstance(error, Retryable) else None
    if isinstance(error, Disconnected):
        mark_failing(tx, row, ConnectionStatus.DISCONNECTED, error.reason)
    elif wait is None and work.verb != "settle" and error.code != NO_MAILBOX:
        mark_failing(tx, row, ConnectionStatus.DEGRADED, error.reason)
    if wait is None and work.verb == "settle":
        values = {"status": DeliveryStatus.SETTLED, "settled_at": tx.now, "error": f"Could not be closed: {error.reason}"}
        store.update_delivery(tx, row.id, next_at=None, **values)
    elif wait is None:
        _fail(tx, row, request, error.reason)
    else:
        _retry(tx, row, request, work.verb, tx.now + wait, error.reason)


def _retry(tx: Tx, row: Row[Any], request: Row[Any] | None, verb: Verb, at: int, reason: str) -> None:
    values: dict[str, Any] = {"next_at": at, "error": reason}
    if verb != "settle":
        values["status"] = DeliveryStatus.RETRY_WAIT
    store.update_delivery(tx, row.id, **values)
    if request is not None and verb == "deliver":
        tell(tx, request, {**row._mapping, **values})
        if request.status == FeedbackStatus.PENDING:
            climb(tx, request, row.person_id)


def _fail(tx: Tx, row: Row[Any], request: Row[Any] | None, reason: str) -> None:
    """Nothing more is tried with this copy; the ladder goes on."""
    values: dict[str, Any] = {"status": DeliveryStatus.FAILED, "error": reason, "next_at": None, "lease_until": None}
    store.update_delivery(tx, row.id, **values)
    if request is not None:
        tell(tx, request, {**row._mapping, **values})
        if request.status == FeedbackStatus.PENDING:
            climb(tx, request, row.person_id)


def _close_unsent(tx: Tx, request: Row[Any], row: Row[Any]) -> None:
    """The request is decided and nothing is known to have been sent: there is nothing to rewrite."""
    error = NOT_CLOSABLE if row.status == DeliveryStatus.SENDING else row.error
    if row.ref is not None:
        error = SHUT_OUT
    store.end_attempt(tx, row.id, "unknown", NOT_CLOSABLE)
    values = {"status": DeliveryStatus.SETTLED, "settled_at": tx.now, "error": error, "next_at": None, "lease_until": None}
    store.update_delivery(tx, row.id, **values)


def _both(tx: Tx, work: Work) -> tuple[Row[Any] | None, Row[Any]]:
    row = store.delivery_by_id(tx, work.delivery_id)
    assert row is not None, "a delivery that was claimed stays on record"
    return (requests.request_by_id(tx, row.request_id) if row.request_id else None), row


def come_back(tx: Tx, channel: str, account: str, subject_id: str, reason: str) -> None:
    """What was sent to the account about a request, or as words of that id, came back for good: it counts as failed."""
    row = store.delivery_by_id(tx, subject_id)
    for copy in store.list_deliveries(tx, subject_id) if row is None else [row]:
        if (copy.channel, copy.account, copy.status) == (channel, account, DeliveryStatus.SENT):
            store.return_attempt(tx, copy.id, reason)
            mark_failing(tx, copy, ConnectionStatus.DEGRADED, reason)
            _fail(tx, copy, requests.request_by_id(tx, copy.request_id) if copy.request_id else None, reason)
