"""Show 2: every command of the demo model, asked over HTTP and over a socket, ends in what it said it would do."""

from typing import Any

import pytest

from tests.support.auditor import ledger
from tests.support.person import Person
from tests.support.server import Server

CHECKPOINTS = ["after_planning", "after_analysis", "before_finalization"]
FORM_VALUES = {"name": "Ann", "email": "ann@example.org", "n": 3}


class TestOverHttp:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ("calc 6 * 7", "**42**"),
            ("calc (1 + 2) * 3.5", "**10.5**"),
            ("calc 1 / 0", "Failed"),
            ("pay 50 to Small", "**Paid:** 50 to Small"),
            ("hello there", "not an AI"),
            ("stream nonsense", "Tell me how many words"),
        ],
    )
    def test_what_needs_nobody_is_done_at_once(self, dana: Person, words: str, said: str) -> None:
        run = dana.run_when(dana.say(words)["run_id"])
        assert run["status"] == "completed"
        assert said in run["result"]
        assert "asked" not in [entry["kind"] for entry in run["log"]]

    @pytest.mark.parametrize(
        ("words", "type", "answer", "said"),
        [
            ("ask Which colour?", "text", {"action": "submit", "feedback": "green"}, "> green"),
            ("ask Which colour?", "text", {"action": "decline"}, "**Declined:**"),
            ("choose tea, coffee, water", "choice", {"action": "submit", "values": {"choice": "coffee"}}, "**coffee**"),
            ("form name, email:email, n:integer", "form", {"action": "submit", "values": FORM_VALUES}, "- **n:** 3"),
            ("form name, email:email, n:integer", "form", {"action": "decline"}, "**Declined:**"),
            ("pay 500 to Ann", "confirmation", {"action": "approve"}, "**Paid:** 500 to Ann"),
            ("pay 500 to Ann", "confirmation", {"action": "reject", "feedback": "too much"}, "too much"),
            ("pay 500 to Ann", "confirmation", {"action": "edit", "values": {"amount": 7, "to": "Bob"}}, "**Paid:** 7 to Bob"),
            ("search cats", "confirmation", {"action": "reject"}, "**Rejected:**"),
            ("google cats", "confirmation", {"action": "reject"}, "**Rejected:**"),
        ],
    )
    def test_what_asks_goes_on_with_the_answer(
        self, dana: Person, words: str, type: str, answer: dict[str, Any], said: str
    ) -> None:
        started = dana.say(words)
        request = dana.pending(started["session_id"])
        assert request["type"] == type
        assert answer["action"] in request["allowed_actions"]
        decided = dana.answer(request["id"], **answer)
        assert (decided.status_code, decided.json()["status"]) == (200, "answered")
        run = dana.run_when(started["run_id"])
        assert run["status"] == "completed"
        assert said in run["result"]

    def test_a_search_without_a_network_completes_and_says_so_or_shows_what_it_found(self, dana: Person) -> None:
        started = dana.say("search the history of tea")
        assert dana.answer(dana.pending(started["session_id"])["id"], "approve").status_code == 200
        run = dana.run_when(started["run_id"])
        assert run["status"] == "completed"
        assert "network" in run["result"] or "Found for" in run["result"] or "found nothing" in run["result"]

    def test_a_failing_model_ends_the_run_with_the_reason_and_the_session_lives_on(self, dana: Person) -> None:
        started = dana.say("fail")
        run = dana.run_when(started["run_id"])
        assert run["status"] == "error"
        assert run["error"].startswith("The model answered 500 three times")
        assert (
            dana.frames(started["session_id"])[-1] | {"type": "task_failed", "error": run["error"]}
            == dana.frames(started["session_id"])[-1]
        )
        assert "**42**" in dana.run_when(dana.say("calc 6 * 7", started["session_id"])["run_id"])["result"]


class TestAPlan:
    def test_stops_at_each_checkpoint_and_comes_back_revised(self, dana: Person) -> None:
        started = dana.say("plan a launch")
        seen = []
        for action, more in [("continue", {}), ("revise", {"feedback": "shorter, please"}), ("continue", {}), ("skip", {})]:
            request = dana.pending(started["session_id"])
            seen.append((request["checkpoint"], "shorter, please" in str(request["context"])))
            assert dana.answer(request["id"], action, **more).status_code == 200
            dana.run_when(started["run_id"], "waiting_feedback", "completed")
        assert seen == [(CHECKPOINTS[0], False), (CHECKPOINTS[1], False), (CHECKPOINTS[1], True), (CHECKPOINTS[2], True)]
        run = dana.run_when(started["run_id"])
        assert run["status"] == "completed"
        assert "`before_finalization` skipped" in run["result"]
        assert "shorter, please" in run["result"]

    def test_stops_for_good_where_a_person_says_so(self, dana: Person) -> None:
        started = dana.say("plan a launch")
        assert dana.answer(dana.pending(started["session_id"])["id"], "stop").status_code == 200
        run = dana.run_when(started["run_id"])
        assert (run["status"], run["result"]) == ("stopped", None)
        last = dana.frames(started["session_id"])[-1]
        assert (last["type"], last["reason"]) == ("task_cancelled", "stopped")


class TestOverASocket:
    def ends(self, dana: Person, words: str, asks: str, **answer: Any) -> dict[str, Any]:
        """The last frame of a run whose question is answered by one frame that names no request."""
        session_id = dana.run_when(dana.say("hello")["run_id"])["session_id"]
        with dana.socket(session_id) as socket:
            socket.send(type="message", content=words, client_id="words")
            frames = socket.until(asks)
            assert "task_started" in [frame["type"] for frame in frames]
            if answer["type"] == "answer":
                answer["request_id"] = frames[-1]["request"]["id"]
            socket.send(**answer)
            resolved = socket.until("feedback_resolved")[-1]
            assert resolved["request"]["id"] == frames[-1]["request"]["id"]
            return socket.until("task_completed", "task_cancelled", "task_failed")[-1]

    @pytest.mark.parametrize("value", [True, False])
    def test_confirm_decides_a_confirmation(self, server: Server, dana: Person, value: bool) -> None:
        to = f"Confirmed {dana.id}"
        end = self.ends(dana, f"pay 500 to {to}", "request_confirmation", type="confirm", value=value)
        assert ("**Paid:**" in end["content"]) == value
        assert [line["amount"] for line in ledger(server.data_dir) if line["to"] == to] == [500] * value

    def test_user_input_fills_a_form(self, dana: Person) -> None:
        values = {"name": "Ann", "seats": 2}
        end = self.ends(dana, "form name, seats:integer", "request_user_input", type="user_input", values=values)
        assert "- **seats:** 2" in end["content"]

    @pytest.mark.parametrize(
        ("words", "answer", "said"),
        [
            ("ask Which colour?", {"action": "submit", "feedback": "blue"}, "> blue"),
            ("choose tea, coffee", {"action": "submit", "values": {"choice": "tea"}}, "**tea**"),
            ("plan a launch", {"action": "stop"}, "Stopped at a checkpoint."),
        ],
    )
    def test_answer_decides_any_other_question(self, dana: Person, words: str, answer: dict[str, Any], said: str) -> None:
        assert said in self.ends(dana, words, "feedback_requested", type="answer", **answer)["content"]

    def test_a_stream_arrives_in_pieces_and_once_more_whole(self, dana: Person) -> None:
        session_id = dana.run_when(dana.say("hello")["run_id"])["session_id"]
        with dana.socket(session_id) as socket:
            socket.send(type="message", content="stream 50", client_id="words")
            frames = socket.until("task_completed")
        text = "".join(frame["data"]["content"] for frame in frames if frame["type"] == "generating")
        assert text == frames[-1]["content"]
        assert len(text.split()) == 50
