"""What only a server can do to us: races between transactions, connections that die, commits nobody heard of, no room."""

import asyncio
import json
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from backend.core.people import register
from backend.core.sessions import chain_is_whole, open_session
from backend.db import Database, Ring, Tx, postgres_database, postgres_engine
from backend.db.opening import open_database
from backend.db.sessions import audit_chain, frames_after
from backend.errors import NotFound, Unavailable
from tests.backend.conftest import OpenedPostgres
from tests.backend.db.use_cases import break_a_rule, rename, rename_badly, title
from tests.support.cut_wire import CutWire
from tests.support.postgres import Postgres


def rung(opened: OpenedPostgres) -> list[str]:
    return [effect.id for effect in opened.sent if isinstance(effect, Ring)]


def once(do: Callable[[], object]) -> Callable[[], None]:
    """`do` at the first call only: what happens to a first try and not to the next."""
    left = [do]

    def first() -> None:
        if left:
            left.pop()()

    return first


def end_connection(tx: Tx, postgres: Postgres) -> None:
    """As an operator would, from another connection; returns when it is gone."""
    pid = tx.execute(text("SELECT pg_backend_pid()")).scalar_one()
    postgres.execute(f"SELECT pg_terminate_backend({pid}, 10000)")


class TestRaces:
    async def test_of_two_first_accounts_one_is_the_administrators(self, database_url: str) -> None:
        db = open_database(database_url, lambda effects: None)
        both = threading.Barrier(2)
        meet = {email: once(lambda: both.wait(30)) for email in ("a@example.org", "b@example.org")}

        def join(tx: Tx, email: str) -> str:
            person = register(tx, email=email, password_hash="-", name="-", mode="open")
            meet[email]()
            return str(person["role"])

        roles = await asyncio.gather(*(db.transact(join, email) for email in meet))
        assert sorted(roles) == ["admin", "member"]
        db.close()

    async def test_two_that_lock_each_other_out_are_both_done(self, opened_postgres: OpenedPostgres) -> None:
        other = await opened_postgres.db.transact(open_session, opened_postgres.person, "other")
        ids = (opened_postgres.session_id, other)
        both = threading.Barrier(2)
        meet = {ids: once(lambda: both.wait(30)), ids[::-1]: once(lambda: both.wait(30))}

        def touch(tx: Tx, order: tuple[str, str]) -> None:
            for n, session_id in enumerate(order):
                if n:
                    meet[order]()
                tx.execute(text("UPDATE sessions SET title = title || '+' WHERE id = :id"), {"id": session_id})

        await asyncio.gather(opened_postgres.db.transact(touch, ids), opened_postgres.db.transact(touch, ids[::-1]))
        assert opened_postgres.on_disk("SELECT title FROM sessions ORDER BY title") == [("first words++",), ("other++",)]

    async def test_only_the_try_that_was_committed_has_effects(self, opened_postgres: OpenedPostgres) -> None:
        tries: list[int] = []
        interfere = once(lambda: opened_postgres.change("UPDATE sessions SET title = 'meanwhile'"))

        def counted(tx: Tx) -> None:
            tries.append(tx.now)
            title(tx, opened_postgres.session_id)
            interfere()
            rename(tx, opened_postgres.session_id, f"try {len(tries)}")

        await opened_postgres.db.transact(counted)
        assert len(tries) == 2
        assert tries[0] <= tries[1]
        assert rung(opened_postgres) == ["try 2"]
        assert opened_postgres.on_disk("SELECT title, last_seq FROM sessions") == [("try 2", 1)]

    async def test_a_key_that_was_taken_meanwhile_is_seen_by_the_next_try(self, opened_postgres: OpenedPostgres) -> None:
        put = "INSERT INTO groups (name, created_at) VALUES ('same', 1)"
        interfere = once(lambda: opened_postgres.change(put))

        def put_if_missing(tx: Tx) -> str:
            if tx.execute(text("SELECT 1 FROM groups WHERE name = 'same'")).scalar():
                return "there"
            interfere()
            tx.execute(text(put))
            return "put"

        assert await opened_postgres.db.transact(put_if_missing) == "there"

    async def test_the_same_key_twice_is_a_fault_not_a_race(self, opened_postgres: OpenedPostgres) -> None:
        tries: list[int] = []

        def put_twice(tx: Tx) -> None:
            tries.append(1)
            for _ in range(2):
                tx.execute(text("INSERT INTO groups (name, created_at) VALUES ('same', 1)"))

        with pytest.raises(IntegrityError):
            await opened_postgres.db.transact(put_twice)
        assert len(tries) == 2
        with pytest.raises(IntegrityError):
            await opened_postgres.db.transact(break_a_rule, opened_postgres.session_id)
        assert opened_postgres.on_disk("SELECT count(*) FROM groups") == [(0,)]
        assert opened_postgres.sent == []

    async def test_two_processes_keep_one_sessions_numbers_gapless_and_its_chain_whole(
        self, opened_postgres: OpenedPostgres
    ) -> None:
        other = open_database(opened_postgres.url, opened_postgres.sink)
        jobs = [
            asyncio.ensure_future((opened_postgres.db, other)[n % 2].transact(use_case, opened_postgres.session_id, f"t{n}"))
            for n in range(60)
            for use_case in [rename_badly if n % 5 == 0 else rename]
        ]
        await asyncio.wait(jobs)
        failed = [n for n, job in enumerate(jobs) if job.exception() is not None]
        assert failed == list(range(0, 60, 5))
        assert all(isinstance(jobs[n].exception(), NotFound) for n in failed)
        frames = [json.loads(frame) for frame in await other.read(frames_after, opened_postgres.session_id, 0)]
        assert [frame["seq"] for frame in frames] == list(range(1, 49))
        assert sorted(rung(opened_postgres)) == sorted(frame["title"] for frame in frames)
        assert chain_is_whole(await other.read(audit_chain, opened_postgres.session_id))
        other.close()


class TestClock:
    async def test_is_the_servers(self, opened_postgres: OpenedPostgres) -> None:
        query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        before = opened_postgres.on_disk(query)[0][0]
        written = await opened_postgres.db.transact(lambda tx: tx.now)
        read = await opened_postgres.db.read(lambda tx: tx.now)
        assert before <= written <= read <= opened_postgres.on_disk(query)[0][0]


class TestLostConnection:
    """F20: what certainly was not committed is run again; what may have been is found out."""

    async def test_in_the_middle_of_a_transaction_it_is_run_again(
        self, opened_postgres: OpenedPostgres, postgres: Postgres
    ) -> None:
        ends: list[int] = []

        def interrupted(tx: Tx) -> None:
            rename(tx, opened_postgres.session_id, "kept")
            if not ends:
                ends.append(1)
                end_connection(tx, postgres)

        await opened_postgres.db.transact(interrupted)
        assert rung(opened_postgres) == ["kept"]
        assert opened_postgres.on_disk("SELECT title, last_seq FROM sessions") == [("kept", 1)]

    async def test_in_the_middle_of_a_read_it_is_read_again(self, opened_postgres: OpenedPostgres, postgres: Postgres) -> None:
        ends: list[int] = []

        def interrupted(tx: Tx) -> str:
            if not ends:
                ends.append(1)
                end_connection(tx, postgres)
            return title(tx, opened_postgres.session_id)

        assert await opened_postgres.db.read(interrupted) == "first words"

    async def test_again_and_again_it_is_unavailable_and_nothing_is_half_done(
        self, opened_postgres: OpenedPostgres, postgres: Postgres
    ) -> None:
        def interrupted(tx: Tx) -> None:
            rename(tx, opened_postgres.session_id, "never")
            end_connection(tx, postgres)

        with pytest.raises(Unavailable):
            await opened_postgres.db.transact(interrupted)
        assert opened_postgres.sent == []
        assert opened_postgres.on_disk("SELECT title, last_seq FROM sessions") == [("first words", 0)]
        assert await opened_postgres.db.transact(rename, opened_postgres.session_id, "next") == "next"

    async def test_while_idle_nobody_notices(self, opened_postgres: OpenedPostgres, postgres: Postgres) -> None:
        for n in range(3):
            await asyncio.gather(*(opened_postgres.db.read(title, opened_postgres.session_id) for _ in range(4)))
            postgres.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'assent'")
            assert await opened_postgres.db.transact(rename, opened_postgres.session_id, f"t{n}") == f"t{n}"
        assert rung(opened_postgres) == ["t0", "t1", "t2"]


class TestUnheardCommit:
    @pytest.fixture
    def wire(self, postgres: Postgres) -> Iterator[CutWire]:
        with tempfile.TemporaryDirectory(prefix="pg") as folder:
            wire = CutWire(Path(folder), postgres.socket)
            yield wire
            wire.close()

    @pytest.fixture
    async def through(self, opened_postgres: OpenedPostgres, wire: CutWire) -> AsyncIterator[Database]:
        """The same database, by a process that reaches it over the wire."""
        url = opened_postgres.url.partition("?")[0] + f"?host={wire.folder}"
        db = open_database(url, opened_postgres.sink)
        assert await db.read(title, opened_postgres.session_id) == "first words"
        yield db
        db.close()

    @pytest.mark.parametrize("moment", ["before", "after"])
    async def test_is_found_out_and_done_once(
        self, opened_postgres: OpenedPostgres, wire: CutWire, through: Database, moment: Any
    ) -> None:
        wire.arm(moment)
        assert await through.transact(rename, opened_postgres.session_id, "once") == "once"
        assert rung(opened_postgres) == ["once"]
        assert opened_postgres.on_disk("SELECT title, last_seq FROM sessions") == [("once", 1)]

    async def test_that_cannot_be_found_out_is_told_as_unknown(
        self, opened_postgres: OpenedPostgres, wire: CutWire, through: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_database, "FIND_OUT_S", 0.3)
        wire.arm("after", for_good=True)
        with pytest.raises(Unavailable) as caught:
            await through.transact(rename, opened_postgres.session_id, "unheard")
        assert caught.value.code == "outcome_unknown"
        assert opened_postgres.sent == []
        assert opened_postgres.on_disk("SELECT title, last_seq FROM sessions") == [("unheard", 1)]


class TestOutage:
    async def test_is_unavailable_meanwhile_and_over_by_itself(self, opened_postgres: OpenedPostgres, postgres: Postgres) -> None:
        """F19."""
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
        assert rung(opened_postgres) == ["before", "after"]

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


class TestWaits:
    """F22: every wait has an end."""

    async def test_for_a_connection_ends_in_unavailable_and_the_transaction_never_runs(
        self, opened_postgres: OpenedPostgres, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_database, "WAIT_S", 0.2)
        go, held = threading.Event(), threading.Barrier(postgres_database.WRITERS + 1)

        def hold(tx: Tx) -> None:
            held.wait(30)
            assert go.wait(30)

        holders = [asyncio.ensure_future(opened_postgres.db.transact(hold)) for _ in range(postgres_database.WRITERS)]
        await asyncio.to_thread(held.wait, 30)
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
        monkeypatch.setattr(postgres_engine, "WAITING", {"statement_timeout": "200ms", "lock_timeout": "100ms"})
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
