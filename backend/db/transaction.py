"""What a use case holds while its transaction is open: the database, the clock, and what shall go out after commit."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pydantic_core import to_json, to_jsonable_python
from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.sql import Executable, TableClause
from sqlalchemy.sql.dml import UpdateBase

from backend.db.audit_sealer import BROKEN, UNSEALED, Sealer
from backend.db.tables import audit, audit_heads, events, sessions
from backend.domain.events import DurableEvent, Published, Signal
from backend.timestamps import to_text

T = TypeVar("T")
GENESIS = "0" * 64
_ODD_DECIMAL = re.compile(r"(?:^|[:,\[])-?(?:[0-9]+(?:\.[0-9]+)?[eE]|0\.0000)")


@dataclass(frozen=True, slots=True)
class Publish:
    """Say `text` (one JSON frame) to whoever listens to `topic`. `seq` is the frame's number in its session, or None."""

    topic: str
    text: str
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class WakeWorker:
    """Wake a worker: there is something to do of this `kind` for `id`."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class EndReply:
    """The reply being streamed in this session is over; what was passing is now in the log, or void."""

    session_id: str


@dataclass(frozen=True, slots=True)
class CountAttempt:
    """A try on a channel came to `outcome`."""

    channel: str
    verb: str
    outcome: str


@dataclass(frozen=True, slots=True)
class MeasureDuration:
    """`what` took so many seconds on a channel."""

    what: str
    channel: str
    seconds: float


class Result(Protocol):
    """What a statement found or did; SQLAlchemy's CursorResult is one. The statement may not run before its result is looked
    at; it does run before the commit, which an error of it prevents."""

    @property
    def rowcount(self) -> int: ...
    def all(self) -> Sequence[Row[Any]]: ...
    def first(self) -> Row[Any] | None: ...
    def one(self) -> Row[Any]: ...
    def scalar(self) -> Any | None: ...
    def scalar_one(self) -> Any: ...
    def __iter__(self) -> Iterator[Row[Any]]: ...


class OpenConnection(Protocol):
    """An open connection, in the middle of a transaction; SQLAlchemy's Connection is one."""

    def execute(self, statement: Executable, parameters: Any = None, /) -> Result: ...


Effect = Publish | WakeWorker | EndReply | CountAttempt | MeasureDuration

_number = (
    update(sessions)
    .where(sessions.c.id == bindparam("session"))
    .values(last_seq=sessions.c.last_seq + bindparam("count"), updated_at=bindparam("now"))
    .returning(sessions.c.last_seq)
)
_audit_tail = select(audit.c.n, audit.c.hash).where(audit.c.scope == bindparam("scope")).order_by(audit.c.n.desc()).limit(1)
_insert_events = insert(events)
_insert_audit = insert(audit)
_audit_head = select(audit_heads).where(audit_heads.c.scope == bindparam("scope"))
_insert_head = insert(audit_heads)
_move_head = (
    update(audit_heads)
    .where(audit_heads.c.scope == bindparam("of"))
    .values(n=bindparam("end"), hash=bindparam("ends_with"), seal=bindparam("sealed"))
)


class Tx:
    """One open transaction. Not thread-safe; lives inside one call of `Database.transact` or `Database.read`."""

    __slots__ = ("_audit", "_connection", "_frames", "_known", "_new_scopes", "_now", "_sealer", "_undo", "effects")

    def __init__(self, connection: OpenConnection, now: int | Callable[[], int], sealer: Sealer = UNSEALED) -> None:
        self._connection = connection
        self._sealer = sealer
        self._now = now
        self.effects: list[Effect] = []
        self._frames: dict[str, list[tuple[DurableEvent, tuple[str, ...]]]] = {}
        self._audit: dict[str, list[dict[str, Any]]] = {}
        self._undo: list[Callable[[], None]] = []
        self._known: dict[Hashable, tuple[Collection[TableClause], Any]] = {}
        self._new_scopes: set[str] = set()

    @property
    def now(self) -> int:
        """The database's time in milliseconds since 1970 UTC, the same throughout the transaction."""
        if not isinstance(self._now, int):
            self._now = self._now()
        return self._now

    def execute(self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None) -> Result:
        if self._known and isinstance(statement, UpdateBase):
            self._forget(statement.table)
        return self._connection.execute(statement, parameters)

    def first(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Row[Any] | None:
        return self.execute(statement, parameters).first()

    def all(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        return self.execute(statement, parameters).all()

    def once(self, key: Hashable, sources: Collection[TableClause], read: Callable[[], T]) -> T:
        """What `read` gives. It is read once, and again after this transaction has written to one of the tables it is from."""
        if key not in self._known:
            self._known[key] = (sources, read())
        known: T = self._known[key][1]
        return known

    def _forget(self, written: Any) -> None:
        self._known = {key: known for key, known in self._known.items() if written not in known[0]}

    def emit(self, session_id: str, event: DurableEvent, also: Iterable[str] = ()) -> None:
        """Append an event to the session's log as a durable frame: it gets `seq` and `ts` at the end of the transaction, and is
        published to the session's listeners, and to the topics in `also`, after commit."""
        self._frames.setdefault(session_id, []).append((event, tuple(also)))

    def notify(self, frame: Published, *topics: str) -> None:
        """Publish a passing frame after commit; it leaves no trace in the log."""
        text = dumps(frame)
        self.effects.extend(Publish(topic, text) for topic in topics)

    def signal(self, signal: Signal, *topics: str) -> None:
        """Tell our own processes after commit; no client hears it."""
        text = dumps(signal)
        self.effects.extend(Publish(topic, text) for topic in topics)

    def end_reply(self, session_id: str) -> None:
        self.effects.append(EndReply(session_id))

    def enqueue(self, kind: str, id: str) -> None:
        self.effects.append(WakeWorker(kind, id))

    def attempted(self, channel: str, verb: str, outcome: str) -> None:
        """Count a try once it is on record."""
        self.effects.append(CountAttempt(channel, verb, outcome))

    def took(self, what: str, channel: str, since: int) -> None:
        """Measure the time from `since` until now, once it is on record."""
        self.effects.append(MeasureDuration(what, channel, (self.now - since) / 1000))

    def audit(self, scope: str, *, actor: str, via: str, action: str, subject: str, **detail: Any) -> None:
        """Append to the hash chain of `scope`: who did what to which thing, through which channel."""
        entry = {"actor": actor, "via": via, "action": action, "subject": subject, "detail": detail}
        self._audit.setdefault(scope, []).append(entry)

    def begin_audit(self, scope: str) -> None:
        """The scope is made in this transaction: its chain begins here, and nothing of it is on record."""
        self._new_scopes.add(scope)

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """What a use case changes in memory, it must be able to take back: the transaction may fail, or be run again."""
        self._undo.append(undo)

    def roll_back(self) -> None:
        """Take back what was changed in memory, the newest first. Called once, when nothing will be committed."""
        while self._undo:
            self._undo.pop()()

    def flush(self) -> None:
        """Number and write what was emitted and audited: one UPDATE and one batch a session. Called once, before commit. What is
        looked up for that is asked for together."""
        numbered = {session_id: self._number(session_id, len(frames)) for session_id, frames in self._frames.items()}
        heads = {scope: self.execute(_audit_head, {"scope": scope}) for scope in self._audit if scope not in self._new_scopes}
        for session_id, frames in self._frames.items():
            is_new = session_id in self._new_scopes
            self._write_frames(session_id, len(frames) if is_new else numbered[session_id].scalar_one(), frames)
        for scope, entries in self._audit.items():
            self._write_audit(scope, heads[scope].first() if scope in heads else None, entries)

    def _number(self, session_id: str, count: int) -> Result:
        return self.execute(_number, {"session": session_id, "count": count, "now": self.now})

    def _write_frames(self, session_id: str, last: int, frames: list[tuple[DurableEvent, tuple[str, ...]]]) -> None:
        ts = to_text(self.now)
        rows = []
        for seq, (frame, also) in enumerate(frames, start=last - len(frames) + 1):
            text = dumps({"type": frame["type"], "session_id": session_id, "seq": seq, "ts": ts, **frame})
            rows.append({"session_id": session_id, "seq": seq, "frame": text})
            self.effects.append(Publish(session_topic(session_id), text, seq))
            self.effects.extend(Publish(topic, text, seq) for topic in also)
        self.execute(_insert_events, rows)

    def _write_audit(self, scope: str, head: Row[Any] | None, entries: list[dict[str, Any]]) -> None:
        whole = head is not None and self._sealer.fits(head)
        tail = head if whole or scope in self._new_scopes else self.first(_audit_tail, {"scope": scope})
        last, prev = (tail.n, tail.hash) if tail else (0, GENESIS)
        rows = []
        for n, entry in enumerate(entries, start=last + 1):
            row = {"scope": scope, "n": n, "at": self.now, **entry, "prev": prev}
            prev = row["hash"] = chain_hash(row)
            rows.append(row)
        self.execute(_insert_audit, rows)
        n = last + len(entries)
        seal = self._sealer.seal(scope, n, prev) if whole or (head is None and tail is None) else BROKEN
        if head is None:
            self.execute(_insert_head, {"scope": scope, "n": n, "hash": prev, "seal": seal})
        else:
            self.execute(_move_head, {"of": scope, "end": n, "ends_with": prev, "sealed": seal})

    def audit_ends_with(self, scope: str, n: int, hash: str) -> bool:
        """Whether the chain of `scope` ends there, by a seal that fits; for n = 0, whether it never began."""
        head = self.first(_audit_head, {"scope": scope})
        if head is None:
            return n == 0
        return self._sealer.fits(head) and (head.n, head.hash) == (n, hash)


def session_topic(session_id: str) -> str:
    return "session:" + session_id


def person_topic(person_id: str) -> str:
    return "person:" + person_id


def request_topic(request_id: str) -> str:
    return "request:" + request_id


def run_topic(run_id: str) -> str:
    return "run:" + run_id


def sign_in_topic(sign_in_id: str) -> str:
    return "sign_in:" + sign_in_id


STOPPING_TOPIC = "stopping"  # this process is about to stop: whoever waits should answer now
SIGN_INS_TOPIC = "sign_ins"  # every ending of a sign-in, for those who remember sign-ins


def chain_hash(row: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and every other member of an audit row, as canonical JSON."""
    body = [row[name] for name in ("prev", "scope", "n", "at", "actor", "via", "action", "subject", "detail")]
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def seal_of_erased(hash: str, detail: Any) -> str:
    """What a later entry of the chain vouches with for one whose content was erased: its hash, over what it once held, and
    what is left of it."""
    text = json.dumps([hash, detail], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def dumps(value: Any) -> str:
    """JSON as it is kept and sent: no spaces, no escapes that are not needed, and numbers written as in the text that an
    approval is bound to. Pydantic's writer takes a quarter of the standard library's time, and writes very great and very
    small decimals differently."""
    text = to_json(value).decode()
    if _ODD_DECIMAL.search(text):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=to_jsonable_python)
    return text
