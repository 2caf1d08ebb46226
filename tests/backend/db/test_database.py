"""What every use case relies on, on every database: committed means on disk, failed means nothing happened, and nothing is
told before either."""

import asyncio
import threading
from typing import Any

import pytest

from backend.db import Tx, WakeWorker
from backend.db.queries.people import person_by_email
from backend.db.queries.sessions import audit_chain, audit_page, frames_after, list_sessions, log_after, session_by_id
from backend.errors import NotFound
from tests.backend.conftest import Opened
from tests.backend.db.use_cases import rename, rename_badly, title
from tests.support.waiting import TIMEOUT_S


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
        await asyncio.wait_for(sent.wait(), TIMEOUT_S)
        assert await opened.db.read(title, opened.session_id) == "still done"
        assert WakeWorker("rang", "still done") in opened.sent

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
            assert written.wait(TIMEOUT_S)
            return first, title(tx, opened.session_id)

        reading = asyncio.ensure_future(opened.db.read(look_twice))
        await asyncio.to_thread(looked.wait, TIMEOUT_S)
        await opened.db.transact(rename, opened.session_id, "meanwhile")
        written.set()
        assert await reading == ("first words", "first words")
        assert await opened.db.read(title, opened.session_id) == "meanwhile"

    async def test_sees_what_its_own_caller_just_wrote(self, opened: Opened) -> None:
        for n in range(20):
            await opened.db.transact(rename, opened.session_id, f"t{n}")
            assert await opened.db.read(title, opened.session_id) == f"t{n}"


class TestValues:
    """What a person may send is compared alike everywhere, however odd: found or not found, never a fault."""

    @pytest.mark.parametrize("number", [0, 2**31, 2**63 - 1, -(2**63)])
    async def test_of_any_size_are_compared(self, opened: Opened, number: int) -> None:
        await opened.db.transact(rename, opened.session_id, "one event")
        assert len(await opened.db.read(frames_after, opened.session_id, number)) == (number <= 0)
        assert len(await opened.db.read(log_after, opened.session_id, number)) == (number <= 0)
        found = [row.n for row in await opened.db.read(audit_page, opened.session_id, number)]
        assert found == ([] if number < 0 else [1])

    @pytest.mark.parametrize("words", ["first\x00words", "%", "_", "\\", "'", "\U0001f600", "FIRST WORDS"])
    async def test_of_any_letters_are_searched_for(self, opened: Opened, words: str) -> None:
        assert await opened.db.read(session_by_id, words) is None
        assert await opened.db.read(person_by_email, words) is None
        found = await opened.db.read(list_sessions, opened.person.id, status=None, query=words, before=None)
        assert len(found) == (words == "FIRST WORDS")

    async def test_of_documents_come_back_as_they_went_in(self, opened: Opened) -> None:
        kept = {"a": [1, 1.5, True, None, "Zürich \u2028 \U0001f600 \u0000"], "b": {}, "big": 10**30, "small": -1e-300}

        def put(tx: Tx) -> None:
            tx.audit(opened.session_id, actor="-", via="chat", action="session.tried", subject="-", kept=kept)

        await opened.db.transact(put)
        assert [row.detail for row in await opened.db.read(audit_chain, opened.session_id)] == [{"kept": kept}]
