"""Sessions: opening, finding one's own, renaming, closing, and telling whether an audit chain is whole."""

from collections.abc import Sequence
from typing import Any, Literal

from backend.core.requests.lifecycle import close_request
from backend.core.runs.lifecycle import end_run
from backend.db import Row, Tx
from backend.db.queries import requests, runs
from backend.db.queries import sessions as store
from backend.db.transaction import GENESIS, chain_hash, person_topic, seal_of_erased
from backend.domain.events import SessionChanged
from backend.domain.people import Person
from backend.domain.states import AgentStatus, ChannelType, FeedbackStatus, RunStatus, SessionStatus
from backend.errors import NotFound
from backend.ids import new_id
from backend.timestamps import to_text

TITLE_LENGTH = 80


def own_session(tx: Tx, person: Person, session_id: str) -> Row[Any]:
    """The session's row. Raises NotFound when it is somebody else's, exactly as when there is none."""
    row = store.session_row(tx, session_id)
    if row is None or row.person_id != person.id or row.erased_at is not None:
        raise NotFound("There is no such session, or it is not yours.")
    return row


def open_session(tx: Tx, person: Person, first_words: str) -> str:
    """A new session, titled by its first words."""
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
    _tell_person(tx, person.id, session_id, "opened")
    return session_id


def title_from(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"


def rename_session(tx: Tx, person: Person, session_id: str, title: str) -> dict[str, Any]:
    own_session(tx, person, session_id)
    store.update_session(tx, session_id, title=title, updated_at=tx.now)
    _tell_person(tx, person.id, session_id, "renamed")
    return find_session(tx, person, session_id)


def close_session(tx: Tx, person: Person, session_id: str, via: str = ChannelType.CHAT) -> dict[str, Any]:
    """Close for good: the run under way is cancelled, open questions are withdrawn, the record stays."""
    row = own_session(tx, person, session_id)
    if row.status == SessionStatus.ACTIVE:
        cancel_work(tx, person, session_id, via)
        for request in requests.open_requests(tx, session_id):
            close_request(tx, request, FeedbackStatus.CANCELLED, None, by=person, via=via, why="the session was closed")
        store.update_session(tx, session_id, status=SessionStatus.CLOSED, updated_at=tx.now)
        tx.audit(session_id, actor=person.id, via=via, action="session.closed", subject=session_id)
        _tell_person(tx, person.id, session_id, "closed")
    return find_session(tx, person, session_id)


def cancel_work(tx: Tx, person: Person, session_id: str, via: str) -> bool:
    """Cancel whatever runs in the session; False when nothing does."""
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


def record_is_whole(tx: Tx, session_id: str) -> bool:
    """Whether a session's audit is all there and unchanged, from its beginning to its sealed end."""
    rows = store.audit_chain(tx, session_id)
    if not rows:
        return tx.audit_ends_with(session_id, 0, "") and not requests.has_asked(tx, session_id)
    return chain_is_whole(rows) and tx.audit_ends_with(session_id, rows[-1].n, rows[-1].hash)


class Records:
    """What was found of the records looked at last: whoever reads on has not every page verify the whole chain again."""

    def __init__(self, most: int = 1_000) -> None:
        self._found: dict[str, tuple[str, bool]] = {}
        self._most = most

    def is_whole(self, tx: Tx, session_id: str, reading_on: bool) -> bool:
        """As `record_is_whole`; for somebody reading on, what was found last of a chain that still ends there."""
        newest = store.audit_page(tx, session_id, None)[:1]
        end = newest[0].hash if newest else ""
        found = self._found.get(session_id)
        if reading_on and found is not None and found[0] == end:
            return found[1]
        whole = record_is_whole(tx, session_id)
        self._found.pop(session_id, None)
        self._found[session_id] = (end, whole)
        while len(self._found) > self._most:
            self._found.pop(next(iter(self._found)), None)
        return whole


def chain_is_whole(rows: Sequence[Row[Any]]) -> bool:
    """Whether the rows of one scope, oldest first, form an unbroken hash chain from its beginning. For a row whose content
    was erased a later one vouches."""
    prev, owed = GENESIS, dict[int, str]()
    for n, row in enumerate(rows, start=1):
        if row.n != n or row.prev != prev:
            return False
        if "erased" in row.detail:
            owed[n] = seal_of_erased(row.hash, row.detail)
        elif row.hash != chain_hash(dict(row._mapping)):
            return False
        if row.action == "audit.erased" and any(owed.pop(int(at), seal) != seal for at, seal in row.detail["rows"].items()):
            return False
        prev = row.hash
    return not owed


def _tell_person(tx: Tx, person_id: str, session_id: str, what: Literal["opened", "renamed", "closed"]) -> None:
    tx.notify(SessionChanged(type="session_changed", session_id=session_id, change=what), person_topic(person_id))
