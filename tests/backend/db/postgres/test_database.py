"""What a server does to us for a while: whose clock counts, outages, no room, and that every wait has an end."""

import asyncio
import threading
from collections.abc import AsyncIterator

import psycopg
import pytest
from sqlalchemy import text

from backend.db import Database, Tx
from backend.db.factory import open_database
from backend.db.postgres import connection, database
from backend.errors import Unavailable
from tests.backend.conftest import OpenedPostgres
from tests.backend.db.use_cases import rename, title
from tests.support.postgres import Postgres
from tests.support.waiting import TIMEOUT_S


class TestClock:
    async def test_is_the_servers(self, opened_postgres: OpenedPostgres) -> None:
        query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        before = opened_postgres.on_disk(query)[0][0]
        written = await opened_postgres.db.transact(lambda tx: tx.now)
        read = await opened_postgres.db.read(lambda tx: tx.now)
        assert before <= written <= read <= opened_postgres.on_disk(query)[0][0]


class TestOutage:
    async def test_is_unavailable_meanwhile_and_over_by_itself(self, opened_postgres: OpenedPostgres, postgres: Postgres) -> None:
        await opened_postgres.db.transact(rename, opened_postgres.session_id, "before")
        postgres.stop_at_once()
        try:
            with pytest.raises(Unavailable):
                await opened_postgres.db.transact(rename, opened_postgres.session_id, "never")
            with pytest.raises(Unavailable):
                await opened_postgres.db.read(title, opened_postgres.session_id)
        finally:
            postgres.start()
        assert await opened_postgres.db.read(title, opened_postgres.session_id) == "before"
        assert await opened_postgres.db.transact(rename, opened_postgres.session_id, "after") == "after"
        assert opened_postgres.rung == ["before", "after"]

    @pytest.mark.parametrize(
        ("state", "what"), [("53100", "disk full"), ("53200", "out of memory"), ("25006", "read-only"), ("58030", "I/O error")]
    )
    async def test_a_server_that_cannot_write_is_unavailable(
        self, opened_postgres: OpenedPostgres, state: str, what: str
    ) -> None:
        def fail(tx: Tx) -> None:
            rename(tx, opened_postgres.session_id, "never")
            tx.execute(text(f"DO $$ BEGIN RAISE EXCEPTION '{what}' USING ERRCODE = '{state}'; END $$"))

        with pytest.raises(Unavailable):
            await opened_postgres.db.transact(fail)
        assert opened_postgres.on_disk("SELECT title, last_seq FROM sessions") == [("first words", 0)]

    async def test_in_which_another_transaction_gets_our_number_is_not_taken_for_a_commit(
        self, opened_postgres: OpenedPostgres, postgres: Postgres
    ) -> None:
        """A server that is cut off forgets the numbers of what it had not written down."""
        number = "SELECT pg_current_xact_id()::text::bigint"

        def lose(tx: Tx) -> None:
            ours = tx.execute(text(number)).scalar_one()
            postgres.stop_at_once()
            postgres.start()
            while opened_postgres.on_disk(number)[0][0] < ours:
                pass

        with pytest.raises(Unavailable) as refusal:
            await opened_postgres.db.transact(lose)
        assert refusal.value.code == "outcome_unknown"


class TestWaits:
    """Every wait has an end."""

    async def test_for_a_connection_ends_in_unavailable_and_the_transaction_never_runs(
        self, opened_postgres: OpenedPostgres, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        go, held = threading.Event(), threading.Barrier(database.WRITERS + 1)

        def hold(tx: Tx) -> None:
            held.wait(TIMEOUT_S)
            assert go.wait(TIMEOUT_S)

        holders = [asyncio.ensure_future(opened_postgres.db.transact(hold)) for _ in range(database.WRITERS)]
        await asyncio.to_thread(held.wait, TIMEOUT_S)
        with monkeypatch.context() as impatient:
            impatient.setattr(database, "WAIT_S", 0.2)
            with pytest.raises(Unavailable):
                await opened_postgres.db.transact(rename, opened_postgres.session_id, "never")
        assert await opened_postgres.db.read(title, opened_postgres.session_id) == "first words"
        go.set()
        await asyncio.gather(*holders)
        assert await opened_postgres.db.transact(title, opened_postgres.session_id) == "first words"
        assert opened_postgres.sent == []

    @pytest.fixture
    async def hurried(self, opened_postgres: OpenedPostgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
        """The same database, by a process that waits less."""
        monkeypatch.setattr(connection, "WAITING", {"statement_timeout": "2s", "lock_timeout": "1s"})
        db = open_database(opened_postgres.url, opened_postgres.sink)
        yield db
        db.close()

    async def test_for_a_lock_ends_in_unavailable(self, opened_postgres: OpenedPostgres, hurried: Database) -> None:
        with psycopg.connect(opened_postgres.url) as other:
            other.execute("UPDATE sessions SET title = 'held'")
            with pytest.raises(Unavailable):
                await hurried.transact(rename, opened_postgres.session_id, "never")
            assert await hurried.read(title, opened_postgres.session_id) == "first words"
            other.rollback()
        assert await hurried.transact(rename, opened_postgres.session_id, "free again") == "free again"

    async def test_for_a_statement_ends_in_unavailable(self, hurried: Database) -> None:
        def sleep(tx: Tx) -> None:
            tx.execute(text("SELECT pg_sleep(60)"))

        with pytest.raises(Unavailable):
            await hurried.transact(sleep)
        with pytest.raises(Unavailable):
            await hurried.read(sleep)
