"""How a PostgreSQL server is reached, with a limit on every wait; the engine for migrations and checks; what errors mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

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
# Any number, as long as nobody else who uses advisory locks in this database has it.
ALONE = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'; SELECT pg_advisory_xact_lock(4127366100)"
# Not allowed (also: read-only), no resources, an operator at work, locked by somebody else.
REFUSALS = ("42501", "25006", "53", "55P03", "57")
# It differs after a crash of the server, which reuses the numbers of transactions that were not on its disk.
SERVER_START = "SELECT concat(pg_postmaster_start_time(), pg_stat_get_bgwriter_stat_reset_time())"


def connect(url: str) -> Engine:
    """An engine for migrations and checks. Parameters in the URL override ours. Transactions are begun by hand."""
    parsed = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(
        parsed,
        poolclass=NullPool,
        use_native_hstore=False,
        json_serializer=dumps,
        hide_parameters=True,
        connect_args={"autocommit": True} | {name: value for name, value in CONNECTING.items() if name not in parsed.query},
    )

    @event.listens_for(engine, "connect")
    def limit_waits(connection: psycopg.Connection[Any], _record: object) -> None:
        connection.execute(waiting().encode())

    return engine


def waiting() -> str:
    """The statement that bounds every wait on a connection."""
    return "; ".join(f"SET {name} = '{value}'" for name, value in WAITING.items())


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """One connection of its own. Raises Unavailable with what the server or the driver said."""
    engine = connect(url)
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
