"""A model that proposes several calls at once: each becomes a step, a question and an execution of its own, one by one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.aimock import Aimock, aimock, aimock_server
from tests.support.auditor import audit, ledger
from tests.support.person import Person, until
from tests.support.server import Server

__all__ = ["aimock", "aimock_server"]

DECIDES, SPEAKS = "Now give the next step", "Now write the message"
REPLY = json.dumps({"kind": "reply"})


def pay(amount: int, to: str) -> dict[str, Any]:
    return {"kind": "tool", "tool": "make_payment", "args": {"amount": amount, "to": to}, "reason": "You asked."}


def settings_of(model: Aimock) -> dict[str, Any]:
    return {"llm": "openai-generic", "llm_base_url": f"{model.url}/v1", "llm_model": "some-model", "llm_api_key": "sk"}


@pytest.fixture(scope="module")
def asking(aimock_server: Aimock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("several") / "data", **settings_of(aimock_server)).start()
    yield server
    server.kill()


@pytest.fixture
def ann(asking: Server, aimock: Aimock) -> Iterator[Person]:
    yield asking.person("Ann")
    audit(asking.data_dir)


def proposes(aimock: Aimock, *calls: dict[str, Any]) -> None:
    aimock.says("\n".join(json.dumps(call) for call in calls), to=DECIDES, times=1)
    aimock.says("That is all.", to=SPEAKS)
    aimock.says(REPLY)


def paid(data_dir: Path, *to: str) -> list[tuple[Any, str]]:
    return [(line["amount"], line["to"]) for line in ledger(data_dir) if line["to"] in to]


def next_request(person: Person, session_id: str, before: dict[str, Any]) -> dict[str, Any]:
    after: dict[str, Any] = until(lambda: person.pending(session_id), lambda request: request["id"] != before["id"])
    return after


def told(aimock: Aimock) -> str:
    return "".join(asked["body"]["messages"][1]["content"] for asked in aimock.asked())


class TestTwoCallsInOneAnswer:
    def test_are_asked_about_and_paid_one_by_one_in_their_order(self, asking: Server, ann: Person, aimock: Aimock) -> None:
        bob, al = f"Bob {ann.id}", f"Al {ann.id}"
        proposes(aimock, pay(500, bob), pay(300, al))
        started = ann.say("Pay both.")
        first = ann.pending(started["session_id"])
        assert first["action"]["args"] == {"amount": 500, "to": bob}
        assert paid(asking.data_dir, bob, al) == []
        ann.answer(first["id"], "approve")
        second = next_request(ann, started["session_id"], first)
        assert second["action"]["args"] == {"amount": 300, "to": al}
        assert second["action"]["digest"] != first["action"]["digest"]
        assert paid(asking.data_dir, bob, al) == [(500, bob)]
        ann.answer(second["id"], "approve")
        run = ann.run_when(started["run_id"])
        assert run["result"] == "That is all."
        assert paid(asking.data_dir, bob, al) == [(500, bob), (300, al)]
        steps = [entry["step"]["kind"] for entry in run["log"] if entry["kind"] == "step"]
        assert steps == ["tools", "tool", "tool", "reply"]

    def test_are_decided_by_themselves_where_the_first_is_rejected(self, asking: Server, ann: Person, aimock: Aimock) -> None:
        bob, al = f"Bob {ann.id}", f"Al {ann.id}"
        proposes(aimock, pay(500, bob), pay(300, al))
        started = ann.say("Pay both.")
        first = ann.pending(started["session_id"])
        ann.answer(first["id"], "reject")
        ann.answer(next_request(ann, started["session_id"], first)["id"], "approve")
        assert ann.run_when(started["run_id"])["status"] == "completed"
        assert paid(asking.data_dir, bob, al) == [(300, al)]

    def test_are_edited_by_themselves(self, asking: Server, ann: Person, aimock: Aimock) -> None:
        bob, al = f"Bob {ann.id}", f"Al {ann.id}"
        proposes(aimock, pay(500, bob), pay(300, al))
        started = ann.say("Pay both.")
        first = ann.pending(started["session_id"])
        ann.answer(first["id"], "edit", values={"amount": 400, "to": bob})
        ann.answer(next_request(ann, started["session_id"], first)["id"], "approve")
        assert ann.run_when(started["run_id"])["status"] == "completed"
        assert paid(asking.data_dir, bob, al) == [(400, bob), (300, al)]


class TestWhatIsStillWaiting:
    def test_goes_back_to_the_model_when_a_person_says_why_not(self, asking: Server, ann: Person, aimock: Aimock) -> None:
        al = f"Al {ann.id}"
        proposes(aimock, pay(500, "Bob"), pay(300, al))
        started = ann.say("Pay both.")
        ann.answer(ann.pending(started["session_id"])["id"], "reject", feedback="Nobody is to be paid today.")
        assert ann.run_when(started["run_id"])["status"] == "completed"
        assert paid(asking.data_dir, al) == []
        assert "Not put to anyone, and not run: make_payment(" in told(aimock)

    def test_goes_back_to_the_model_when_a_person_says_more(self, asking: Server, ann: Person, aimock: Aimock) -> None:
        bob, al = f"Bob {ann.id}", f"Al {ann.id}"
        proposes(aimock, pay(500, bob), pay(300, al))
        started = ann.say("Pay both.")
        request = ann.pending(started["session_id"])
        ann.say("Only Bob, please.", started["session_id"])
        ann.answer(request["id"], "approve")
        assert ann.run_when(started["run_id"])["status"] == "completed"
        assert paid(asking.data_dir, bob, al) == [(500, bob)]
        assert "A person wrote while further calls were waiting" in told(aimock)

    def test_never_runs_unasked_behind_a_no(self, asking: Server, ann: Person, aimock: Aimock) -> None:
        al = f"Al {ann.id}"
        proposes(aimock, pay(500, "Bob"), pay(20, al))
        started = ann.say("Pay both.")
        ann.answer(ann.pending(started["session_id"])["id"], "reject")
        assert ann.run_when(started["run_id"])["status"] == "completed"
        assert paid(asking.data_dir, al) == []
        assert "would run without approval" in told(aimock)

    def test_goes_back_to_the_model_when_one_of_them_does_not_fit(self, asking: Server, ann: Person, aimock: Aimock) -> None:
        al = f"Al {ann.id}"
        proposes(aimock, {**pay(5, "Bob"), "args": {"amount": "many"}}, pay(300, al))
        run = ann.run_when(ann.say("Pay both.")["run_id"])
        assert run["status"] == "completed"
        assert paid(asking.data_dir, al) == []
        assert "Not put to anyone" in told(aimock)

    def test_is_over_with_the_run(self, asking: Server, ann: Person, aimock: Aimock) -> None:
        al = f"Al {ann.id}"
        proposes(aimock, pay(500, "Bob"), pay(300, al))
        started = ann.say("Pay both.")
        request = ann.pending(started["session_id"])
        assert ann.http.post(f"/api/runs/{started['run_id']}/cancel").status_code == 200
        assert ann.run_when(started["run_id"])["status"] == "cancelled"
        assert ann.answer(request["id"], "approve").status_code == 409
        assert paid(asking.data_dir, al) == []


@pytest.mark.parametrize("failpoint", ["propose_next_call.before_commit", "propose_next_call.committed"])
def test_a_kill_between_two_calls_asks_about_each_once(tmp_path: Path, aimock: Aimock, failpoint: str) -> None:
    proposes(aimock, pay(500, "Bob"), pay(300, "Al"))
    server = Server(tmp_path / "data", **settings_of(aimock)).start(failpoint=f"{failpoint}:kill")
    ann = server.person("Ann")
    started = ann.say("Pay both.")
    server.wait_for_death()
    server.start()
    ann = Person.sign_in(server.url, ann.email)
    first = ann.pending(started["session_id"])
    assert first["action"]["args"] == {"amount": 500, "to": "Bob"}
    ann.answer(first["id"], "approve")
    ann.answer(next_request(ann, started["session_id"], first)["id"], "approve")
    assert ann.run_when(started["run_id"])["status"] == "completed"
    assert paid(server.data_dir, "Bob", "Al") == [(500, "Bob"), (300, "Al")]
    audit(server.data_dir)
    server.kill()


def test_the_cap_on_steps_counts_each_call(tmp_path: Path, aimock: Aimock) -> None:
    proposes(aimock, *(pay(number, "Bob") for number in range(1, 6)))
    server = Server(tmp_path / "data", run_max_steps=4, **settings_of(aimock)).start()
    ann = server.person("Ann")
    ended = ann.run_when(ann.say("Pay all.")["run_id"])
    assert (ended["status"], ended["steps"]) == ("error", 4)
    assert "ASSENT_RUN_MAX_STEPS" in ended["error"]
    assert len(paid(server.data_dir, "Bob")) == 2
    server.kill()
