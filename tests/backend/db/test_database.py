"""What every use case relies on: committed means on disk, failed means nothing happened, and nothing is told before either."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select, text

from backend.db import Effect, Publish, Ring, Tx, sqlite_database
from backend.db.opening import open_database
from backend.db.tables import sessions
from backend.errors import NotFound, Unavailable
from tests.backend.conftest import Opened

TITLE = select(sessions.c.title)


def rename(tx: Tx, session_id: str, title: str) -> str:
    tx.execute(text("UPDATE sessions SET title = :title WHERE id = :id"), {"title": title, "id": session_id})
    tx.notify({"type": "renamed", "to": title}, "topic")
    tx.emit(session_id, {"type": "message", "title": title})
    tx.audit(session_id, actor="-", via="chat", action="session.renamed", subject=session_id, to=title)
    tx.ring("rang", title)
    return title


def rename_badly(tx: Tx, session_id: str, title: str) -> None:
    rename(tx, session_id, title)
    raise NotFound("after all")


def break_a_rule(tx: Tx, session_id: str) -> None:
    rename(tx, session_id, "broken")
    tx.execute(text("INSERT INTO messages (id) VALUES ('only an id')"))


def title(tx: Tx, session_id: str) -> str:
    return str(tx.execute(TITLE.where(sessions.c.id == session_id)).scalar_one())


def on_disk(opened: Opened, query: str) -> list[tuple[object, ...]]:
    """What another process sees."""
    with closing(sqlite3.connect(opened.path)) as connection:
        return connection.execute(query).fetchall()


def hold_the_writer(opened: Opened) -> tuple[asyncio.Task[None], threading.Event]:
    """Keep the writer busy until the event is set, so that what is handed in meanwhile commits as one group."""
    go = threading.Event()

    def wait(tx: Tx) -> None:
        assert go.wait(30)

    return asyncio.ensure_future(opened.db.transact(wait)), go


class TestTransact:
    async def test_is_on_disk_when_it_returns(self, opened: Opened) -> None:
        assert await opened.db.transact(rename, opened.session_id, "kept") == "kept"
        assert on_disk(opened, "SELECT title FROM sessions") == [("kept",)]
        assert on_disk(opened, "SELECT action FROM audit WHERE action LIKE 'session%'") == [("session.renamed",)]

    async def test_leaves_nothing_behind_and_tells_nobody_when_it_raises(self, opened: Opened) -> None:
        before = on_disk(opened, "SELECT title, last_seq FROM sessions")
        with pytest.raises(NotFound):
            await opened.db.transact(rename_badly, opened.session_id, "never")
        assert on_disk(opened, "SELECT title, last_seq FROM sessions") == before
        assert on_disk(opened, "SELECT count(*) FROM events") == [(0,)]
        assert opened.sent == []

    async def test_what_was_changed_in_memory_is_as_before_when_it_raises(self, opened: Opened) -> None:
        done: list[str] = []

        def remember(tx: Tx, word: str, fails: bool) -> None:
            done.append(word)
            tx.on_rollback(lambda: done.remove(word))
            if fails:
                raise NotFound("after all")

        await opened.db.transact(remember, "kept", False)
        with pytest.raises(NotFound):
            await opened.db.transact(remember, "taken back", True)
        assert done == ["kept"]

    async def test_runs_on_with_the_next_after_a_failure(self, opened: Opened) -> None:
        for _ in range(3):
            with pytest.raises(NotFound):
                await opened.db.transact(rename_badly, opened.session_id, "never")
        assert await opened.db.transact(rename, opened.session_id, "next") == "next"

    async def test_finishes_for_a_caller_that_went_away(self, opened: Opened) -> None:
        holder, go = hold_the_writer(opened)
        leaving = asyncio.ensure_future(opened.db.transact(rename, opened.session_id, "still done"))
        await asyncio.sleep(0)
        leaving.cancel()
        go.set()
        await holder
        assert await opened.db.read(title, opened.session_id) == "still done"
        assert Ring("rang", "still done") in opened.sent


class TestGroup:
    """Use cases that wait together commit together, and fail alone."""

    async def test_one_failure_does_not_harm_its_neighbours(self, opened: Opened) -> None:
        holder, go = hold_the_writer(opened)
        jobs = [asyncio.ensure_future(opened.db.transact(rename, opened.session_id, f"t{n}")) for n in range(3)]
        bad = asyncio.ensure_future(opened.db.transact(rename_badly, opened.session_id, "never"))
        broken = asyncio.ensure_future(opened.db.transact(break_a_rule, opened.session_id))
        last = asyncio.ensure_future(opened.db.transact(rename, opened.session_id, "last"))
        await asyncio.sleep(0)
        go.set()
        await asyncio.wait([holder, *jobs, bad, broken, last])
        assert [job.result() for job in jobs] == ["t0", "t1", "t2"]
        assert isinstance(bad.exception(), NotFound)
        assert broken.exception() is not None
        assert await opened.db.read(title, opened.session_id) == "last"
        frames = on_disk(opened, "SELECT seq, json_extract(frame, '$.title') FROM events ORDER BY seq")
        assert frames == [(1, "t0"), (2, "t1"), (3, "t2"), (4, "last")]

    async def test_effects_go_out_in_commit_order_and_only_of_what_was_committed(self, opened: Opened) -> None:
        holder, go = hold_the_writer(opened)
        jobs: list[asyncio.Future[Any]] = []
        for n in range(10):
            use_case = rename_badly if n % 3 == 1 else rename
            jobs.append(asyncio.ensure_future(opened.db.transact(use_case, opened.session_id, f"t{n}")))
        await asyncio.sleep(0)
        go.set()
        await asyncio.wait([holder, *jobs])
        assert [effect.id for effect in opened.sent if isinstance(effect, Ring)] == [f"t{n}" for n in range(10) if n % 3 != 1]
        numbered = [effect.seq for effect in opened.sent if isinstance(effect, Publish) and effect.seq is not None]
        assert numbered == sorted(numbered)

    async def test_effects_are_told_before_the_caller_and_after_the_commit(self, opened: Opened) -> None:
        seen: list[str] = []
        path = opened.path

        def sink(effects: Sequence[Effect]) -> None:
            with closing(sqlite3.connect(path)) as connection:
                seen.append(str(connection.execute("SELECT title FROM sessions").fetchone()[0]))

        other = open_database(path, sink)
        await other.transact(rename, opened.session_id, "committed first")
        assert seen == ["committed first"]
        other.close()


class TestRead:
    async def test_is_one_snapshot_however_much_is_written_meanwhile(self, opened: Opened) -> None:
        looked, written = threading.Event(), threading.Event()

        def look_twice(tx: Tx) -> tuple[str, str]:
            first = title(tx, opened.session_id)
            looked.set()
            assert written.wait(30)
            return first, title(tx, opened.session_id)

        reading = asyncio.ensure_future(opened.db.read(look_twice))
        await asyncio.to_thread(looked.wait, 30)
        await opened.db.transact(rename, opened.session_id, "meanwhile")
        written.set()
        assert await reading == ("first words", "first words")
        assert await opened.db.read(title, opened.session_id) == "meanwhile"

    async def test_sees_what_its_own_caller_just_wrote(self, opened: Opened) -> None:
        for n in range(20):
            await opened.db.transact(rename, opened.session_id, f"t{n}")
            assert await opened.db.read(title, opened.session_id) == f"t{n}"


class TestTrouble:
    """Nothing half-written, a clear refusal, and all is well again once the trouble is over."""

    @pytest.fixture
    async def hurried(self, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> Opened:
        """The same database, by a process that waits less for a lock."""
        opened.db.close()
        monkeypatch.setattr(sqlite_database, "BUSY_TIMEOUT_S", 0.2)
        opened.db = open_database(opened.path, opened._sink)
        return opened

    async def test_a_lock_held_elsewhere_is_unavailable_and_reads_go_on(self, hurried: Opened) -> None:
        with closing(sqlite3.connect(hurried.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            jobs = [asyncio.ensure_future(hurried.db.transact(rename, hurried.session_id, f"t{n}")) for n in range(3)]
            await asyncio.wait(jobs)
            assert all(isinstance(job.exception(), Unavailable) for job in jobs)
            assert await hurried.db.read(title, hurried.session_id) == "first words"
            assert hurried.sent == []
            other.execute("ROLLBACK")
        assert await hurried.db.transact(rename, hurried.session_id, "free again") == "free again"
        assert on_disk(hurried, "SELECT count(*) FROM events") == [(1,)]

    async def test_a_full_disk_is_unavailable_and_leaves_the_file_whole(self, opened: Opened) -> None:
        def fill_up(tx: Tx, pages: int) -> None:
            pages = pages or int(tx.execute(text("PRAGMA page_count")).scalar_one())
            tx.execute(text(f"PRAGMA max_page_count={pages}"))

        await opened.db.transact(fill_up, 0)
        big = "x" * 200_000
        jobs = [asyncio.ensure_future(opened.db.transact(rename, opened.session_id, big)) for _ in range(3)]
        await asyncio.wait(jobs)
        assert all(isinstance(job.exception(), Unavailable) for job in jobs)
        assert opened.sent == []
        assert on_disk(opened, "SELECT title, last_seq FROM sessions") == [("first words", 0)]
        assert on_disk(opened, "PRAGMA integrity_check") == [("ok",)]
        await opened.db.transact(fill_up, 1_000_000)
        assert await opened.db.transact(rename, opened.session_id, "room again") == "room again"

    async def test_a_file_that_cannot_be_written_is_unavailable(self, opened: Opened) -> None:
        def freeze(tx: Tx, on: int) -> None:
            tx.execute(text(f"PRAGMA query_only={on}"))

        await opened.db.transact(freeze, 1)
        with pytest.raises(Unavailable):
            await opened.db.transact(rename, opened.session_id, "never")
        assert await opened.db.read(title, opened.session_id) == "first words"

    @pytest.mark.skipif(os.geteuid() == 0, reason="no file is read-only to root")
    async def test_a_read_only_file_is_unavailable(self, opened: Opened) -> None:
        opened.db.close()
        opened.path.chmod(0o400)
        opened.db = open_database(opened.path, opened._sink)
        with pytest.raises(Unavailable):
            await opened.db.transact(rename, opened.session_id, "never")
