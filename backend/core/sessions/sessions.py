"""Sessions: open, find, rename and close them, and cancel their work."""

from typing import Any, Literal

from backend.core.requests.close_request import close_request
from backend.core.runs.lifecycle import end_run
from backend.db import Row, Tx
from backend.db.locks import locks
from backend.db.queries import requests, runs
from backend.db.queries import sessions as store
from backend.db.transaction import person_topic
from backend.domain.events import SessionChanged
from backend.domain.people import Person
from backend.domain.states import AgentStatus, ChannelType, FeedbackStatus, RunStatus, SessionStatus
from backend.errors import NotFound
from backend.ids import new_id
from backend.timestamps import to_text

TITLE_LENGTH = 80


def own_session(tx: Tx, person: Person, session_id: str) -> Row[Any]:
    """The session's row. Raises NotFound if it does not exist or belongs to somebody else, without telling which."""
    row = store.session_row(tx, session_id)
    if row is None or row.person_id != person.id or row.erased_at is not None:
        raise NotFound("There is no such session, or it is not yours.")
    return row


def open_session(tx: Tx, person: Person, first_words: str) -> str:
    """Open a session, titled with the first words of its first message."""
    session_id = new_id("ses")
    store.insert_session(
        tx,
        id=session_id,
        person_id=person.id,
        title=title_from(first_words),
        status=SessionStatus.ACTIVE,
        agent_status=AgentStatus.IDLE,
        created_at=tx.now,
        updated_at=tx.now,
    )
    tx.begin_audit(session_id)
    _publish_change(tx, person.id, session_id, "opened")
    return session_id


def title_from(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"


def rename_session(tx: Tx, person: Person, session_id: str, title: str) -> dict[str, Any]:
    own_session(tx, person, session_id)
    store.update_session(tx, session_id, title=title, updated_at=tx.now)
    _publish_change(tx, person.id, session_id, "renamed")
    return find_session(tx, person, session_id)


@locks(session="session_id")
def close_session(tx: Tx, person: Person, session_id: str, via: str = ChannelType.CHAT) -> dict[str, Any]:
    """Close the session for good: cancel its run and withdraw its open requests. The record stays."""
    row = own_session(tx, person, session_id)
    if row.status == SessionStatus.ACTIVE:
        cancel_work(tx, person, session_id, via)
        for request in requests.open_requests(tx, session_id):
            close_request(tx, request, FeedbackStatus.CANCELLED, None, by=person, via=via, why="the session was closed")
        store.update_session(tx, session_id, status=SessionStatus.CLOSED, updated_at=tx.now)
        tx.audit(session_id, actor=person.id, via=via, action="session.closed", subject=session_id)
        _publish_change(tx, person.id, session_id, "closed")
    return find_session(tx, person, session_id)


@locks(session="session_id")
def cancel_work(tx: Tx, person: Person, session_id: str, via: str) -> bool:
    """Cancel the session's active run; False if there is none."""
    own_session(tx, person, session_id)
    run = runs.active_run(tx, session_id)
    return run is not None and end_run(tx, run, RunStatus.CANCELLED, actor=person.id, via=via)


def find_session(tx: Tx, person: Person, session_id: str) -> dict[str, Any]:
    row = store.session_by_id(tx, session_id)
    if row is None or row.person_id != person.id or row.erased_at is not None:
        raise NotFound("There is no such session, or it is not yours.")
    return shape_session(row)


def shape_session(row: Row[Any]) -> dict[str, Any]:
    """The session as clients see it."""
    names = ("id", "title", "status", "agent_status", "waiting", "undelivered", "last_seq")
    shaped = {name: getattr(row, name) for name in names}
    shaped |= {"created_at": to_text(row.created_at), "updated_at": to_text(row.updated_at)}
    return shaped | {name: getattr(row, name) for name in ("active_run_id", "channel") if getattr(row, name)}


def _publish_change(tx: Tx, person_id: str, session_id: str, what: Literal["opened", "renamed", "closed"]) -> None:
    tx.notify(SessionChanged(type="session_changed", session_id=session_id, change=what), person_topic(person_id))
