"""What every use case relies on, on every database: committed means on disk, failed means nothing happened, and nothing is
told before either."""

import asyncio
import threading
from typing import Any

import pytest

from backend.db import Ring, Tx
from backend.errors import NotFound
from tests.backend.conftest import Opened
from tests.backend.db.use_cases import rename, rename_badly, title


class TestTransact:
    async def test_is_on_disk_when_it_returns(self, opened: Opened) -> None:
        assert await opened.db.transact(rename, opened.session_id, "kept") == "kept"
        assert opened.on_disk("SELECT title FROM sessions") == [("kept",)]
        assert opened.on_disk("SELECT action FROM audit WHERE action LIKE 'session%'") == [("session.renamed",)]

    async def test_leaves_nothing_behind_and_tells_nobody_when_it_raises(self, opened: Opened) -> None:
        before = opened.on_disk("SELECT title, last_seq FROM sessions")
        with pytest.raises(NotFound):
            await opened.db.transact(rename_badly, opened.session_id, "never")
        assert opened.on_disk("SELECT title, last_seq FROM sessions") == before
        assert opened.on_disk("SELECT count(*) FROM events") == [(0,)]
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
        sent = asyncio.Event()
        opened.on_sent = sent.set
        leaving = asyncio.ensure_future(opened.db.transact(rename, opened.session_id, "still done"))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait_for(sent.wait(), 30)
        assert await opened.db.read(title, opened.session_id) == "still done"
        assert Ring("rang", "still done") in opened.sent

    async def test_effects_are_told_before_the_caller_and_after_the_commit(self, opened: Opened) -> None:
        seen: list[Any] = []
        opened.on_sent = lambda: seen.append(opened.on_disk("SELECT title FROM sessions"))
        await opened.db.transact(rename, opened.session_id, "committed first")
        assert seen == [[("committed first",)]]


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
