"""The same product on PostgreSQL: paid once across crashes and outages, one winner of every race, and two processes at
once on one database."""

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.journeys.test_crashes import Place, TestAnAnswer, payee
from tests.support.auditor import Books, audit
from tests.support.person import PATIENCE_S, Person, until
from tests.support.postgres import Postgres
from tests.support.server import Server

__all__ = ["TestAnAnswer"]  # its crashes come to the same on PostgreSQL

PASSWORD = "not-to-be-shown-anywhere"
AN_HOUR_LONGER = "UPDATE runs SET lease_until = lease_until + 3600000 WHERE lease_until IS NOT NULL"
LAPSED = "UPDATE runs SET lease_until = 1 WHERE lease_until IS NOT NULL"


class PlaceOnPostgres(Place):
    """Leases of a dead process lapse here: other processes may be at work, so a start does not void them."""

    def __init__(self, server: Server, postgres: Postgres, database: str) -> None:
        self.postgres, self.database = postgres, database
        super().__init__(server)

    @property
    def url(self) -> str:
        return self.postgres.url(self.database)

    def leases(self) -> list[tuple[Any, ...]]:
        return self.postgres.execute("SELECT id, token FROM runs WHERE lease_until IS NOT NULL", self.database)

    def restarted(self) -> Person:
        assert self.server.wait_for_death() == -9
        self.postgres.execute(AN_HOUR_LONGER, self.database)  # a start may take longer than a lease
        held = self.leases()
        self.server.start()
        assert set(held) <= set(self.leases())
        self.postgres.execute(LAPSED, self.database)
        return self.dana

    def audit(self) -> Books:
        return audit(self.server.data_dir, self.url)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[PlaceOnPostgres]:
    name = f"j{uuid.uuid4().hex}"
    url = postgres.make(name).replace("postgres@", f"postgres:{PASSWORD}@")
    place = PlaceOnPostgres(Server(tmp_path_factory.mktemp("postgres") / "data", database_url=url), postgres, name)
    yield place
    assert place.server.stop() == 0
    assert PASSWORD not in place.server.log.read_text()


@pytest.fixture
def place(kept: PlaceOnPostgres) -> Iterator[PlaceOnPostgres]:
    """The place, audited after each test."""
    yield kept
    kept.come_to_rest()


def approve_payment(dana: Person, to: str) -> dict[str, Any]:
    started = dana.say(f"pay 500 to {to}")
    assert dana.answer(dana.pending(started["session_id"])["id"], "approve").status_code == 200
    return started


class TestAPayment:
    def test_is_made_once_after_approval(self, place: PlaceOnPostgres) -> None:
        to = payee()
        assert place.dana.run_when(approve_payment(place.dana, to)["run_id"])["status"] == "completed"
        assert place.paid(to) == [500]

    @pytest.mark.parametrize("failpoint", ["start_execution.before_commit", "execution.after_effect", "complete_run.committed"])
    def test_is_made_once_across_a_crash(self, place: PlaceOnPostgres, failpoint: str) -> None:
        to = payee()
        dana = place.armed(failpoint)
        started = dana.say(f"pay 500 to {to}")
        request = dana.pending(started["session_id"])
        try:
            assert dana.answer(request["id"], "approve").status_code == 200
        except httpx.TransportError:
            assert failpoint != "complete_run.committed"
        dana = place.restarted()
        if failpoint == "execution.after_effect":
            again = dana.pending(started["session_id"])
            assert "held a line for this payment: it took effect" in again["context"]["note"]
            assert dana.answer(again["id"], "reject").status_code == 200
        assert dana.run_when(started["run_id"])["status"] == "completed"
        assert place.paid(to) == [500]

    def test_waits_out_a_database_that_went_away(self, place: PlaceOnPostgres) -> None:
        to = payee()
        started = place.dana.say(f"pay 500 to {to}")
        request, key = place.dana.pending(started["session_id"]), uuid.uuid4().hex
        place.postgres.stop_at_once()
        try:
            refused = place.dana.answer(request["id"], "approve", key)
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
            assert place.dana.http.get("/readyz").status_code == 503
        finally:
            place.postgres.start()
        assert place.dana.answer(request["id"], "approve", key).status_code == 200
        assert place.dana.run_when(started["run_id"])["status"] == "completed"
        assert place.paid(to) == [500]


class TestARace:
    def test_of_thirty_answers_has_one_winner(self, place: PlaceOnPostgres) -> None:
        dana = place.dana
        request = dana.http.post("/api/feedback", json={"type": "confirmation", "title": "Ship?"}).json()
        gate = threading.Barrier(30)
        codes: list[int] = []

        def race(number: int) -> None:
            racer = Person(dana.url, dana.id, dana.email, dana.tokens)
            gate.wait(PATIENCE_S)
            codes.append(racer.answer(request["id"], "approve" if number % 2 else "reject").status_code)

        racers = [threading.Thread(target=race, args=(number,)) for number in range(30)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        assert sorted(codes) == [200] + [409] * 29


class TestTwoProcesses:
    @pytest.fixture
    def second(self, place: PlaceOnPostgres) -> Iterator[Person]:
        """Dana at another process on the same database and the same secret."""
        server = Server(place.server.data_dir, **place.server.settings)
        server.log = place.server.log.with_suffix(".second.log")
        server.start()
        yield Person.sign_in(server.url, place.dana.email)
        assert server.stop() == 0

    def test_share_one_session_without_a_gap_and_nothing_is_paid_twice(self, place: PlaceOnPostgres, second: Person) -> None:
        first, to = place.dana, payee()
        session_id = first.say("calc 1 + 1")["session_id"]
        speakers = [
            threading.Thread(target=lambda who=who, n=n: who.say(f"calc {n} + 1", session_id))
            for n in range(10)
            for who in (first, second)
        ]
        for speaker in speakers:
            speaker.start()
        for speaker in speakers:
            speaker.join()
        until(lambda: second.get(f"/api/sessions/{session_id}"), lambda seen: not seen.get("active_run_id"))
        started = second.say(f"pay 500 to {to}", session_id)
        assert first.answer(first.pending(session_id)["id"], "approve").status_code == 200
        assert second.run_when(started["run_id"])["status"] == "completed"
        assert place.paid(to) == [500]
        assert len([row for row in place.audit().messages if row["session_id"] == session_id and row["type"] == "user"]) == 22


class TestCommands:
    @pytest.mark.parametrize("words", [["doctor"], ["migrate"]])
    def test_understand_a_server_and_never_show_its_password(self, place: PlaceOnPostgres, words: list[str]) -> None:
        assert place.server.command(*words) == 0
        assert PASSWORD not in place.server.log.read_text()
