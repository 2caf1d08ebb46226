"""Show 4: the process dies at each named place; after a restart whatever a client was told is true, and nothing is paid twice."""

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.auditor import Books, audit, ledger
from tests.support.person import Person, until
from tests.support.server import Server


class Place:
    """One data directory that outlives its processes, and a person who uses it."""

    def __init__(self, server: Server) -> None:
        self.server = server.start()
        self.dana = server.person("Dana")

    def armed(self, failpoint: str) -> Person:
        """From now on the server dies at `failpoint`; the person who uses it."""
        self.server.arm(f"{failpoint}:kill")
        return self.dana

    def restarted(self) -> Person:
        """Once the process is dead: the server again, and the person, to whom nothing else changed."""
        assert self.server.wait_for_death() == -9
        self.server.start()
        return self.dana

    def say_into_a_crash(self, failpoint: str, words: str) -> dict[str, Any]:
        """What was started by words on which the server dies. It may die before its reply is out: like any client, the person
        says it again, which changes nothing."""
        dana, client_id = self.armed(failpoint), uuid.uuid4().hex
        with contextlib.suppress(httpx.TransportError):
            dana.say(words, client_id=client_id)
        return self.restarted().say(words, client_id=client_id)

    def come_to_rest(self) -> None:
        """Nothing is left going on, into which the next failpoint would fall."""
        if not self.server.is_up():
            self.server.start()
        until(self.audit, Books.at_rest)

    def audit(self) -> Books:
        return audit(self.server.data_dir)

    def paid(self, payee: str) -> list[float]:
        return [line["amount"] for line in ledger(self.server.data_dir) if line["to"] == payee]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    server = Server(tmp_path_factory.mktemp("crashes") / "data")
    yield Place(server)
    server.kill()


@pytest.fixture
def place(kept: Place) -> Iterator[Place]:
    """The place, audited after each test."""
    yield kept
    kept.come_to_rest()


def payee() -> str:
    return f"Payee {uuid.uuid4().hex[:12]}"


def only_session(dana: Person, words: str) -> list[dict[str, Any]]:
    """The sessions titled by these words."""
    items: list[dict[str, Any]] = dana.get("/api/sessions", q=words)["items"]
    return items


class TestARun:
    @pytest.mark.parametrize(
        "failpoint",
        [
            "claim_run.before_commit",
            "advance_run.claimed",
            "model.answered",
            "record_step.committed",
            "execution.after_effect",
            "complete_run.before_commit",
            "complete_run.committed",
        ],
    )
    def test_goes_on_where_its_log_ends(self, place: Place, failpoint: str) -> None:
        started = place.say_into_a_crash(failpoint, "calc 6 * 7")
        run = place.dana.run_when(started["run_id"])
        assert run["status"] == "completed"
        assert "**42**" in run["result"]

    def test_cut_off_in_the_middle_of_its_reply_says_it_whole_under_a_higher_attempt(self, place: Place) -> None:
        started = place.say_into_a_crash("reply.streaming", "stream 40")
        with place.dana.socket(started["session_id"]) as socket:
            frames = [*socket.initial["state_messages"]]
            while not frames or frames[-1]["type"] != "task_completed":
                frames.append(socket.next())
        pieces = [frame["data"] for frame in frames if frame["type"] == "generating"]
        assert {piece["attempt"] for piece in pieces} <= {pieces[-1]["attempt"] if pieces else 0}
        assert len(frames[-1]["content"].split()) == 40


class TestAQuestion:
    def test_committed_but_told_to_nobody_is_found_by_whoever_comes(self, place: Place) -> None:
        started = place.say_into_a_crash("record_step.committed", "ask Which colour?")
        with place.dana.socket(started["session_id"]) as socket:
            asked = [frame for frame in socket.initial["state_messages"] if frame["type"] == "feedback_requested"]
            assert [frame["request"]["title"] for frame in asked] == ["Which colour?"]
            socket.send(type="answer", request_id=asked[0]["request"]["id"], action="submit", feedback="green")
            assert "green" in socket.until("task_completed")[-1]["content"]

    def test_not_committed_is_asked_once_after_the_restart(self, place: Place) -> None:
        started = place.say_into_a_crash("record_step.before_commit", "choose tea, coffee")
        dana = place.dana
        request = dana.pending(started["session_id"])
        assert dana.answer(request["id"], "submit", values={"choice": "tea"}).status_code == 200
        assert "tea" in dana.run_when(started["run_id"])["result"]

    @pytest.mark.parametrize("moment", ["before_commit", "committed"])
    def test_of_a_program_is_put_once_whether_or_not_the_program_heard_so(self, place: Place, moment: str) -> None:
        dana = place.armed(f"ask_people.{moment}")
        title, headers = f"Ship {uuid.uuid4().hex}?", {"Idempotency-Key": uuid.uuid4().hex}
        body = {"type": "confirmation", "title": title}
        with pytest.raises(httpx.TransportError):
            dana.http.post("/api/feedback", json=body, headers=headers)
        dana = place.restarted()
        assert len(only_session(dana, title)) == (moment == "committed")
        replies = [dana.http.post("/api/feedback", json=body, headers=headers) for _ in range(2)]
        assert [reply.status_code for reply in replies] == [201, 201]
        assert replies[0].json() == replies[1].json()
        assert len(only_session(dana, title)) == 1

    @pytest.mark.parametrize("moment", ["before_commit", "committed"])
    def test_expires_once(self, place: Place, moment: str) -> None:
        dana = place.armed(f"expire_request.{moment}")
        body, headers = {"type": "text", "title": "Soon?", "due_in": 0.1}, {"Idempotency-Key": uuid.uuid4().hex}
        with contextlib.suppress(httpx.TransportError):  # it may be due, and the server dead, before the reply is out
            dana.http.post("/api/feedback", json=body, headers=headers)
        dana = place.restarted()
        request = dana.http.post("/api/feedback", json=body, headers=headers).json()
        expired = until(lambda: dana.get(f"/api/feedback/{request['id']}"), lambda seen: seen["status"] != "pending")
        assert (expired["status"], expired["response"]["action"]) == ("expired", "decline")


class TestAnAnswer:
    def answered_into_a_crash(self, place: Place, moment: str, to: str) -> tuple[Person, dict[str, Any], str, str]:
        """(dana, what was started, the request's id, the answer's key) after the answer's connection broke and a restart."""
        dana = place.armed(f"receive_answer.{moment}")
        started = dana.say(f"pay 500 to {to}")
        request, key = dana.pending(started["session_id"]), uuid.uuid4().hex
        with pytest.raises(httpx.TransportError):
            dana.answer(request["id"], "approve", key)
        return place.restarted(), started, request["id"], key

    def test_lost_before_the_commit_was_never_given_and_can_be_given_again(self, place: Place) -> None:
        to = payee()
        dana, started, request_id, key = self.answered_into_a_crash(place, "before_commit", to)
        assert dana.get(f"/api/feedback/{request_id}")["status"] == "pending"
        assert dana.answer(request_id, "approve", key).status_code == 200
        assert dana.run_when(started["run_id"])["status"] == "completed"
        assert place.paid(to) == [500]

    def test_committed_counts_though_nobody_heard_so(self, place: Place) -> None:
        to = payee()
        dana, started, request_id, key = self.answered_into_a_crash(place, "committed", to)
        again = dana.answer(request_id, "approve", key)
        assert (again.status_code, again.json()["response"]["action"]) == (200, "approve")
        late = dana.answer(request_id, "reject")
        assert (late.status_code, late.json()["decided"]["action"]) == (409, "approve")
        assert dana.run_when(started["run_id"])["status"] == "completed"
        assert place.paid(to) == [500]

    def test_acknowledged_is_on_disk(self, place: Place) -> None:
        dana, to = place.dana, payee()
        started = dana.say(f"pay 500 to {to}")
        request = dana.pending(started["session_id"])
        assert dana.answer(request["id"], "approve").status_code == 200
        place.server.kill()
        place.server.start()
        assert dana.get(f"/api/feedback/{request['id']}")["response"]["action"] == "approve"


class TestAPayment:
    def approved_into_a_crash(self, place: Place, failpoint: str, to: str) -> tuple[Person, dict[str, Any]]:
        """(dana, what was started) after a payment of 500 was approved, the process died and was started again."""
        dana = place.armed(failpoint)
        started = dana.say(f"pay 500 to {to}")
        request = dana.pending(started["session_id"])
        with contextlib.suppress(httpx.TransportError):  # the call may run and die before the reply is out; the answer counts
            assert dana.answer(request["id"], "approve").status_code == 200
        return place.restarted(), started

    @pytest.mark.parametrize("failpoint", ["start_execution.before_commit", "finish_execution.committed"])
    def test_whose_outcome_is_known_is_made_once_and_nobody_is_asked_again(self, place: Place, failpoint: str) -> None:
        to = payee()
        dana, started = self.approved_into_a_crash(place, failpoint, to)
        run = dana.run_when(started["run_id"])
        assert run["status"] == "completed"
        assert len([entry for entry in run["log"] if entry["kind"] == "asked"]) == 1
        assert place.paid(to) == [500]

    @pytest.mark.parametrize(
        ("failpoint", "took_effect", "answer"),
        [
            ("start_execution.committed", False, "reject"),
            ("execution.before_effect", False, "approve"),
            ("execution.after_effect", True, "approve"),
            ("finish_execution.before_commit", True, "reject"),
        ],
    )
    def test_whose_outcome_is_unknown_asks_a_person_with_the_evidence(
        self, place: Place, failpoint: str, took_effect: bool, answer: str
    ) -> None:
        to = payee()
        dana, started = self.approved_into_a_crash(place, failpoint, to)
        request = dana.pending(started["session_id"])
        assert "again" in request["title"]
        assert request["action"]["args"] == {"amount": 500, "to": to}
        assert ("held a line for this payment: it took effect" in request["context"]["note"]) == took_effect
        assert place.paid(to) == [500] * took_effect
        assert dana.answer(request["id"], answer).status_code == 200
        assert dana.run_when(started["run_id"])["status"] == "completed"
        assert place.paid(to) == [500] * (took_effect + (answer == "approve"))
        executions = [row for row in place.audit().executions if row["run_id"] == started["run_id"]]
        assert sorted(row["status"] for row in executions) == (["succeeded", "unknown"] if answer == "approve" else ["unknown"])
        assert len({row["approval_id"] for row in executions}) == len(executions)

    def test_that_needed_no_approval_asks_too_before_it_is_made_again(self, place: Place) -> None:
        to = payee()
        started = place.say_into_a_crash("execution.after_effect", f"pay 50 to {to}")
        dana = place.dana
        dana.answer(dana.pending(started["session_id"])["id"], "reject")
        assert dana.run_when(started["run_id"])["status"] == "completed"
        assert place.paid(to) == [50]


class TestAMessage:
    @pytest.mark.parametrize("moment", ["before_commit", "committed"])
    def test_sent_again_after_the_crash_is_one_message_and_one_run(self, place: Place, moment: str) -> None:
        dana = place.armed(f"receive_message.{moment}")
        words, client_id = f"calc 1 + {uuid.uuid4().int % 10**9}", uuid.uuid4().hex
        with pytest.raises(httpx.TransportError):
            dana.say(words, client_id=client_id)
        dana = place.restarted()
        assert len(only_session(dana, words)) == (moment == "committed")
        first, second = dana.say(words, client_id=client_id), dana.say(words, client_id=client_id)
        assert first == second
        assert len(only_session(dana, words)) == 1
        assert dana.run_when(first["run_id"])["status"] == "completed"

    def test_acknowledged_on_a_socket_survives_the_crash(self, place: Place) -> None:
        greeted = place.dana.say("hello")
        session_id = place.dana.run_when(greeted["run_id"])["session_id"]
        with place.dana.socket(session_id) as socket:
            socket.send(type="message", content="are you there?", client_id="c-1")
            acknowledged = socket.until("message")[-1]
            place.server.kill()
        place.server.start()
        assert acknowledged in place.dana.frames(session_id)
        assert place.dana.run_when(acknowledged["message"]["run_id"])["status"] == "completed"
