"""Connections to PostgreSQL: bounded in every wait, and a transaction begins with the server's clock in one round trip."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from backend.db.transaction import dumps
from backend.errors import Unavailable

DATABASE_ERRORS = (DBAPIError, psycopg.Error)
# A peer that vanished is noticed within some ten seconds, whether or not something was under way to it.
CONNECTING = {
    "application_name": "assent",
    "client_encoding": "utf8",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
WAITING = {"statement_timeout": "10s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "10s"}
NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
WRITING = f"BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT {NOW}, pg_current_xact_id()::text"
# Any number, as long as nobody else who uses advisory locks in this database has it.
ALONE = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'; SELECT pg_advisory_xact_lock(4127366100)"
# Not allowed (also: read-only), no resources, an operator at work, locked by somebody else.
REFUSALS = ("42501", "25006", "53", "55P03", "57")
# It differs after the server was cut off: a transaction that was not on its disk by then leaves its number to a later one.
LIFE = "SELECT concat(pg_postmaster_start_time(), pg_stat_get_bgwriter_stat_reset_time())"
READING = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT {NOW}, ''"


class TextDumper(StrDumperUnknown):
    """PostgreSQL's text has no NUL. None of ours has one either, so a search for one finds nothing, as it should."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\x00", "\ufffd"))


class Begun(NamedTuple):
    """An open transaction: the server's time in milliseconds since 1970 UTC, and by what the server knows it afterwards, in
    this life of the server."""

    now: int
    xid: str
    life: str


def connect(url: str, connections: int) -> Engine:
    """An engine with at most so many connections; what the URL itself says comes first. Transactions are begun by hand."""
    parsed = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(
        parsed,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=CONNECTING["connect_timeout"],
        use_native_hstore=False,
        json_serializer=dumps,
        hide_parameters=True,
        connect_args={"autocommit": True} | {name: value for name, value in CONNECTING.items() if name not in parsed.query},
    )

    @event.listens_for(engine, "connect")
    def bound(connection: psycopg.Connection[Any], record: ConnectionPoolEntry) -> None:
        connection.adapters.register_dumper(str, TextDumper)
        connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in WAITING.items()).encode())
        (record.info["life"],) = connection.execute(LIFE).fetchone() or ("",)

    return engine


def begin(connection: Connection, words: str) -> Begun:
    """Begin a transaction by `WRITING` or `READING`. Raises one of DATABASE_ERRORS; a connection that had died idle is
    thrown away, and all its siblings with it."""
    connection.begin()
    driver: Any = connection.connection.driver_connection
    try:
        cursor = driver.execute(words, prepare=False)
        while cursor.nextset():
            pass
        now, xid = cursor.fetchone()
        return Begun(now, xid, connection.info["life"])
    except psycopg.Error:
        if driver.closed:
            connection.invalidate()
            connection.engine.dispose()
        raise


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """One connection of its own. Raises Unavailable with what the server or the driver said."""
    engine = connect(url, 1)
    try:
        connection = engine.connect()
    except DATABASE_ERRORS as error:
        raise Unavailable(f"The database cannot be reached: {said(error)}.") from None
    with connection:
        yield connection
    engine.dispose()


@contextmanager
def refused() -> Iterator[None]:
    """Raises Unavailable for what the server does not let us do, or cannot do now; a fault of ours passes."""
    try:
        yield
    except DATABASE_ERRORS as error:
        if not (is_lost(error) or state_of(error).startswith(REFUSALS)):
            raise
        raise Unavailable(f"The database refused: {said(error)}. See that its user may create tables there.") from error


def begin_alone(connection: Connection) -> None:
    """Wait for whoever migrates; then nobody else does until the transaction ends."""
    driver: Any = connection.connection.driver_connection
    driver.execute(ALONE, prepare=False)


def is_lost(error: DBAPIError | psycopg.Error) -> bool:
    """Whether the connection ended under the transaction: so did the transaction, unless it was being committed."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    return isinstance(error, psycopg.OperationalError) and state_of(error) in ("", "57P01", "57P02", "57P05")


def state_of(error: DBAPIError | psycopg.Error) -> str:
    """The SQLSTATE, or nothing where the server had no part in it."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return getattr(origin, "sqlstate", None) or ""


def said(error: DBAPIError | psycopg.Error) -> str:
    """What the server or the driver said, without the statement and its values."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    primary = getattr(getattr(origin, "diag", None), "message_primary", None)
    return f"{state_of(error)} {primary or str(origin).partition(chr(10))[0]}".strip()
