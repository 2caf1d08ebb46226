"""Emptying what is on record, a batch at a time. Each query finds what is left, so that whoever dies goes on where it was."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, delete, func, insert, null, or_, select, tuple_, update

from backend.db.tables import (
    approvals,
    audit,
    connections,
    deliveries,
    delivery_attempts,
    drafts,
    erasure_permits,
    events,
    executions,
    feedback_requests,
    feedback_responses,
    group_members,
    idempotency_keys,
    installations,
    link_proofs,
    mails,
    messages,
    people,
    preferences,
    presences,
    recipients,
    run_events,
    runs,
    sessions,
    sign_ins,
    summaries,
    threads,
    ws_tickets,
)
from backend.db.transaction import Tx
from backend.domain.states import ACTIVE_RUN

BATCH = 200
REQUESTS = 20
REPORTS_WITHIN_MS = 3600 * 1000  # what a tool comes to may be heard of late; none takes that long
_UNDER_WAY = ("queued", "sending", "retry_wait")


@contextmanager
def permit_erasure(tx: Tx, *subjects: str) -> Iterator[None]:
    """Within this, and within this transaction, what is on record about these sessions, runs, requests or scopes may be
    emptied: the database's guards look for it."""
    tx.execute(insert(erasure_permits), [{"subject": subject} for subject in sorted(set(subjects))])
    yield
    tx.execute(delete(erasure_permits).where(erasure_permits.c.subject.in_(subjects)))


def closed_sessions(tx: Tx, before: int, limit: int) -> list[str]:
    """Sessions closed until then that still hold something, the longest closed first."""
    found = select(sessions.c.id).where(
        sessions.c.status == "closed", sessions.c.erased_at.is_(None), sessions.c.updated_at <= before
    )
    return [row.id for row in tx.all(found.order_by(sessions.c.updated_at).limit(limit))]


def people_leaving(tx: Tx) -> list[str]:
    return [row.id for row in tx.all(select(people.c.id).where(people.c.erasing_at.is_not(None), people.c.erased_at.is_(None)))]


def sessions_left(tx: Tx, person_id: str) -> Sequence[Row[Any]]:
    """(id, status) of the person's sessions that still hold something, open ones first."""
    left = select(sessions.c.id, sessions.c.status).where(sessions.c.person_id == person_id, sessions.c.erased_at.is_(None))
    return tx.all(left.order_by(sessions.c.status, sessions.c.id).limit(BATCH))


def _of_session(session_id: str) -> tuple[Any, Any]:
    """Its requests and its runs, as subqueries."""
    return (
        select(feedback_requests.c.id).where(feedback_requests.c.session_id == session_id),
        select(runs.c.id).where(runs.c.session_id == session_id),
    )


def _messages_of(session_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Which deliveries are the session's: words, and copies of requests. Apart, for each has an index of its own."""
    asked, _ = _of_session(session_id)
    return deliveries.c.session_id == session_id, deliveries.c.request_id.in_(asked)


def is_busy(tx: Tx, session_id: str) -> bool:
    """Whether something of the session is still under way: a run, a question, an execution, a message to be sent or closed."""
    _, running = _of_session(session_id)
    looks = (
        select(runs.c.id).where(runs.c.session_id == session_id, runs.c.status.in_(ACTIVE_RUN)),
        select(feedback_requests.c.id).where(
            feedback_requests.c.session_id == session_id, feedback_requests.c.status == "pending"
        ),
        select(executions.c.id).where(
            executions.c.run_id.in_(running),
            or_(
                executions.c.status == "started",
                and_(executions.c.status == "unknown", executions.c.started_at > tx.now - REPORTS_WITHIN_MS),
            ),
        ),
        *(
            select(deliveries.c.id).where(theirs, or_(deliveries.c.next_at.is_not(None), deliveries.c.status.in_(_UNDER_WAY)))
            for theirs in _messages_of(session_id)
        ),
    )
    return any(tx.first(look.limit(1)) is not None for look in looks)


def delete_some(tx: Tx, table: Table, where: ColumnElement[bool]) -> int:
    """Delete at most a batch of the rows; how many."""
    key = tuple(table.primary_key.columns)
    found = [tuple(row) for row in tx.all(select(*key).where(where).limit(BATCH))]
    if found:
        tx.execute(delete(table).where(tuple_(*key).in_(found)))
    return len(found)


def delete_of_session(tx: Tx, session_id: str) -> int:
    """Delete a batch of what goes with the session; 0 once all has gone."""
    _, ran = _of_session(session_id)
    said, asked = _messages_of(session_id)
    parts: tuple[tuple[Table, ColumnElement[bool]], ...] = (
        *(
            (delivery_attempts, delivery_attempts.c.delivery_id.in_(select(deliveries.c.id).where(sent)))
            for sent in (said, asked)
        ),
        (deliveries, said),
        (deliveries, asked),
        (drafts, drafts.c.run_id.in_(ran)),
        (threads, threads.c.session_id == session_id),
        (summaries, summaries.c.session_id == session_id),
        (messages, messages.c.session_id == session_id),
        (events, events.c.session_id == session_id),
    )
    with permit_erasure(tx, session_id):
        for table, where in parts:
            if gone := delete_some(tx, table, where):
                return gone
    run_id = tx.execute(select(run_events.c.run_id).where(run_events.c.run_id.in_(ran)).limit(1)).scalar()
    if run_id is None:
        return 0
    with permit_erasure(tx, run_id):
        return delete_some(tx, run_events, run_events.c.run_id == run_id)


def empty_mails(tx: Tx, session_id: str) -> int:
    """A batch of the mails of a session; that they came is kept, so that none is taken in twice."""
    asked, _ = _of_session(session_id)
    return _empty_mails(tx, mails.c.session_id == session_id) or _empty_mails(tx, mails.c.request_id.in_(asked))


def _empty_mails(tx: Tx, whose: ColumnElement[bool]) -> int:
    key = (mails.c.mailbox, mails.c.id)
    left = or_(mails.c.sender != "", mails.c.text != "", mails.c.whole != "")
    found = [tuple(row) for row in tx.all(select(*key).where(whose, left).limit(BATCH))]
    if found:
        tx.execute(update(mails).where(tuple_(*key).in_(found)).values(sender="", text="", whole="", proposal=null()))
    return len(found)


def empty_executions(tx: Tx, session_id: str) -> int:
    _, ran = _of_session(session_id)
    left = select(executions.c.id).where(executions.c.run_id.in_(ran), executions.c.args != "").limit(BATCH)
    found = [row.id for row in tx.all(left)]
    if found:
        tx.execute(update(executions).where(executions.c.id.in_(found)).values(args="", result=null()))
    return len(found)


def requests_left(tx: Tx, session_id: str) -> Sequence[Row[Any]]:
    """Some of the session's requests that still hold something."""
    left = select(feedback_requests).where(feedback_requests.c.session_id == session_id, feedback_requests.c.erased_at.is_(None))
    return tx.all(left.order_by(feedback_requests.c.id).limit(REQUESTS))


def empty_request(tx: Tx, id: str, body: Mapping[str, Any], response: Any, closed: Any) -> None:
    """Put this in the place of what was asked, answered and approved."""
    values = {"body": body, "response": response, "closed": closed, "erased_at": tx.now}
    tx.execute(update(feedback_requests).where(feedback_requests.c.id == id).values(**values))
    tx.execute(update(feedback_responses).where(feedback_responses.c.request_id == id).values(body={}))
    tx.execute(update(approvals).where(approvals.c.request_id == id).values(args=""))


def finish_session(tx: Tx, session_id: str, title: str) -> None:
    of_it = update(runs).where(runs.c.session_id == session_id)
    tx.execute(of_it.values(settings={}, result=None, error=None, engine_state=None))
    tx.execute(update(sessions).where(sessions.c.id == session_id).values(title=title, channel=None, erased_at=tx.now))


def audit_left(tx: Tx, scope: str, after: int) -> Sequence[Row[Any]]:
    later = select(audit).where(audit.c.scope == scope, audit.c.n > after)
    return tx.all(later.order_by(audit.c.n).limit(BATCH))


def audit_erased_up_to(tx: Tx, scope: str) -> int:
    """The number of the last audit entry that was looked at when content was erased; 0: none was."""
    last = select(audit.c.detail).where(audit.c.scope == scope, audit.c.action == "audit.erased")
    row = tx.first(last.order_by(audit.c.n.desc()).limit(1))
    return int(row.detail["upto"]) if row is not None else 0


def empty_detail(tx: Tx, scope: str, n: int, detail: Mapping[str, Any]) -> None:
    tx.execute(update(audit).where(audit.c.scope == scope, audit.c.n == n).values(detail=detail))


def open_requests_to(tx: Tx, person_id: str) -> list[str]:
    """Open requests of other people's sessions that the person is asked."""
    asked = (
        select(feedback_requests.c.id)
        .join(recipients, recipients.c.request_id == feedback_requests.c.id)
        .where(recipients.c.person_id == person_id, feedback_requests.c.status == "pending")
    )
    return [row.id for row in tx.all(asked.distinct().order_by(feedback_requests.c.id))]


def stop_copies(tx: Tx, request_id: str, person_id: str, error: str) -> int:
    """Send this person nothing more about the request; what is on its way arrives."""
    theirs = (
        deliveries.c.request_id == request_id,
        deliveries.c.person_id == person_id,
        deliveries.c.status != "sending",
        deliveries.c.next_at.is_not(None),
    )
    stopped = update(deliveries).where(*theirs).values(status="failed", error=error, next_at=None)
    return tx.execute(stopped).rowcount


def requests_answered(tx: Tx, person_id: str, after: str) -> Sequence[Row[Any]]:
    """Some of the requests that the person saw, by id, with the state of their run."""
    concerned = select(recipients.c.request_id).where(recipients.c.person_id == person_id)
    asked = (
        select(feedback_requests, runs.c.status.label("run_status"))
        .outerjoin(runs, runs.c.id == feedback_requests.c.run_id)
        .where(feedback_requests.c.id.in_(concerned), feedback_requests.c.id > after)
    )
    return tx.all(asked.order_by(feedback_requests.c.id).limit(REQUESTS))


def leave_request(tx: Tx, person_id: str, row: Row[Any], body: Any, response: Any, closed: Any) -> None:
    """Put this in the place of what holds the person's name and words; the request stays whole for the others."""
    values = {"body": body, "response": response, "closed": closed}
    tx.execute(update(feedback_requests).where(feedback_requests.c.id == row.id).values(**values))
    theirs = (feedback_responses.c.request_id == row.id, feedback_responses.c.person_id == person_id)
    tx.execute(update(feedback_responses).where(*theirs).values(body={}))


def frames_with(tx: Tx, session_id: str, request_id: str) -> Sequence[Row[Any]]:
    holds = events.c.frame.contains(request_id, autoescape=True)
    return tx.all(select(events).where(events.c.session_id == session_id, holds).order_by(events.c.seq))


def rewrite_frame(tx: Tx, session_id: str, seq: int, frame: str) -> None:
    tx.execute(update(events).where(events.c.session_id == session_id, events.c.seq == seq).values(frame=frame))


def answers_in_log(tx: Tx, run_id: str) -> Sequence[Row[Any]]:
    return tx.all(select(run_events).where(run_events.c.run_id == run_id, run_events.c.kind == "resolved"))


def rewrite_entry(tx: Tx, run_id: str, n: int, data: Mapping[str, Any]) -> None:
    tx.execute(update(run_events).where(run_events.c.run_id == run_id, run_events.c.n == n).values(data=data))


def save_cursor(tx: Tx, person_id: str, request_id: str) -> None:
    tx.execute(update(people).where(people.c.id == person_id).values(erasure_cursor=request_id))


def empty_mails_from(tx: Tx, person_id: str) -> int:
    """A batch of the mails that came from an address of the person, also of those that nobody vouched for."""
    linked = select(func.lower(connections.c.account)).where(
        connections.c.person_id == person_id, connections.c.channel == "email"
    )
    own = select(func.lower(people.c.email)).where(people.c.id == person_id)
    return _empty_mails(tx, func.lower(mails.c.sender).in_(linked.union_all(own)))


def delete_of_person(tx: Tx, person_id: str) -> int:
    """Delete or empty a batch of what is the person's alone; 0 once all has gone."""
    if emptied := _empty_mails(tx, mails.c.person_id == person_id):
        return emptied
    theirs = select(deliveries.c.id).where(deliveries.c.person_id == person_id)
    parts: tuple[tuple[Table, ColumnElement[bool]], ...] = (
        (delivery_attempts, delivery_attempts.c.delivery_id.in_(theirs)),
        (deliveries, deliveries.c.person_id == person_id),
        (connections, connections.c.person_id == person_id),
        (preferences, preferences.c.person_id == person_id),
        (link_proofs, link_proofs.c.person_id == person_id),
        (threads, threads.c.person_id == person_id),
        (presences, presences.c.person_id == person_id),
        (group_members, group_members.c.person_id == person_id),
        (idempotency_keys, idempotency_keys.c.person_id == person_id),
        (ws_tickets, ws_tickets.c.person_id == person_id),
        (sign_ins, sign_ins.c.person_id == person_id),
    )
    for table, where in parts:
        if gone := delete_some(tx, table, where):
            return gone
    return 0


def copies_under_way(tx: Tx, person_id: str) -> bool:
    """Whether a message to the person is still being sent, or one that was sent is still to be closed."""
    under_way = or_(deliveries.c.next_at.is_not(None), deliveries.c.status.in_(_UNDER_WAY))
    return tx.first(select(deliveries.c.id).where(deliveries.c.person_id == person_id, under_way).limit(1)) is not None


def finish_person(tx: Tx, person_id: str, name: str) -> None:
    tx.execute(update(installations).where(installations.c.installed_by == person_id).values(installed_by=None))
    blank = {"name": name, "email": f"{person_id}@erased.invalid", "password_hash": "-", "role": "member"}
    tx.execute(update(people).where(people.c.id == person_id).values(**blank, erasure_cursor=None, erased_at=tx.now))


def count_left(tx: Tx, person_id: str) -> int:
    """How many of the person's sessions still hold something."""
    left = select(func.count()).where(sessions.c.person_id == person_id, sessions.c.erased_at.is_(None))
    return int(tx.execute(left).scalar_one())
