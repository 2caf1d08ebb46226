"""Queries about feedback requests, their copies on channels, and the answers to them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, Text, bindparam, cast, exists, func, insert, select, update

from backend.db.queries.deliveries import know_deliveries
from backend.db.queries.recipients import know_recipients, requests_seen_by
from backend.db.tables import approvals, feedback_requests, feedback_responses, recipients, sessions
from backend.db.transaction import Tx
from backend.domain.client_views import Closed, Response

PAGE = 50
PAGE_CHARS = 1_000_000  # a page is full with the request that passes this: one may be as large as a body

_joined = select(feedback_requests, sessions.c.person_id.label("owner_id")).join(
    sessions, sessions.c.id == feedback_requests.c.session_id
)
# The same, where a planner that joins could begin with all the requests of few sessions.
_owner = select(sessions.c.person_id).where(sessions.c.id == feedback_requests.c.session_id).scalar_subquery().label("owner_id")
_with_owner = select(feedback_requests, _owner)
_by_id = _joined.where(feedback_requests.c.id == bindparam("id"))
_insert = insert(feedback_requests)
_decide = (
    update(feedback_requests)
    .where(feedback_requests.c.id == bindparam("request"), feedback_requests.c.status == "pending")
    .values(status=bindparam("to"), response=bindparam("response_"), closed=bindparam("closed_"), decided_at=bindparam("now"))
)
_insert_response = insert(feedback_responses)
_insert_approval = insert(approvals)
_approval = select(approvals).where(approvals.c.request_id == bindparam("request"))
_open_of_session = _joined.where(
    feedback_requests.c.session_id == bindparam("session"), feedback_requests.c.status == "pending"
).order_by(feedback_requests.c.created_at)
_open_of_run = _joined.where(feedback_requests.c.run_id == bindparam("run"), feedback_requests.c.status == "pending")
_due = (
    select(feedback_requests.c.id)
    .where(feedback_requests.c.status == "pending", feedback_requests.c.due_at <= bindparam("now"))
    .order_by(feedback_requests.c.due_at)
    .limit(bindparam("limit"))
)

_chars = (
    func.length(cast(feedback_requests.c.body, Text)) + func.coalesce(func.length(cast(feedback_requests.c.response, Text)), 0)
).label("chars")


class RequestPage(NamedTuple):
    """`next` is where to go on; empty where there are no more."""

    rows: Sequence[Row[Any]]
    next: str


def request_by_id(tx: Tx, id: str) -> Row[Any] | None:
    """The request with `owner_id`, the person whose session it belongs to."""
    return tx.first(_by_id, {"id": id})


def list_requests(
    tx: Tx,
    person_id: str,
    *,
    status: str | None,
    session_id: str | None,
    before: tuple[int, str] | None,
) -> RequestPage:
    """What the person is asked or owns, newest first."""
    seen = requests_seen_by(person_id, status=status, before=before)
    if session_id:
        of_session = select(feedback_requests.c.id).where(feedback_requests.c.session_id == session_id)
        seen = seen.where(recipients.c.request_id.in_(of_session))
    return _page(tx, seen)


def list_approvable(tx: Tx, person_id: str, *, before: tuple[int, str] | None) -> RequestPage:
    """The open confirmations that the person may decide, newest first."""
    confirmation = exists().where(feedback_requests.c.id == recipients.c.request_id, feedback_requests.c.type == "confirmation")
    return _page(tx, requests_seen_by(person_id, status="pending", deciding=True, before=before).where(confirmation))


def _page(tx: Tx, seen: Select[Any]) -> RequestPage:
    """As many as fit, at least one: their sizes are read before they are. What becomes of each and who its recipients are is
    read in one statement each, however many they are."""
    shown: list[Row[Any]] = []
    room = PAGE_CHARS
    first = seen.limit(PAGE + 1).subquery()
    newest_first = (feedback_requests.c.created_at.desc(), feedback_requests.c.id.desc())
    sized = select(feedback_requests.c.id, feedback_requests.c.created_at, _chars)
    sizes = tx.all(sized.join(first, first.c.request_id == feedback_requests.c.id).order_by(*newest_first))
    for size in sizes[:PAGE]:
        if room <= 0:
            break
        shown.append(size)
        room -= size.chars
    last = shown[-1] if len(shown) < len(sizes) else None
    return RequestPage(_whole(tx, [row.id for row in shown]), f"{last.created_at}-{last.id}" if last else "")


def _whole(tx: Tx, ids: Sequence[str]) -> Sequence[Row[Any]]:
    if not ids:
        return []
    know_recipients(tx, ids)
    know_deliveries(tx, ids)
    newest_first = (feedback_requests.c.created_at.desc(), feedback_requests.c.id.desc())
    return tx.all(_with_owner.where(feedback_requests.c.id.in_(ids)).order_by(*newest_first))


def has_asked(tx: Tx, session_id: str) -> bool:
    """Whether anything was ever asked in the session."""
    statement = select(feedback_requests.c.id).where(feedback_requests.c.session_id == session_id)
    return tx.first(statement.limit(1)) is not None


def open_requests(tx: Tx, session_id: str) -> Sequence[Row[Any]]:
    return tx.all(_open_of_session, {"session": session_id})


def all_open_requests(tx: Tx) -> Sequence[Row[Any]]:
    """Every open request there is."""
    return tx.all(_joined.where(feedback_requests.c.status == "pending").order_by(feedback_requests.c.created_at))


def open_ids(tx: Tx) -> list[str]:
    return [row.id for row in tx.all(select(feedback_requests.c.id).where(feedback_requests.c.status == "pending"))]


def change_request(tx: Tx, id: str, **values: Any) -> bool:
    """Change an open request as people see it: its version grows. False: it is decided."""
    grown = {**values, "version": feedback_requests.c.version + 1}
    open_one = (feedback_requests.c.id == id, feedback_requests.c.status == "pending")
    return tx.execute(update(feedback_requests).where(*open_one).values(**grown)).rowcount == 1


def open_requests_of_run(tx: Tx, run_id: str) -> Sequence[Row[Any]]:
    return tx.all(_open_of_run, {"run": run_id})


def due_requests(tx: Tx, limit: int) -> list[str]:
    return [row.id for row in tx.all(_due, {"now": tx.now, "limit": limit})]


def insert_request(tx: Tx, values: dict[str, Any]) -> None:
    tx.execute(_insert, values)


def decide_request(tx: Tx, id: str, to: str, response: Response | None, closed: Closed | None) -> bool:
    """Leave `pending`, once. False: somebody else has."""
    values = {"request": id, "to": to, "response_": response, "closed_": closed, "now": tx.now}
    return tx.execute(_decide, values).rowcount == 1


def insert_response(tx: Tx, **values: Any) -> None:
    tx.execute(_insert_response, values)


def insert_approval(tx: Tx, **values: Any) -> None:
    tx.execute(_insert_approval, values)


def approval_by_id(tx: Tx, request_id: str) -> Row[Any] | None:
    return tx.first(_approval, {"request": request_id})
