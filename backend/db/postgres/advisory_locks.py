"""The locks of use cases as advisory locks, held until the transaction ends and always taken in one order."""

from functools import cache

from backend.db.locks import Locks
from backend.db.postgres.connection import WAITING
from backend.db.postgres.pipeline import Pipeline, ServerReply
from backend.db.postgres.text_format import encode

EVERYTHING = 4127366101  # any number that no other user of advisory locks in this database has
EXCLUSIVE_WITHIN = "300ms"  # whoever waits for the exclusive lock holds up all who come later, so it does not wait long
NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
_BEGUN = f"pg_current_xact_id()::text, {NOW}"

_PEOPLE = {
    "person": "{0}",
    "account": "(SELECT person_id FROM connections WHERE channel = {0} AND account = {1})",
    "sign_in": "(SELECT person_id FROM sign_ins WHERE id = {0})",
    "ticket": "(SELECT person_id FROM ws_tickets WHERE digest = {0})",
    "delivery": "(SELECT person_id FROM deliveries WHERE id = {0})",
}
_SESSIONS = {
    "session": "{0}",
    "session_at": "(SELECT session_id FROM threads WHERE channel = {0} AND place = {1})",
    "request": "(SELECT session_id FROM feedback_requests WHERE id = {0})",
    "run": "(SELECT session_id FROM runs WHERE id = {0})",
    "delivery": (
        "(SELECT coalesce(request.session_id, delivery.session_id) FROM deliveries delivery "
        "LEFT JOIN feedback_requests request ON request.id = delivery.request_id WHERE delivery.id = {0})"
    ),
}
_PAIRS = ("place", "account", "session_at")
# The person of an account and the session of a place can change until the locks before theirs are held, so a later statement,
# which has a later snapshot, looks them up. What a request, run or delivery belongs to never changes.
_CHANGING = ("account", "session_at")


def lock(pipeline: Pipeline, locks: Locks | None) -> ServerReply:
    """Queue the statements that take the locks; None takes the exclusive one. The reply's last two columns are the
    transaction's number and the server's time once all locks are held, in milliseconds since 1970 UTC."""
    if locks is None:
        return _lock_everything(pipeline)
    for text, used in lock_statements(locks.kinds):
        reply = pipeline.queue(text, [encode(locks.ids[index]) for index in used])
    return reply


def _lock_everything(pipeline: Pipeline) -> ServerReply:
    pipeline.queue(f"SET LOCAL lock_timeout = '{EXCLUSIVE_WITHIN}'".encode())
    reply = pipeline.queue(f"SELECT pg_advisory_xact_lock({EVERYTHING}), {_BEGUN}".encode())
    pipeline.queue(f"SET LOCAL lock_timeout = '{WAITING['lock_timeout']}'".encode())
    return reply


@cache
def lock_statements(kinds: tuple[str, ...]) -> tuple[tuple[bytes, tuple[int, ...]], ...]:
    """The statements that take locks of these kinds, each with the indexes of the ids that are its parameters."""
    at = _indexes(kinds)
    first = [f"pg_advisory_xact_lock_shared({EVERYTHING})"]
    first += [_lock("'place ' || {0} || '/' || {1}", at[kind]) for kind in kinds if kind in ("place", "session_at")]
    then = [_lock("'mailbox ' || {0}", at["mailbox"])] if "mailbox" in kinds else []
    then += [_lock(sql, at[kind]) for kind, sql in _PEOPLE.items() if kind in kinds]
    then += [_lock(sql, at[kind]) for kind, sql in _SESSIONS.items() if kind in kinds]
    steps = [first, [*then, _BEGUN]] if set(kinds) & set(_CHANGING) else [[*first, *then, _BEGUN]]
    return tuple(_statement(parts) for parts in steps)


def _indexes(kinds: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    """By kind, the indexes of its ids."""
    found: dict[str, tuple[int, ...]] = {}
    for kind in kinds:
        start = sum(map(len, found.values()))
        found[kind] = (start, start + 1) if kind in _PAIRS else (start,)
    return found


def _lock(key: str, indexes: tuple[int, ...]) -> str:
    return f"pg_advisory_xact_lock(hashtextextended({key.format(*(f'<{index}>' for index in indexes))}, 0))"


def _statement(columns: list[str]) -> tuple[bytes, tuple[int, ...]]:
    """With its parameters numbered from $1."""
    text = "SELECT " + ", ".join(columns)
    used = tuple(index for index in range(2 * len(_PAIRS) + len(_PEOPLE) + len(_SESSIONS)) if f"<{index}>" in text)
    for number, index in enumerate(used, start=1):
        text = text.replace(f"<{index}>", f"${number}::text")
    return text.encode(), used
