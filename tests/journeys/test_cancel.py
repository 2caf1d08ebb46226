"""Calling work off, wherever it is: the run ends as cancelled, its question is withdrawn, and the session lives on."""

import socket as tcp
from collections.abc import Callable

import pytest

from tests.support.auditor import audit
from tests.support.person import Person, until
from tests.support.server import Server


def lives_on(dana: Person, session_id: str) -> bool:
    """Whether the session's next message is answered."""
    run = dana.run_when(dana.say("calc 6 * 7", session_id)["run_id"])
    return run["status"] == "completed" and "**42**" in run["result"]


class TestCancelling:
    def test_in_the_middle_of_a_reply_stops_it(self, dana: Person) -> None:
        started = dana.say("stream 2000")
        with dana.socket(started["session_id"]) as socket:
            socket.until("generating")
            socket.send(type="cancel")
            end = socket.until("task_cancelled")[-1]
            assert (end["run_id"], end["reason"]) == (started["run_id"], "cancelled")
            socket.send(type="ping")
            assert "generating" not in [frame["type"] for frame in socket.until("pong")]
        with dana.socket(started["session_id"]) as socket:
            assert "partial" not in socket.initial
        assert dana.run(started["run_id"])["status"] == "cancelled"
        assert lives_on(dana, started["session_id"])

    def test_while_a_person_is_asked_withdraws_the_question(self, dana: Person) -> None:
        started = dana.say("pay 500 to Nobody at all")
        request = dana.pending(started["session_id"])
        assert dana.http.post(f"/api/chat/cancel/{started['session_id']}").json() == {"status": "cancelled"}
        assert dana.run(started["run_id"])["status"] == "cancelled"
        assert dana.get(f"/api/feedback/{request['id']}")["status"] == "cancelled"
        late = dana.answer(request["id"], "approve")
        assert (late.status_code, late.json()["code"], late.json()["decided"]["action"]) == (409, "already_decided", "cancelled")
        assert lives_on(dana, started["session_id"])

    def test_while_a_tool_runs_leaves_its_outcome_on_record(
        self, make_server: Callable[[], Server], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with tcp.create_server(("127.0.0.1", 0)) as silent:
            monkeypatch.setenv("DDGS_PROXY", f"http://127.0.0.1:{silent.getsockname()[1]}")  # no search ends before this does
            server = make_server().start()
            dana = server.person()
            started = dana.say("search the weather in Lisbon")
            with dana.socket(started["session_id"]) as socket:
                dana.answer(dana.pending(started["session_id"])["id"], "approve")
                while socket.until("agent_status")[-1]["status"] != "using_tool":
                    pass
                assert dana.http.post(f"/api/runs/{started['run_id']}/cancel").json()["status"] == "cancelled"
                socket.until("task_cancelled")
        assert lives_on(dana, started["session_id"])

        def outcome() -> list[str]:
            return [row["status"] for row in audit(server.data_dir).executions if row["run_id"] == started["run_id"]]

        until(outcome, lambda seen: seen in (["succeeded"], ["failed"], ["unknown"]))

    def test_before_a_worker_has_taken_the_run_means_it_is_never_taken(self, make_server: Callable[[], Server]) -> None:
        server = make_server().start()
        dana = server.person()
        server.arm("claim_run.before_commit:raise")
        started = dana.say("calc 1 + 1")
        assert dana.http.post(f"/api/chat/cancel/{started['session_id']}").json() == {"status": "cancelled"}
        server.arm("")
        assert lives_on(dana, started["session_id"])
        run = dana.run(started["run_id"])
        assert (run["status"], [entry["kind"] for entry in run["log"]]) == ("cancelled", ["message", "ended"])
        audit(server.data_dir)

    def test_when_nothing_runs_is_as_good(self, dana: Person) -> None:
        started = dana.say("calc 1 + 1")
        dana.run_when(started["run_id"])
        frames = dana.frames(started["session_id"])
        assert dana.http.post(f"/api/chat/cancel/{started['session_id']}").json() == {"status": "cancelled"}
        assert dana.frames(started["session_id"]) == frames
