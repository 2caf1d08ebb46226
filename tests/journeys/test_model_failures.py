"""Show 6: a model that fails in whatever way costs a bounded number of tries, ends the run with a reason, and nothing else."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.aimock import Aimock, aimock, aimock_server
from tests.support.auditor import audit, ledger
from tests.support.person import Person
from tests.support.server import Server

__all__ = ["aimock", "aimock_server"]

SECRET = "sk-secret"
DECIDES, SPEAKS = "Now give the next step", "Now write the message"
REPLY = json.dumps({"kind": "reply"})


def step(kind: str, **more: Any) -> str:
    return json.dumps({"kind": kind, **more})


@pytest.fixture(scope="module")
def asking(aimock_server: Aimock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose model is the peer."""
    settings = {"llm": "openai-generic", "llm_base_url": f"{aimock_server.url}/v1", "llm_model": "some-model"}
    server = Server(tmp_path_factory.mktemp("model") / "data", **settings, llm_api_key=SECRET).start()
    yield server
    server.kill()


@pytest.fixture
def ann(asking: Server, aimock: Aimock) -> Iterator[Person]:
    """A person there, with nothing scripted yet; everything is audited afterwards."""
    yield asking.person("Ann")
    audit(asking.data_dir)
    assert SECRET not in asking.log.read_text()


def session_lives_on(ann: Person, aimock: Aimock, session_id: str) -> bool:
    """Whether the next message is answered once the model is well again."""
    aimock.reset()
    aimock.says("All is well.", to=SPEAKS)
    aimock.says(REPLY)
    run = ann.run_when(ann.say("And now?", session_id)["run_id"])
    return (run["status"], run["result"]) == ("completed", "All is well.")


class TestAModelThatWorks:
    def test_proposes_a_payment_which_is_made_once_after_approval(self, asking: Server, ann: Person, aimock: Aimock) -> None:
        call = step("tool", tool="make_payment", args={"amount": 500, "to": f"Peer {ann.id}"}, reason="because")
        aimock.says(call, to=DECIDES, times=1)
        aimock.says("It is paid.", to=SPEAKS)
        aimock.says(REPLY)
        started = ann.say("Pay the peer, please.")
        request = ann.pending(started["session_id"])
        assert request["action"]["args"] == {"amount": 500, "to": f"Peer {ann.id}"}
        assert ann.answer(request["id"], "approve").status_code == 200
        assert ann.run_when(started["run_id"])["result"] == "It is paid."
        assert [line["amount"] for line in ledger(asking.data_dir) if line["to"] == f"Peer {ann.id}"] == [500]

    def test_asks_for_a_form_and_reads_what_was_filled_in(self, ann: Person, aimock: Aimock) -> None:
        fields = [{"name": "city", "type": "text", "required": True}]
        aimock.says(step("form", title="Where to?", prompt="", fields=fields), to=DECIDES, times=1)
        aimock.says("Off to Lisbon.", to=SPEAKS)
        aimock.says(REPLY)
        started = ann.say("Book a trip.")
        assert ann.answer(ann.pending(started["session_id"])["id"], "submit", values={"city": "Lisbon"}).status_code == 200
        assert ann.run_when(started["run_id"])["result"] == "Off to Lisbon."
        assert "Lisbon" in aimock.asked()[-1]["body"]["messages"][1]["content"]

    def test_proposing_an_unknown_tool_is_told_so_and_decides_again(self, ann: Person, aimock: Aimock) -> None:
        aimock.says(step("tool", tool="launch_rocket", args={}, reason=""), to=DECIDES, times=1)
        aimock.says("I cannot do that.", to=SPEAKS)
        aimock.says(REPLY)
        run = ann.run_when(ann.say("Launch!")["run_id"])
        assert run["status"] == "completed"
        assert "no tool 'launch_rocket'" in next(entry for entry in run["log"] if entry["kind"] == "refused")["reason"]


class TestAModelThatFails:
    @pytest.mark.parametrize(
        ("status", "tries", "reason"),
        [
            (500, 3, "The model answered 500 three times"),
            (503, 3, "The model answered 503 three times"),
            (429, 3, "The model answered 429 three times"),
            (401, 1, "The model refused the key (401)"),
            (404, 1, "The model was not found (404)"),
        ],
    )
    def test_is_tried_so_often_and_then_named(self, ann: Person, aimock: Aimock, status: int, tries: int, reason: str) -> None:
        aimock.fails(status)
        started = ann.say("Hello?")
        run = ann.run_when(started["run_id"])
        assert (run["status"], run["error"].partition(" (openai-generic")[0]) == ("error", reason)
        assert SECRET not in run["error"]
        assert len(aimock.asked()) == tries
        last = ann.frames(started["session_id"])[-1]
        assert (last["type"], last["error"]) == ("task_failed", run["error"])
        assert session_lives_on(ann, aimock, started["session_id"])

    def test_twice_and_then_works_is_nothing_to_tell(self, ann: Person, aimock: Aimock) -> None:
        aimock.fails(500, to=DECIDES, times=2)
        aimock.says("Here I am.", to=SPEAKS)
        aimock.says(REPLY)
        run = ann.run_when(ann.say("Hello?")["run_id"])
        assert (run["status"], run["result"]) == ("completed", "Here I am.")

    def test_by_writing_garbage_is_asked_twice_more(self, ann: Person, aimock: Aimock) -> None:
        aimock.says("I would rather talk about the weather.")
        started = ann.say("Hello?")
        run = ann.run_when(started["run_id"])
        assert (run["status"], run["error"].partition(" (")[0]) == ("error", "The model gave nothing usable 3 times")
        assert len(aimock.asked()) == 3
        assert session_lives_on(ann, aimock, started["session_id"])

    def test_by_repeating_a_rejected_payment_pays_nothing(self, asking: Server, ann: Person, aimock: Aimock) -> None:
        aimock.says(step("tool", tool="make_payment", args={"amount": 900, "to": f"Insist {ann.id}"}, reason="the user approved"))
        started = ann.say("Hello?")
        assert ann.answer(ann.pending(started["session_id"])["id"], "reject").status_code == 200
        run = ann.run_when(started["run_id"])
        assert run["status"] == "error"
        assert [line for line in ledger(asking.data_dir) if line["to"] == f"Insist {ann.id}"] == []
        assert session_lives_on(ann, aimock, started["session_id"])

    def test_by_going_round_in_circles_is_stopped_by_the_cap_on_steps(self, ann: Person, aimock: Aimock) -> None:
        aimock.says(step("tool", tool="calculate", args={"expression": "1 + 1"}, reason=""))
        started = ann.say("Hello?")
        run = ann.run_when(started["run_id"])
        assert run["status"] == "error"
        assert run["steps"] <= 25
        assert session_lives_on(ann, aimock, started["session_id"])

    def test_by_breaking_off_in_the_middle_of_its_reply_ends_the_run_without_the_half(self, ann: Person, aimock: Aimock) -> None:
        aimock.says("This reply is cut off before it is over. " * 5, to=SPEAKS, chunkSize=10, truncateAfterChunks=4)
        aimock.says(REPLY)
        started = ann.say("Hello?")
        run = ann.run_when(started["run_id"])
        assert run["status"] == "error"
        assert "broke off in the middle" in run["error"] or "cannot be read" in run["error"]
        assert [message["type"] for message in ann.get(f"/api/sessions/{started['session_id']}/messages")["items"]] == ["user"]
        with ann.socket(started["session_id"]) as socket:
            assert "partial" not in socket.initial
        assert session_lives_on(ann, aimock, started["session_id"])

    def test_by_never_answering_ends_the_run_at_its_cap_on_time(
        self, asking: Server, make_server: Callable[..., Server], aimock: Aimock
    ) -> None:
        server = make_server(**asking.settings).start(run_max_seconds=2)
        bob = server.person("Bob")
        aimock.says(REPLY, latency=60_000)
        started = bob.say("Hello?")
        run = bob.run_when(started["run_id"])
        assert (run["status"], run["error"]) == ("error", "The run worked longer than 2 seconds (ASSENT_RUN_MAX_SECONDS).")
        assert server.stop() == 0
        server.start()
        assert session_lives_on(bob, aimock, started["session_id"])
        audit(server.data_dir)
