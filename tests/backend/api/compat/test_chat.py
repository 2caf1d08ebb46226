"""Talking with the agent in the shapes existing clients know: completion, cancel, session."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.example_requests import question
from tests.support.person import Person, until
from tests.support.problem_checks import refused


def post(person: Person, content: str, type: str = "application/json") -> httpx.Response:
    return person.http.post("/api/chat/completion", content=content, headers={"Content-Type": type})


class TestCompletion:
    def test_opens_a_session_and_a_run_with_exactly_what_was_said(self, dana: Person) -> None:
        reply = dana.http.post("/api/chat/completion", json={"query": "hello"})
        assert set(reply.json()) == {"session_id", "query", "run_id"}
        assert reply.json()["query"] == "hello"
        assert dana.run_when(reply.json()["run_id"])["status"] == "completed"

    def test_goes_on_in_a_session_with_a_run_of_its_own(self, dana: Person) -> None:
        first = dana.say("hello")
        dana.run_when(first["run_id"])
        second = dana.say("and again", first["session_id"])
        assert second["session_id"] == first["session_id"] and second["run_id"] != first["run_id"]

    def test_joins_the_run_under_way_and_leaves_its_question_open(self, dana: Person) -> None:
        started = dana.say("pay 500 to Joined")
        request = dana.pending(started["session_id"])
        assert dana.say("make it quick", started["session_id"])["run_id"] == started["run_id"]
        assert question(dana.get(f"/api/feedback/{request['id']}")) == question(request)

    def test_ignores_what_it_does_not_know(self, dana: Person) -> None:
        reply = dana.http.post("/api/chat/completion", json={"query": "hello", "stream": True, "user_id": "x"})
        assert reply.status_code == 200

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "{",
            "[]",
            "null",
            '"hello"',
            "{}",
            '{"query":""}',
            '{"query":"  \\n "}',
            '{"query":null}',
            '{"query":7}',
            '{"query":["hello"]}',
            '{"query":"hello","session_id":7}',
            '{"query":"hello","session_id":""}',
            '{"query":"hello","channel":"telepathy"}',
            '{"query":"hello","client_id":{}}',
            '{"query":"hello","client_id":"' + "x" * 201 + '"}',
            '{"query":"' + "x" * 4001 + '"}',
            '{"query":"\\u0000"}',
            '{"query":"\\ud800"}',
            '{"query":' + "[" * 5000 + "]" * 5000 + "}",
            '{"query":' + "9" * 5000 + "}",
        ],
        ids=lambda body: body[:30],
    )
    def test_with_any_invalid_body_is_400(self, dana: Person, body: str) -> None:
        refused(post(dana, body), 400)

    @pytest.mark.parametrize("type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
    def test_with_another_kind_of_body_is_400(self, dana: Person, type: str) -> None:
        refused(post(dana, '{"query":"hello"}', type), 400)

    def test_in_an_unknown_session_is_not_found(self, dana: Person) -> None:
        refused(dana.http.post("/api/chat/completion", json={"query": "hello", "session_id": "ses_none"}), 404, "not_found")

    @pytest.mark.parametrize("length", [1, 4000])
    def test_takes_words_up_to_the_limit(self, dana: Person, length: int) -> None:
        assert dana.say("x" * length)["query"] == "x" * length

    def test_repeated_under_its_client_id_is_one_message(self, dana: Person) -> None:
        first = dana.say("hello", client_id="once")
        assert dana.say("hello", client_id="once") == first
        inside: dict[str, Any] = {"session_id": first["session_id"], "client_id": "once"}
        assert dana.say("hello", **inside) == first
        users = [item for item in dana.get(f"/api/sessions/{first['session_id']}/messages")["items"] if item["type"] == "user"]
        assert len(users) == 1
        refused(dana.http.post("/api/chat/completion", json={"query": "other words", **inside}), 409, "client_id_reused")

    def test_repeated_without_its_session_is_found_where_it_was_said(self, newcomer: Person) -> None:
        first = newcomer.say("hello")
        second = newcomer.say("and more", session_id=first["session_id"], client_id="lost")
        assert newcomer.say("and more", client_id="lost") == second
        refused(newcomer.http.post("/api/chat/completion", json={"query": "else", "client_id": "lost"}), 409, "client_id_reused")
        assert len(newcomer.get("/api/sessions")["items"]) == 1

    def test_repeated_under_its_key_is_one_message(self, newcomer: Person) -> None:
        def say() -> httpx.Response:
            return newcomer.http.post("/api/chat/completion", json={"query": "hello"}, headers={"Idempotency-Key": "once"})

        assert say().json() == say().json()
        assert len(newcomer.get("/api/sessions")["items"]) == 1

    def test_repeated_by_many_at_once_opens_one_session(self, newcomer: Person) -> None:
        with ThreadPoolExecutor(8) as pool:
            said = list(pool.map(lambda _: newcomer.say("hello", client_id="at once"), range(16)))
        assert len({each["session_id"] for each in said}) == 1
        assert len(newcomer.get("/api/sessions")["items"]) == 1

    def test_keeps_words_letter_for_letter(self, dana: Person) -> None:
        words = 'Zürich \u2028 😀 "quotes" \\ <b> \u202e'
        started = dana.say(words)
        assert dana.get(f"/api/sessions/{started['session_id']}/messages")["items"][-1]["content"] == words


class TestCancel:
    def test_ends_the_run_and_its_question(self, dana: Person) -> None:
        started = dana.say("pay 500 to Cancelled")
        request = dana.pending(started["session_id"])
        assert dana.http.post(f"/api/chat/cancel/{started['session_id']}").json() == {"status": "cancelled"}
        assert dana.run(started["run_id"])["status"] == "cancelled"
        assert dana.get(f"/api/feedback/{request['id']}")["status"] == "cancelled"
        [last] = [frame for frame in dana.frames(started["session_id"]) if frame["type"] == "task_cancelled"]
        assert (last["run_id"], last["reason"]) == (started["run_id"], "cancelled")

    def test_says_the_same_when_nothing_runs(self, dana: Person) -> None:
        started = dana.say("hello")
        dana.run_when(started["run_id"])
        for _ in range(2):
            assert dana.http.post(f"/api/chat/cancel/{started['session_id']}").json() == {"status": "cancelled"}
        assert dana.run(started["run_id"])["status"] == "completed"

    def test_of_a_run_changes_an_ended_one_no_more(self, dana: Person) -> None:
        started = dana.say("hello")
        ended = dana.run_when(started["run_id"])
        assert dana.http.post(f"/api/runs/{started['run_id']}/cancel").json() == ended

    def test_in_the_middle_of_a_reply_stops_it(self, dana: Person) -> None:
        started = dana.say("stream 2000")
        with dana.socket(started["session_id"]) as live:
            live.until("generating")
            live.send(type="cancel")
            live.until("task_cancelled")
        assert dana.run(started["run_id"])["status"] == "cancelled"


class TestSession:
    def test_is_told_in_the_shape_that_clients_know(self, dana: Person) -> None:
        started = dana.say("pay 500 to Shaped")
        request = dana.pending(started["session_id"])
        path = f"/api/session/{started['session_id']}"
        told = dana.get(path)
        assert (told["session_id"], told["is_connected"], told["task_exists"]) == (started["session_id"], False, True)
        assert told["state_messages"] == dana.frames(started["session_id"])
        assert told["saved_state_messages"] == len(told["state_messages"])
        assert told["state_messages"][-1]["type"] == "request_confirmation"
        assert "make_payment" in told["state_messages"][-1]["message"]
        with dana.socket(started["session_id"]):
            assert until(lambda: dana.get(path)["is_connected"], bool) is True
        dana.answer(request["id"], "reject")
        dana.run_when(started["run_id"])
        assert dana.get(path)["task_exists"] is False
        assert json.loads(json.dumps(told)) == told
