"""Who excludes whom on PostgreSQL: those that are about one thing wait for each other, those about another do not, and who says
nothing runs alone. A lock that is missing is refused by the database that the tests run on."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from backend.core.sessions.sessions import open_session
from backend.db import Tx
from backend.db.factory import open_database
from backend.db.locks import Locks, locks, locks_of
from backend.db.postgres import advisory_locks
from tests.backend.conftest import OpenedPostgres
from tests.backend.db.use_cases import rename
from tests.support.waiting import TIMEOUT_S

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@locks(session="session_id")
def with_session(tx: Tx, session_id: str, do: Callable[[Tx], Any]) -> Any:
    assert tx.now
    return do(tx)


@locks(person="person_id")
def with_person(tx: Tx, person_id: str, do: Callable[[Tx], Any]) -> Any:
    assert tx.now
    return do(tx)


def alone(tx: Tx, do: Callable[[Tx], Any]) -> Any:
    assert tx.now
    return do(tx)


@locks()
def about_nothing(tx: Tx, do: Callable[[Tx], Any]) -> Any:
    assert tx.now
    return do(tx)


class Gate:
    """Holds a transaction open until it is let go."""

    def __init__(self, opened: OpenedPostgres) -> None:
        self._opened = opened
        self._inside, self._go = threading.Event(), threading.Event()

    def hold(self, tx: Tx) -> int:
        self._inside.set()
        assert self._go.wait(TIMEOUT_S)
        return tx.now

    async def entered(self) -> None:
        assert await asyncio.to_thread(self._inside.wait, TIMEOUT_S)

    async def somebody_waits(self) -> None:
        while self._opened.on_disk(WAITING) == [(0,)]:
            await asyncio.sleep(0)

    def let_go(self) -> int:
        """When, by the server's clock."""
        at = int(self._opened.on_disk(f"SELECT {advisory_locks.NOW}")[0][0])
        self._go.set()
        return at


@pytest.fixture
def gate(opened_postgres: OpenedPostgres) -> Gate:
    return Gate(opened_postgres)


class TestWhatIsAboutOneThing:
    @pytest.mark.parametrize("about", [with_session, with_person])
    async def test_waits_for_whoever_is_at_it_and_begins_when_they_have_ended(
        self, opened_postgres: OpenedPostgres, gate: Gate, about: Any
    ) -> None:
        first = asyncio.ensure_future(opened_postgres.db.transact(about, "one", gate.hold))
        await gate.entered()
        second = asyncio.ensure_future(opened_postgres.db.transact(about, "one", lambda tx: tx.now))
        await gate.somebody_waits()
        ended = gate.let_go()
        assert await first < ended <= await second

    async def test_sees_what_whoever_it_waited_for_did(self, opened_postgres: OpenedPostgres, gate: Gate) -> None:
        session_id = opened_postgres.session_id

        def rename_and_hold(tx: Tx) -> None:
            rename(tx, session_id, "by the first")
            gate.hold(tx)

        first = asyncio.ensure_future(opened_postgres.db.transact(with_session, session_id, rename_and_hold))
        await gate.entered()
        other = open_database(opened_postgres.url, opened_postgres.sink)
        read = "SELECT title FROM sessions WHERE id = :id"
        second = asyncio.ensure_future(
            other.transact(with_session, session_id, lambda tx: tx.execute(text(read), {"id": session_id}).scalar_one())
        )
        await gate.somebody_waits()
        gate.let_go()
        await first
        assert await second == "by the first"
        other.close()

    async def test_does_not_wait_for_what_is_about_another(self, opened_postgres: OpenedPostgres) -> None:
        meet = threading.Barrier(4)
        meeting = (lambda tx: meet.wait(TIMEOUT_S),)
        await asyncio.gather(
            opened_postgres.db.transact(with_session, "one", *meeting),
            opened_postgres.db.transact(with_session, "another", *meeting),
            opened_postgres.db.transact(with_person, "one more", *meeting),
            opened_postgres.db.transact(about_nothing, *meeting),
        )


class TestWhoSaysNothing:
    async def test_runs_alone(self, opened_postgres: OpenedPostgres, gate: Gate) -> None:
        first = asyncio.ensure_future(opened_postgres.db.transact(alone, gate.hold))
        await gate.entered()
        others = [
            asyncio.ensure_future(opened_postgres.db.transact(with_session, "one", lambda tx: tx.now)),
            asyncio.ensure_future(opened_postgres.db.transact(about_nothing, lambda tx: tx.now)),
        ]
        while opened_postgres.on_disk(WAITING) != [(2,)]:
            await asyncio.sleep(0)
        ended = gate.let_go()
        assert await first < ended
        assert all(at >= ended for at in await asyncio.gather(*others))

    async def test_waits_for_all_and_keeps_nobody_from_going_on_meanwhile(
        self, opened_postgres: OpenedPostgres, gate: Gate
    ) -> None:
        held = asyncio.ensure_future(opened_postgres.db.transact(with_session, "one", gate.hold))
        await gate.entered()
        waits = asyncio.ensure_future(opened_postgres.db.transact(alone, lambda tx: tx.now))
        await gate.somebody_waits()
        await opened_postgres.db.transact(with_session, "another", lambda tx: tx.now)
        assert not waits.done()
        ended = gate.let_go()
        await held
        assert await waits >= ended


class TestAForgottenLock:
    """Is refused, whatever the use case says."""

    async def test_is_refused_by_the_row(self, opened_postgres: OpenedPostgres) -> None:
        mine, transact = opened_postgres.session_id, opened_postgres.db.transact

        def change(tx: Tx) -> str:
            return rename(tx, mine, "changed")

        other = await transact(open_session, opened_postgres.person, "other")
        for refused in (
            transact(with_session, other, change),
            transact(with_person, opened_postgres.person.id, change),
            transact(about_nothing, change),
        ):
            with pytest.raises(psycopg.errors.RaiseException, match="without the lock of"):
                await refused
        assert await transact(with_session, mine, change) == await transact(alone, change) == "changed"

    async def test_is_none_where_the_session_is_new(self, opened_postgres: OpenedPostgres) -> None:
        def open_and_rename(tx: Tx) -> str:
            session_id = open_session(tx, opened_postgres.person, "new")
            return rename(tx, session_id, "renamed")

        assert await opened_postgres.db.transact(about_nothing, open_and_rename) == "renamed"
        with pytest.raises(psycopg.errors.RaiseException):
            await opened_postgres.db.transact(
                about_nothing, lambda tx: (open_and_rename(tx), rename(tx, opened_postgres.session_id, "another's"))
            )


class TestManyAtOnce:
    async def test_with_two_locks_each_end(self, opened_postgres: OpenedPostgres) -> None:
        """In whatever order they are asked for: there is one order in which they are taken."""

        @locks(session="session_id", person="person_id")
        def both(tx: Tx, session_id: str, person_id: str) -> int:
            return tx.now

        @locks(place="place, place", person="person_id", session="session_id")
        def all_three(tx: Tx, person_id: str, place: str, session_id: str) -> int:
            return tx.now

        other = open_database(opened_postgres.url, opened_postgres.sink)
        for round_ in range(20):
            jobs = []
            for n in range(round_, round_ + 8):
                db = (opened_postgres.db, other)[n % 2]
                one, two = "ab"[n % 3 % 2], "ab"[n % 5 % 2]
                jobs.append(db.transact(both, one, two) if n % 4 else db.transact(all_three, one, two, one))
            assert all(await asyncio.gather(*jobs))
        other.close()


class TestDeclaring:
    def test_finds_ids_in_arguments_however_they_are_given(self) -> None:
        @locks(session="said.session_id", person="person", place="channel, said.place")
        def use_case(tx: Tx, person: str, said: Any, channel: str = "slack") -> None: ...

        said = type("Said", (), {"session_id": "ses_1", "place": None})
        assert locks_of(use_case, ("usr_1", said), {}) == Locks(("place", "person", "session"), ("slack", None, "usr_1", "ses_1"))
        assert locks_of(use_case, ("usr_1",), {"said": said, "channel": "x"}) == Locks(
            ("place", "person", "session"), ("x", None, "usr_1", "ses_1")
        )
        assert locks_of(alone, (), {}) is None
        assert locks_of(about_nothing, (), {}) == Locks((), ())

    @pytest.mark.parametrize("paths", [{"sesion": "id"}, {"request": "id", "session": "id"}, {"session": "nothing"}])
    def test_refuses_what_cannot_be_meant(self, paths: dict[str, str]) -> None:
        def use_case(tx: Tx, id: str) -> None: ...

        with pytest.raises((TypeError, ValueError)):
            locks(**paths)(use_case)
