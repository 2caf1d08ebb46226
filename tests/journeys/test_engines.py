"""A run goes on with the engine that began it, and with no other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.auditor import ledger
from tests.support.person import until
from tests.support.server import Server

COUNTING = "tests.support.counting_engine"
BAML = "tests.support.failpoint_server"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Server]:
    """A server of one's own, to be started with either engine."""
    server = Server(tmp_path / "data", approvals="make_payment")
    yield server
    server.stop()


def again(place: Server, program: str) -> None:
    """The server dies, and one with that engine starts on its data."""
    place.kill()
    place.program = program
    place.start()


class TestARun:
    def test_finds_what_its_engine_kept_after_a_crash(self, place: Server) -> None:
        place.program = COUNTING
        place.start()
        dana = place.person("Dana")
        started = dana.say("begin")
        assert dana.pending(started["session_id"])["title"] == "Question 1?"
        again(place, COUNTING)
        dana.answer(dana.pending(started["session_id"])["id"], "submit", feedback="one")
        second = until(
            lambda: dana.get("/api/feedback", status="pending", session_id=started["session_id"])["items"],
            lambda items: [item["title"] for item in items] == ["Question 2?"],
        )[0]
        dana.answer(second["id"], "submit", feedback="two")
        run = dana.run_when(started["run_id"])
        assert (run["status"], run["result"], run["engine"]) == ("completed", "I asked 2 times.", "counting/1")

    def test_begun_with_another_engine_says_so_and_offers_to_start_over(self, place: Server) -> None:
        place.start()
        dana = place.person("Dana")
        started = dana.say("ask How are you?")
        question = dana.pending(started["session_id"])
        assert dana.run(started["run_id"])["engine"] == "baml/1"
        again(place, COUNTING)
        assert dana.answer(question["id"], "submit", feedback="fine").status_code == 200
        run = dana.run_when(started["run_id"])
        assert run["status"] == "error"
        assert "started with the engine baml, and this server uses counting/1" in run["error"]
        assert "start over" in run["error"]
        over = dana.say("begin", started["session_id"])
        assert dana.pending(started["session_id"])["title"] == "Question 1?"
        assert dana.run(over["run_id"])["engine"] == "counting/1"

    def test_carries_out_what_was_approved_before_it_ends_for_that(self, place: Server) -> None:
        place.start()
        dana = place.person("Dana")
        started = dana.say("pay 500 to Bob")
        payment = dana.pending(started["session_id"])
        again(place, COUNTING)
        assert dana.answer(payment["id"], "approve").status_code == 200
        run = dana.run_when(started["run_id"])
        assert run["status"] == "error"
        assert "start over" in run["error"]
        assert [line["amount"] for line in ledger(place.data_dir)] == [500]

    def test_that_nobody_decided_anything_in_goes_on_with_the_engine_that_is_there(self, place: Server) -> None:
        place.start(failpoint="advance_run.claimed:kill")
        dana = place.person("Dana")
        started = dana.say("hello")
        place.wait_for_death()
        place.program = COUNTING
        place.start()
        assert dana.pending(started["session_id"])["title"] == "Question 1?"
