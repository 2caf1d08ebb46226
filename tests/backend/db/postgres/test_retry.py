"""Transactions on a server that are run again: after a race that was lost, a connection that died, a commit nobody heard of."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from backend.core.people.accounts import register
from backend.core.sessions.audit_chain import chain_is_intact
from backend.db import Database, Tx
from backend.db.factory import open_database
from backend.db.locks import locks
from backend.db.postgres import database
from backend.db.queries.people import insert_idempotent_reply
from backend.db.queries.sessions import audit_chain, frames_after
from backend.errors import NotFound, Unavailable
from tests.backend.conftest import OpenedPostgres
from tests.backend.db.use_cases import break_a_rule, rename, rename_badly, title
from tests.support.postgres import Postgres
from tests.support.postgres_proxy import PostgresProxy
from tests.support.short_folders import short_folder
from tests.support.waiting import TIMEOUT_S


def once(do: Callable[[], object]) -> Callable[[], None]:
    """`do` at the first call only: what happens to a first try and not to the next."""
    left = [do]

    def first() -> None:
        if left:
            left.pop()()

    return first


@locks()
def keep_key(tx: Tx, person_id: str, key: str) -> None:
    insert_idempotent_reply(tx, person_id, key, "-", 200, "")


def end_connection(tx: Tx, postgres: Postgres) -> None:
    """As an operator would, from another connection; returns when it is gone."""
    pid = tx.execute(text("SELECT pg_backend_pid()")).scalar_one()
    postgres.execute(f"SELECT pg_terminate_backend({pid}, 10000)")


class TestRaces:
    async def test_of_two_first_accounts_one_is_the_administrators(self, opened_postgres: OpenedPostgres) -> None:
        opened_postgres.tamper("DELETE FROM people")
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        begun = threading.Event()

        def join(tx: Tx, email: str) -> str:
            person = register(tx, email=email, password_hash="-", name="Nn", mode="open")
            begun.set()
            while email == "a@example.org" and opened_postgres.on_disk(waiting) == [(0,)]:
                pass
            return str(person["role"])

        first = asyncio.ensure_future(opened_postgres.db.transact(join, "a@example.org"))
        await asyncio.to_thread(begun.wait, TIMEOUT_S)
        assert await opened_postgres.db.transact(join, "b@example.org") == "member"
        assert await first == "admin"

    async def test_two_that_lock_each_other_out_are_both_done(self, opened_postgres: OpenedPostgres) -> None:
        """Two that write the same rows without a lock, each in an order of its own."""
        for key in ("a", "b"):
            await opened_postgres.db.transact(keep_key, opened_postgres.person.id, key)
        both = threading.Barrier(2)
        meet = {keys: once(lambda: both.wait(TIMEOUT_S)) for keys in ("ab", "ba")}

        @locks()
        def touch(tx: Tx, keys: str) -> None:
            for n, key in enumerate(keys):
                if n:
                    meet[keys]()
                change = text("UPDATE idempotency_keys SET body = body || '+' WHERE key = :key")
                assert tx.execute(change, {"key": key}).rowcount == 1

        await asyncio.gather(opened_postgres.db.transact(touch, "ab"), opened_postgres.db.transact(touch, "ba"))
        assert opened_postgres.on_disk("SELECT body FROM idempotency_keys") == [("++",), ("++",)]

    async def test_only_the_try_that_was_committed_has_effects(self, opened_postgres: OpenedPostgres) -> None:
        tries: list[int] = []
        interfere = once(lambda: opened_postgres.change("INSERT INTO groups (name, created_at) VALUES ('same', 1)"))

        def counted(tx: Tx) -> None:
            tries.append(tx.now)
            rename(tx, opened_postgres.session_id, f"try {len(tries)}")
            taken = tx.execute(text("SELECT 1 FROM groups WHERE name = 'same'")).scalar()
            interfere()
            tx.execute(text("INSERT INTO groups (name, created_at) VALUES (:name, 1)"), {"name": "other" if taken else "same"})

        await opened_postgres.db.transact(counted)
        assert len(tries) == 2
        assert tries[0] <= tries[1]
        assert opened_postgres.rung == ["try 2"]
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

        with pytest.raises(psycopg.IntegrityError):
            await opened_postgres.db.transact(put_twice)
        assert len(tries) == 2
        with pytest.raises(psycopg.IntegrityError):
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
        assert sorted(opened_postgres.rung) == sorted(frame["content"] for frame in frames)
        assert chain_is_intact(await other.read(audit_chain, opened_postgres.session_id))
        other.close()


class TestLostConnection:
    """What certainly was not committed is run again; what may have been is found out."""

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
        assert opened_postgres.rung == ["kept"]
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
        assert opened_postgres.rung == ["t0", "t1", "t2"]


class TestUnheardCommit:
    @pytest.fixture
    def wire(self, postgres: Postgres) -> Iterator[PostgresProxy]:
        with short_folder("pg") as folder:
            wire = PostgresProxy(folder, postgres.socket)
            yield wire
            wire.close()

    @pytest.fixture
    async def through(self, opened_postgres: OpenedPostgres, wire: PostgresProxy) -> AsyncIterator[Database]:
        """The same database, by a process that reaches it over the wire."""
        url = opened_postgres.url.partition("?")[0] + f"?host={wire.folder}"
        db = open_database(url, opened_postgres.sink)
        assert await db.transact(title, opened_postgres.session_id) == "first words"
        yield db
        db.close()

    @pytest.mark.parametrize("moment", ["before", "after"])
    async def test_is_found_out_and_done_once(
        self, opened_postgres: OpenedPostgres, wire: PostgresProxy, through: Database, moment: Any
    ) -> None:
        wire.arm(moment)
        assert await through.transact(rename, opened_postgres.session_id, "once") == "once"
        assert opened_postgres.rung == ["once"]
        assert opened_postgres.on_disk("SELECT title, last_seq FROM sessions") == [("once", 1)]

    async def test_that_cannot_be_found_out_is_told_as_unknown(
        self, opened_postgres: OpenedPostgres, wire: PostgresProxy, through: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(database, "FIND_OUT_S", 0.3)
        wire.arm("after", for_good=True)
        with pytest.raises(Unavailable) as caught:
            await through.transact(rename, opened_postgres.session_id, "unheard")
        assert caught.value.code == "outcome_unknown"
        assert opened_postgres.sent == []
        assert opened_postgres.on_disk("SELECT title, last_seq FROM sessions") == [("unheard", 1)]
