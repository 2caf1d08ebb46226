"""What only SQLite does: groups share a commit, and trouble with the file is a clear refusal."""

import asyncio
import os
import sqlite3
import threading
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import text

from backend.db import Publish, Tx
from backend.db.factory import open_database
from backend.db.sqlite import database
from backend.errors import NotFound, Unavailable
from tests.backend.conftest import OpenedSqlite
from tests.backend.db.use_cases import break_a_rule, rename, rename_badly, title
from tests.support.waiting import TIMEOUT_S


def hold_the_writer(opened_sqlite: OpenedSqlite) -> tuple[asyncio.Task[None], threading.Event]:
    """Keep the writer busy until the event is set, so that what is handed in meanwhile commits as one group."""
    go = threading.Event()

    def wait(tx: Tx) -> None:
        assert go.wait(TIMEOUT_S)

    return asyncio.ensure_future(opened_sqlite.db.transact(wait)), go


class TestGroup:
    """Use cases that wait together commit together, and fail alone."""

    async def test_one_failure_does_not_harm_its_neighbours(self, opened_sqlite: OpenedSqlite) -> None:
        holder, go = hold_the_writer(opened_sqlite)
        jobs = [asyncio.ensure_future(opened_sqlite.db.transact(rename, opened_sqlite.session_id, f"t{n}")) for n in range(3)]
        bad = asyncio.ensure_future(opened_sqlite.db.transact(rename_badly, opened_sqlite.session_id, "never"))
        broken = asyncio.ensure_future(opened_sqlite.db.transact(break_a_rule, opened_sqlite.session_id))
        last = asyncio.ensure_future(opened_sqlite.db.transact(rename, opened_sqlite.session_id, "last"))
        await asyncio.sleep(0)
        go.set()
        await asyncio.wait([holder, *jobs, bad, broken, last])
        assert [job.result() for job in jobs] == ["t0", "t1", "t2"]
        assert isinstance(bad.exception(), NotFound)
        assert broken.exception() is not None
        assert await opened_sqlite.db.read(title, opened_sqlite.session_id) == "last"
        frames = opened_sqlite.on_disk("SELECT seq, json_extract(frame, '$.content') FROM events ORDER BY seq")
        assert frames == [(1, "t0"), (2, "t1"), (3, "t2"), (4, "last")]

    async def test_effects_go_out_in_commit_order_and_only_of_what_was_committed(self, opened_sqlite: OpenedSqlite) -> None:
        holder, go = hold_the_writer(opened_sqlite)
        jobs: list[asyncio.Future[Any]] = []
        for n in range(10):
            use_case = rename_badly if n % 3 == 1 else rename
            jobs.append(asyncio.ensure_future(opened_sqlite.db.transact(use_case, opened_sqlite.session_id, f"t{n}")))
        await asyncio.sleep(0)
        go.set()
        await asyncio.wait([holder, *jobs])
        assert opened_sqlite.rung == [f"t{n}" for n in range(10) if n % 3 != 1]
        numbered = [effect.seq for effect in opened_sqlite.sent if isinstance(effect, Publish) and effect.seq is not None]
        assert numbered == sorted(numbered)


class TestTrouble:
    """Nothing half-written, a clear refusal, and all is well again once the trouble is over."""

    @pytest.fixture
    async def hurried(self, opened_sqlite: OpenedSqlite, monkeypatch: pytest.MonkeyPatch) -> OpenedSqlite:
        """The same database, by a process that waits less for a lock."""
        opened_sqlite.db.close()
        monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.2)
        opened_sqlite.db = open_database(opened_sqlite.path, opened_sqlite.sink)
        return opened_sqlite

    async def test_a_lock_held_elsewhere_is_unavailable_and_reads_go_on(self, hurried: OpenedSqlite) -> None:
        with closing(sqlite3.connect(hurried.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            jobs = [asyncio.ensure_future(hurried.db.transact(rename, hurried.session_id, f"t{n}")) for n in range(3)]
            await asyncio.wait(jobs)
            assert all(isinstance(job.exception(), Unavailable) for job in jobs)
            assert await hurried.db.read(title, hurried.session_id) == "first words"
            assert hurried.sent == []
            other.execute("ROLLBACK")
        assert await hurried.db.transact(rename, hurried.session_id, "free again") == "free again"
        assert hurried.on_disk("SELECT count(*) FROM events") == [(1,)]

    async def test_a_full_disk_is_unavailable_and_leaves_the_file_whole(self, opened_sqlite: OpenedSqlite) -> None:
        def fill_up(tx: Tx, pages: int) -> None:
            pages = pages or int(tx.execute(text("PRAGMA page_count")).scalar_one())
            tx.execute(text(f"PRAGMA max_page_count={pages}"))

        await opened_sqlite.db.transact(fill_up, 0)
        big = "x" * 200_000
        jobs = [asyncio.ensure_future(opened_sqlite.db.transact(rename, opened_sqlite.session_id, big)) for _ in range(3)]
        await asyncio.wait(jobs)
        assert all(isinstance(job.exception(), Unavailable) for job in jobs)
        assert opened_sqlite.sent == []
        assert opened_sqlite.on_disk("SELECT title, last_seq FROM sessions") == [("first words", 0)]
        assert opened_sqlite.on_disk("PRAGMA integrity_check") == [("ok",)]
        await opened_sqlite.db.transact(fill_up, 1_000_000)
        assert await opened_sqlite.db.transact(rename, opened_sqlite.session_id, "room again") == "room again"

    async def test_a_file_that_cannot_be_written_is_unavailable(self, opened_sqlite: OpenedSqlite) -> None:
        def freeze(tx: Tx, on: int) -> None:
            tx.execute(text(f"PRAGMA query_only={on}"))

        await opened_sqlite.db.transact(freeze, 1)
        with pytest.raises(Unavailable):
            await opened_sqlite.db.transact(rename, opened_sqlite.session_id, "never")
        assert await opened_sqlite.db.read(title, opened_sqlite.session_id) == "first words"

    @pytest.mark.skipif(os.geteuid() == 0, reason="no file is read-only to root")
    async def test_a_read_only_file_is_unavailable(self, opened_sqlite: OpenedSqlite) -> None:
        opened_sqlite.db.close()
        opened_sqlite.path.chmod(0o400)
        opened_sqlite.db = open_database(opened_sqlite.path, opened_sqlite.sink)
        with pytest.raises(Unavailable):
            await opened_sqlite.db.transact(rename, opened_sqlite.session_id, "never")
