"""Queries about sessions, their messages and their log."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Row, and_, bindparam, exists, func, insert, literal, or_, select, update

from backend.db.tables import audit, deliveries, events, feedback_requests, messages, people, runs, sessions, summaries
from backend.db.transaction import Tx
from backend.domain.states import ACTIVE_RUN

PAGE = 50
LOG_PAGE = 1000
LOG_PAGE_CHARS = 500_000  # a page is full with the frame that passes this

_open_here = (feedback_requests.c.session_id == sessions.c.id, feedback_requests.c.status == "pending")
_waiting = select(func.count()).where(*_open_here).correlate(sessions).scalar_subquery().label("waiting")
# One that only waits in the web chat for somebody to look is a dead letter too, but nothing went wrong with it.
_went_wrong = exists().where(deliveries.c.request_id == feedback_requests.c.id, deliveries.c.status == "failed")
_undelivered = (
    select(func.count())
    .select_from(feedback_requests)
    .where(*_open_here, feedback_requests.c.dead_letter, _went_wrong)
    .correlate(sessions)
    .scalar_subquery()
    .label("undelivered")
)
_active_run = (
    select(runs.c.id)
    .where(runs.c.session_id == sessions.c.id, runs.c.status.in_(ACTIVE_RUN))
    .correlate(sessions)
    .limit(1)
    .scalar_subquery()
    .label("active_run_id")
)
_full = select(sessions, _waiting, _undelivered, _active_run)
_by_id = _full.where(sessions.c.id == bindparam("id"))
_plain = select(sessions).where(sessions.c.id == bindparam("id"))
_insert = insert(sessions)
_insert_message = insert(messages)
_client_message = select(messages).where(
    messages.c.session_id == bindparam("session"), messages.c.client_id == bindparam("client")
)
_author_message = (
    select(messages)
    .join(sessions, sessions.c.id == messages.c.session_id)
    .where(messages.c.author_id == bindparam("author"), messages.c.client_id == bindparam("client"))
    .order_by((messages.c.created_at == sessions.c.created_at).desc(), messages.c.created_at.desc(), messages.c.id.desc())
    .limit(1)
)
_set_agent = (
    update(sessions)
    .where(sessions.c.id == bindparam("session"))
    .values(agent_status=bindparam("to"))
    .returning(sessions.c.person_id)
)
_here = events.c.session_id == bindparam("session")
_sizes = select(events.c.seq, func.length(events.c.frame).label("chars")).where(_here).limit(bindparam("limit"))
_sizes_after = _sizes.where(events.c.seq > bindparam("after", type_=BigInteger)).order_by(events.c.seq)
_sizes_before = _sizes.where(events.c.seq < bindparam("before", type_=BigInteger)).order_by(events.c.seq.desc())
_between = (
    select(events.c.seq, events.c.frame)
    .where(_here, events.c.seq.between(bindparam("first", type_=BigInteger), bindparam("last", type_=BigInteger)))
    .order_by(events.c.seq)
)
_all_events = (
    select(events.c.frame)
    .where(events.c.session_id == bindparam("session"), events.c.seq > bindparam("after", type_=BigInteger))
    .order_by(events.c.seq)
)
_last_seq = select(sessions.c.last_seq, sessions.c.person_id).where(sessions.c.id == bindparam("id"))


def session_by_id(tx: Tx, id: str) -> Row[Any] | None:
    """The session with `waiting` (open requests), `undelivered` (those of them that could not be brought to anybody) and
    `active_run_id`."""
    return tx.first(_by_id, {"id": id})


def session_row(tx: Tx, id: str) -> Row[Any] | None:
    """The session's own columns only: enough to check whose it is."""
    return tx.first(_plain, {"id": id})


def list_sessions(
    tx: Tx, person_id: str, *, status: str | None, query: str | None, before: tuple[int, str] | None
) -> Sequence[Row[Any]]:
    """One page and one row more, latest activity first."""
    statement = _full.where(sessions.c.person_id == person_id, sessions.c.erased_at.is_(None))
    if status:
        statement = statement.where(sessions.c.status == status)
    if query:
        statement = statement.where(or_(sessions.c.title.icontains(query, autoescape=True), sessions.c.id == query))
    if before:
        at, id = before
        statement = statement.where(or_(sessions.c.updated_at < at, and_(sessions.c.updated_at == at, sessions.c.id < id)))
    return tx.all(statement.order_by(sessions.c.updated_at.desc(), sessions.c.id.desc()).limit(PAGE + 1))


def insert_session(tx: Tx, **values: Any) -> None:
    tx.execute(_insert, {"last_seq": 0, **values})


def update_session(tx: Tx, id: str, **values: Any) -> None:
    tx.execute(update(sessions).where(sessions.c.id == id).values(**values))


def set_agent_status(tx: Tx, session_id: str, status: str) -> str:
    """Keep what the agent is doing; the id of the session's person."""
    return str(tx.execute(_set_agent, {"session": session_id, "to": status}).scalar_one())


def insert_message(tx: Tx, **values: Any) -> None:
    tx.execute(_insert_message, values)


def message_by_client_id(tx: Tx, session_id: str, client_id: str) -> Row[Any] | None:
    return tx.first(_client_message, {"session": session_id, "client": client_id})


def message_by_author(tx: Tx, author_id: str, client_id: str) -> Row[Any] | None:
    """What the person said under this id, in whatever session: first the one that it opened, else where it was said last."""
    return tx.first(_author_message, {"author": author_id, "client": client_id})


def list_messages(tx: Tx, session_id: str, before: tuple[int, str] | None) -> Sequence[Row[Any]]:
    """One page and one row more, newest first, with the author's name."""
    statement = (
        select(messages, people.c.name.label("author_name"))
        .outerjoin(people, people.c.id == messages.c.author_id)
        .where(messages.c.session_id == session_id)
    )
    if before:
        at, id = before
        statement = statement.where(or_(messages.c.created_at < at, and_(messages.c.created_at == at, messages.c.id < id)))
    return tx.all(statement.order_by(messages.c.created_at.desc(), messages.c.id.desc()).limit(PAGE + 1))


def frames_after(tx: Tx, session_id: str, after: int) -> list[str]:
    """Every durable frame with a higher number, ascending, as the text that was sent."""
    return [row.frame for row in tx.all(_all_events, {"session": session_id, "after": after})]


def log_after(tx: Tx, session_id: str, after: int, limit: int = LOG_PAGE) -> list[tuple[int, str]]:
    """A page of the log from the frame behind a number on, ascending; never so much that one reader costs much memory."""
    return _page_of(tx, session_id, tx.all(_sizes_after, {"session": session_id, "after": after, "limit": limit}))


def log_before(tx: Tx, session_id: str, before: int, limit: int = LOG_PAGE) -> list[tuple[int, str]]:
    """A page of the log up to the frame in front of a number, ascending."""
    return _page_of(tx, session_id, tx.all(_sizes_before, {"session": session_id, "before": before, "limit": limit}))


def _page_of(tx: Tx, session_id: str, sizes: Sequence[Row[Any]]) -> list[tuple[int, str]]:
    """The first of these frames, as many as fit: their sizes are read before they are."""
    if not sizes:
        return []
    room, fit = LOG_PAGE_CHARS, sizes[0].seq
    for size in sizes:
        if room <= 0:
            break
        room, fit = room - size.chars, size.seq
    first, last = sorted((sizes[0].seq, fit))
    return [(row.seq, row.frame) for row in tx.all(_between, {"session": session_id, "first": first, "last": last})]


def last_seq(tx: Tx, session_id: str) -> int:
    row = tx.first(_last_seq, {"id": session_id})
    return row.last_seq if row else 0


def last_seqs(tx: Tx, session_ids: Sequence[str]) -> dict[str, int]:
    """The last number of each session's log."""
    known = tx.all(select(sessions.c.id, sessions.c.last_seq).where(sessions.c.id.in_(session_ids)))
    return {row.id: row.last_seq for row in known}


def frame_of_message(tx: Tx, session_id: str, message_id: str) -> str:
    """The durable frame that carries a message."""
    statement = select(events.c.frame).where(
        events.c.session_id == session_id,
        events.c.frame.like('{"type":"message"%'),
        events.c.frame.contains(message_id, autoescape=True),
    )
    return str(tx.execute(statement.order_by(events.c.seq).limit(1)).scalar_one())


def audit_page(tx: Tx, scope: str, before: int | None) -> Sequence[Row[Any]]:
    statement = select(audit).where(audit.c.scope == scope)
    if before:
        statement = statement.where(audit.c.n < literal(before, BigInteger))
    return tx.all(statement.order_by(audit.c.n.desc()).limit(PAGE + 1))


def audit_chain(tx: Tx, scope: str) -> Sequence[Row[Any]]:
    return tx.all(select(audit).where(audit.c.scope == scope).order_by(audit.c.n))


def latest_summary(tx: Tx, session_id: str) -> Row[Any] | None:
    return tx.first(select(summaries).where(summaries.c.session_id == session_id).order_by(summaries.c.until_at.desc()).limit(1))


def insert_summary(tx: Tx, **values: Any) -> None:
    tx.execute(insert(summaries), values)


def last_channel_used(tx: Tx, session_id: str) -> str | None:
    """The channel on which the session's person last said something."""
    statement = (
        select(messages.c.via)
        .where(messages.c.session_id == session_id, messages.c.type == "user")
        .order_by(messages.c.created_at.desc(), messages.c.id.desc())
        .limit(1)
    )
    return tx.execute(statement).scalar()
