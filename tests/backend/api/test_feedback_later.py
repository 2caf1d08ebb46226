"""Requests over time: sent twice, waited for, left unanswered until they are due, listed."""

import threading
import time
from typing import Any

import pytest

from tests.support.example_requests import ask, asking, question
from tests.support.person import Person
from tests.support.problem_checks import refused


class TestIdempotencyKey:
    def test_gets_the_same_reply_again(self, newcomer: Person) -> None:
        asked = [newcomer.http.post("/api/feedback", json=asking(), headers={"Idempotency-Key": "ask-1"}) for _ in range(2)]
        assert [reply.status_code for reply in asked] == [201, 201]
        assert asked[0].text == asked[1].text
        request_id = asked[0].json()["id"]
        answers = [newcomer.answer(request_id, "submit", key="answer-1", feedback="x") for _ in range(2)]
        assert [reply.status_code for reply in answers] == [200, 200]
        assert answers[0].text == answers[1].text
        assert len(newcomer.get("/api/feedback")["items"]) == 1

    def test_gets_the_same_refusal_again(self, dana: Person) -> None:
        request = ask(dana)
        dana.answer(request["id"], "submit", feedback="first")
        problems = [
            refused(dana.answer(request["id"], "submit", key="late", feedback="late"), 409, "already_decided") for _ in range(2)
        ]
        for problem in problems:
            problem.pop("instance")
        assert problems[0] == problems[1]
        rows = dana.get(f"/api/sessions/{request['session_id']}/audit")["items"]
        assert [row["action"] for row in rows].count("feedback.superseded") == 1

    def test_used_for_something_else_is_a_mismatch(self, dana: Person) -> None:
        request = ask(dana)
        assert dana.answer(request["id"], "submit", key="mismatch", feedback="x").status_code == 200
        refused(dana.answer(request["id"], "submit", key="mismatch", feedback="y"), 422, "idempotency_mismatch")
        refused(
            dana.http.post("/api/feedback", json=asking(), headers={"Idempotency-Key": "mismatch"}), 422, "idempotency_mismatch"
        )

    def test_is_each_person_s_own(self, dana: Person, eve: Person) -> None:
        replies = [person.http.post("/api/feedback", json=asking(), headers={"Idempotency-Key": "own"}) for person in (dana, eve)]
        assert replies[0].json()["id"] != replies[1].json()["id"]

    def test_makes_one_of_many_at_once(self, newcomer: Person) -> None:
        replies: list[Any] = []

        def send() -> None:
            sender = Person(newcomer.url, newcomer.id, newcomer.email, newcomer.tokens)
            replies.append(sender.http.post("/api/feedback", json=asking(), headers={"Idempotency-Key": "at once"}))

        senders = [threading.Thread(target=send) for _ in range(8)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        assert {reply.status_code for reply in replies} == {201}
        assert len({reply.text for reply in replies}) == 1
        assert len(newcomer.get("/api/feedback")["items"]) == 1

    def test_is_not_used_up_by_an_invalid_answer(self, dana: Person) -> None:
        request = ask(dana)
        refused(dana.answer(request["id"], "submit", key="unused"), 422, "invalid")
        assert dana.answer(request["id"], "submit", key="unused", feedback="now").status_code == 200


DUE: list[tuple[str, Any, str, Any]] = [
    ("confirmation", None, "reject", None),
    ("confirmation", {"action": "approve"}, "approve", None),
    ("choice", None, "decline", None),
    ("choice", {"action": "submit", "values": {"choice": "b"}}, "submit", {"choice": "b"}),
    ("text", None, "decline", None),
    ("form", None, "decline", None),
    ("form", {"action": "submit", "values": {"n": "3"}}, "submit", {"n": 3}),
    ("checkpoint", None, "stop", None),
    ("checkpoint", "skip", "skip", None),
    ("checkpoint", {"action": "continue"}, "continue", None),
]


class TestDueTime:
    def test_passing_decides_as_announced(self, dana: Person) -> None:
        asked = [ask(dana, type, due_in=0.05, **({} if wish is None else {"on_timeout": wish})) for type, wish, _, _ in DUE]
        for request, (_, on_timeout, action, values) in zip(asked, DUE, strict=True):
            assert request["on_timeout"] == (on_timeout or action)
            assert request["due_at"] > request["created_at"]
            expired = dana.get(f"/api/feedback/{request['id']}", wait=60)
            assert expired["status"] == "expired"
            assert expired["response"]["by"]["id"] == "system" and expired["response"]["via"] == "timeout"
            assert expired["closed"]["why"] == "nobody answered in time"
            assert (expired["response"]["action"], expired["response"].get("values")) == (action, values)
            assert (
                refused(dana.answer(request["id"], action, values=values), 409, "already_decided")["decided"]["via"] == "timeout"
            )

    def test_not_yet_there_decides_nothing(self, dana: Person) -> None:
        request = ask(dana, due_in=3600)
        assert dana.answer(request["id"], "submit", feedback="in time").status_code == 200


class TestWaiting:
    def test_is_woken_by_the_answer(self, dana: Person) -> None:
        request = ask(dana)
        seen: list[Any] = []
        waiter = threading.Thread(target=lambda: seen.append(dana.get(f"/api/feedback/{request['id']}", wait=60)))
        waiter.start()
        decided = Person(dana.url, dana.id, dana.email, dana.tokens).answer(request["id"], "submit", feedback="here").json()
        waiter.join()
        assert seen == [decided]

    def test_for_what_is_decided_returns_at_once(self, dana: Person) -> None:
        request = ask(dana)
        decided = dana.answer(request["id"], "submit", feedback="x").json()
        assert dana.get(f"/api/feedback/{request['id']}", wait=60) == decided

    def test_gives_the_pending_request_when_the_time_is_over(self, dana: Person) -> None:
        request = ask(dana)
        started = time.monotonic()
        assert question(dana.get(f"/api/feedback/{request['id']}", wait=0.2)) == question(request)
        assert time.monotonic() - started >= 0.2

    @pytest.mark.parametrize("wait", ["61", "-1", "nan", "inf", "soon"])
    def test_has_bounds(self, dana: Person, wait: str) -> None:
        refused(dana.http.get(f"/api/feedback/{ask(dana)['id']}", params={"wait": wait}), 422, "invalid")

    def test_for_somebody_else_s_is_not_found_at_once(self, dana: Person, eve: Person) -> None:
        refused(eve.http.get(f"/api/feedback/{ask(dana)['id']}", params={"wait": 60}), 404, "not_found")


class TestList:
    def test_is_newest_first_fifty_a_page(self, newcomer: Person) -> None:
        session_id = ask(newcomer)["session_id"]
        for number in range(60):
            ask(newcomer, session_id=session_id, title=f"number {number}")
        first = newcomer.get("/api/feedback")
        assert len(first["items"]) == 50 and first["items"][0]["title"] == "number 59"
        second = newcomer.get("/api/feedback", cursor=first["next"])
        assert len(second["items"]) == 11 and "next" not in second
        ids = [item["id"] for item in first["items"] + second["items"]]
        assert len(set(ids)) == 61

    def test_is_filtered_by_status_and_session(self, newcomer: Person) -> None:
        one, other = ask(newcomer), ask(newcomer)
        newcomer.answer(one["id"], "decline")
        assert [item["id"] for item in newcomer.get("/api/feedback", status="pending")["items"]] == [other["id"]]
        assert [item["id"] for item in newcomer.get("/api/feedback", status="answered")["items"]] == [one["id"]]
        assert [item["id"] for item in newcomer.get("/api/feedback", session_id=one["session_id"])["items"]] == [one["id"]]
        refused(newcomer.http.get("/api/feedback", params={"status": "everything"}), 422, "invalid")

    def test_shows_nobody_else_s(self, dana: Person, eve: Person) -> None:
        request = ask(dana)
        assert eve.get("/api/feedback", session_id=request["session_id"])["items"] == []

    def test_refuses_a_cursor_it_did_not_give(self, dana: Person) -> None:
        refused(dana.http.get("/api/feedback", params={"cursor": "1 OR 1=1"}), 422, "invalid")
