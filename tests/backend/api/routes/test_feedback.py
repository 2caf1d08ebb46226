"""Asking people over HTTP and taking their answers: every type, every refusal, as the contract words it."""

import threading
from typing import Any

import pytest

from tests.support.example_requests import ASKS, ask, asking, question
from tests.support.person import PATIENCE_S, Person, until
from tests.support.problem_checks import fields_of, refused
from tests.support.server import Server

GOOD: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("confirmation", "approve", {}, {}),
    ("confirmation", "reject", {"feedback": "not on a Friday"}, {"feedback": "not on a Friday"}),
    ("confirmation", "edit", {"values": {"to": "staging", "version": 7}}, {"values": {"to": "staging", "version": 7}}),
    ("confirmation", "edit", {"values": {"to": " staging\n"}}, {"values": {"to": " staging\n", "version": 7}}),
    ("choice", "submit", {"values": {"choice": "b"}}, {"values": {"choice": "b"}}),
    ("choice", "decline", {}, {}),
    ("text", "submit", {"feedback": "42"}, {"feedback": "42"}),
    ("text", "decline", {"feedback": "ask Eve"}, {"feedback": "ask Eve"}),
    ("form", "submit", {"values": {"n": "12"}}, {"values": {"n": 12}}),
    ("form", "decline", {}, {}),
    ("checkpoint", "continue", {}, {}),
    ("checkpoint", "stop", {}, {}),
    ("checkpoint", "skip", {}, {}),
    ("checkpoint", "revise", {"feedback": "shorter"}, {"feedback": "shorter"}),
]
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("confirmation", {"action": "submit"}, "action"),
    ("confirmation", {"action": "edit"}, "values"),
    ("confirmation", {"action": "edit", "values": {}}, "values"),
    ("confirmation", {"action": "edit", "values": {"to": "x", "version": 1, "sudo": True}}, "sudo"),
    ("choice", {"action": "submit"}, "choice"),
    ("choice", {"action": "submit", "values": {"choice": "c"}}, "choice"),
    ("choice", {"action": "submit", "values": {"choice": ["a"]}}, "choice"),
    ("text", {"action": "submit"}, "feedback"),
    ("text", {"action": "submit", "feedback": "   "}, "feedback"),
    ("text", {"action": "approve"}, "action"),
    ("form", {"action": "submit"}, "n"),
    ("form", {"action": "submit", "values": {"n": "many"}}, "n"),
    ("form", {"action": "submit", "values": {"n": 1, "other": 2}}, "other"),
    ("form", {"action": "submit", "values": [1]}, "values"),
    ("checkpoint", {"action": "revise"}, "feedback"),
    ("checkpoint", {"action": "approve"}, "action"),
    ("text", {"feedback": "x"}, "action"),
    ("text", {"action": 1, "feedback": "x"}, "action"),
    ("text", {"action": "submit", "feedback": "x", "answered_by": "usr_1"}, "answered_by"),
    ("text", {"action": "submit", "feedback": "nul \x00"}, "feedback"),
    ("text", {"action": "submit", "feedback": "x", "version": "latest"}, "version"),
]
BAD_ASKS: list[tuple[dict[str, Any], str]] = [
    ({"type": "text"}, "title"),
    ({"type": "text", "title": "  "}, "title"),
    ({"type": "essay", "title": "?"}, "type"),
    (asking("choice", options=[]), "options"),
    (asking("choice", options=[{"value": "a", "label": "A"}] * 2), "options"),
    (asking("form", fields=[]), "fields"),
    (asking("form", fields=[{"name": "n", "type": "color"}]), "fields.0.type"),
    (asking("form", fields=[{"name": "n", "type": "enum"}]), "fields.n"),
    (asking("form", fields=[{"name": "n", "type": "date", "value": "soon"}]), "fields.n"),
    ({"type": "checkpoint", "title": "?"}, "checkpoint"),
    (asking("text", options=ASKS["choice"]["options"]), "body"),
    (asking("text", allowed_actions=["approve"]), "allowed_actions"),
    (asking("confirmation", action=None, allowed_actions=["edit"]), "allowed_actions"),
    (asking("confirmation", on_timeout="approve"), "on_timeout"),
    (asking("text", on_timeout={"action": "submit"}), "on_timeout"),
    (asking("choice", on_timeout={"action": "submit", "values": {"choice": "z"}}), "choice"),
    (asking("text", due_in=0), "due_in"),
    (asking("text", due_in=-5), "due_in"),
    (asking("text", to=["nobody@example.org"]), "to"),
    (asking("text", requested_by="the boss"), "requested_by"),
    (asking("text", status="answered"), "status"),
]


EXACT = '{"user":725653563933458432,"wide":9007199254740993,"rate":1e-05,"whole":1.0,"cost":12.5,"great":1e+16}'
INEXACT = [
    ("1e400", '"1e400" is too large'),
    ("0.1000000000000000055", "the nearest is 0.1"),
    ("9007199254740993.0", "the nearest is 9007199254740992.0"),
    ("NaN", "NaN is not JSON"),
    ('{"a":1,"a":2}', '"a" appears twice'),
]


class TestNumbers:
    def test_come_back_as_they_were_sent(self, dana: Person) -> None:
        body = f'{{"type":"confirmation","title":"?","action":{{"tool":"x","args":{EXACT}}}}}'
        asked = dana.http.post("/api/feedback", content=body, headers={"Content-Type": "application/json"})
        assert asked.status_code == 201 and f'"args":{EXACT}' in asked.text
        id = asked.json()["id"]
        assert f'"args":{EXACT}' in dana.http.get(f"/api/feedback/{id}").text
        edit = '{"action":"edit","values":{"cost":0.30000000000000004}}'
        answered = dana.http.post(f"/api/feedback/{id}/answer", content=edit, headers={"Content-Type": "application/json"})
        assert f'"values":{EXACT.replace("12.5", "0.30000000000000004")}' in answered.text

    @pytest.mark.parametrize(("value", "said"), INEXACT)
    def test_that_cannot_be_kept_are_refused_with_the_reason(self, dana: Person, value: str, said: str) -> None:
        json = {"Content-Type": "application/json"}
        body = f'{{"type":"confirmation","title":"?","action":{{"tool":"x","args":{{"n":{value}}}}}}}'
        assert said in refused(dana.http.post("/api/feedback", content=body, headers=json), 422, "invalid")["detail"]
        id = ask(dana, "confirmation")["id"]
        edit = f'{{"action":"edit","values":{{"version":{value}}}}}'
        assert said in refused(dana.http.post(f"/api/feedback/{id}/answer", content=edit, headers=json), 422, "invalid")["detail"]


class TestAnswer:
    @pytest.mark.parametrize(("type", "action", "sent", "kept"), GOOD)
    def test_that_fits_decides_the_request(
        self, dana: Person, type: str, action: str, sent: dict[str, Any], kept: dict[str, Any]
    ) -> None:
        request = ask(dana, type)
        assert (request["status"], request["version"], request["dead_letter"], request["to"]) == ("pending", 1, False, [dana.id])
        reply = dana.answer(request["id"], action, **sent)
        assert reply.status_code == 200, reply.text
        decided = reply.json()
        response = decided.pop("response")
        assert decided["status"] == "answered"
        assert (response["action"], response["by"], response["via"]) == (action, {"id": dana.id, "name": "Dana"}, "api")
        assert {name: response[name] for name in ("values", "feedback") if name in response} == kept
        assert {delivery["status"] for delivery in decided["deliveries"]} == {"settled"}
        assert dana.get(f"/api/feedback/{request['id']}") == reply.json()

    @pytest.mark.parametrize(("type", "body", "field"), BAD)
    def test_that_does_not_fit_is_refused_field_by_field_and_leaves_it_open(
        self, dana: Person, type: str, body: dict[str, Any], field: str
    ) -> None:
        request = ask(dana, type)
        problem = refused(dana.http.post(f"/api/feedback/{request['id']}/answer", json=body), 422, "invalid")
        assert field in fields_of(problem)
        assert question(dana.get(f"/api/feedback/{request['id']}")) == question(request)

    def test_to_a_request_changed_meanwhile_is_a_version_conflict(self, dana: Person) -> None:
        request = ask(dana)
        refused(dana.answer(request["id"], "submit", feedback="x", version=2), 409, "version_conflict")
        assert dana.answer(request["id"], "submit", feedback="x", version=1).status_code == 200

    def test_to_an_agent_s_call_is_checked_by_the_tool_and_bound_as_edited(self, dana: Person) -> None:
        started = dana.say("pay 500 to Carla")
        request = dana.pending(started["session_id"])
        for values, field in (
            ({"amount": -1, "to": "Carla"}, "amount"),
            ({"amount": 1, "from": "Eve"}, "from"),
            ({"to": " Carla "}, "to"),
            ({"amount": "1", "to": "x"}, "amount"),
        ):
            assert field in fields_of(refused(dana.answer(request["id"], "edit", values=values), 422, "invalid"))
        edited = dana.answer(request["id"], "edit", values={"amount": 101}).json()
        assert edited["response"]["values"] == {"amount": 101, "to": "Carla"}
        run = dana.run_when(started["run_id"])
        [execution] = [entry for entry in run["log"] if entry["kind"] == "execution_started"]
        assert execution["args"] == {"amount": 101, "to": "Carla"}

    def test_that_comes_late_is_told_who_decided_where_and_when_and_is_kept(self, dana: Person) -> None:
        request = ask(dana)
        decided = dana.answer(request["id"], "submit", feedback="first").json()
        problem = refused(dana.answer(request["id"], "decline", feedback="second"), 409, "already_decided")
        response = decided["response"]
        assert problem["decided"] == {name: response[name] for name in ("action", "by", "via", "at")}
        told = f"Already answered by Dana through the API, today at {response['at'][11:16]} UTC. Nothing was changed."
        assert problem["error"].replace("yesterday", "today") == told
        assert dana.get(f"/api/feedback/{request['id']}") == decided
        actions = [
            (row["action"], row["detail"]["decision"])
            for row in dana.get(f"/api/sessions/{request['session_id']}/audit")["items"][:2]
        ]
        assert actions == [("feedback.superseded", "decline"), ("feedback.answered", "submit")]

    def test_first_of_thirty_racing_wins_and_the_others_are_told(self, dana: Person) -> None:
        request = ask(dana, "confirmation")
        gate = threading.Barrier(30)
        replies: list[Any] = [None] * 30

        def race(number: int) -> None:
            racer = Person(dana.url, dana.id, dana.email, dana.tokens)
            gate.wait(PATIENCE_S)
            replies[number] = racer.answer(request["id"], "approve" if number % 2 else "reject")

        racers = [threading.Thread(target=race, args=(number,)) for number in range(30)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        assert sorted(reply.status_code for reply in replies) == [200] + [409] * 29
        [winner] = [reply.json()["response"] for reply in replies if reply.status_code == 200]
        for reply in replies:
            if reply.status_code == 409:
                decided = refused(reply, 409, "already_decided")["decided"]
                assert decided == {name: winner[name] for name in ("action", "by", "via", "at")}
        rows = dana.get(f"/api/sessions/{request['session_id']}/audit")["items"]
        assert sorted(row["action"] for row in rows) == ["feedback.answered", "feedback.requested"] + ["feedback.superseded"] * 29


class TestQuestion:
    @pytest.mark.parametrize(("body", "field"), BAD_ASKS)
    def test_that_cannot_be_asked_is_refused_naming_the_part(self, dana: Person, body: dict[str, Any], field: str) -> None:
        before = dana.get("/api/feedback")["items"][:1]
        assert field in fields_of(refused(dana.http.post("/api/feedback", json=body), 422, "invalid"))
        assert dana.get("/api/feedback")["items"][:1] == before

    def test_is_asked_in_a_session_of_its_own_or_in_a_given_one(self, dana: Person) -> None:
        first = ask(dana)
        second = ask(dana, session_id=first["session_id"])
        assert second["session_id"] == first["session_id"]
        assert dana.get(f"/api/sessions/{first['session_id']}")["waiting"] == 2
        refused(dana.http.post("/api/feedback", json=asking(session_id="ses_none")), 404, "not_found")

    def test_is_not_asked_in_a_closed_session(self, dana: Person) -> None:
        session_id = ask(dana)["session_id"]
        dana.http.delete(f"/api/sessions/{session_id}")
        refused(dana.http.post("/api/feedback", json=asking(session_id=session_id)), 409, "session_closed")

    @pytest.mark.parametrize("spell", ["id", "email", "EMAIL"])
    def test_to_somebody_else_is_theirs_to_decide_and_the_asker_s_to_see(
        self, server: Server, dana: Person, eve: Person, spell: str
    ) -> None:
        name = {"id": eve.id, "email": eve.email, "EMAIL": eve.email.upper()}[spell]
        request = ask(dana, to=[name])
        assert request["to"] == [eve.id] and request["recipients"] == [{"id": eve.id, "name": "Eve"}]
        assert dana.get(f"/api/feedback/{request['id']}")["id"] == request["id"]
        problem = refused(dana.answer(request["id"], "submit", feedback="mine"), 403, "not_a_responder")
        assert "Eve" in problem["error"]
        stranger = server.person("Stranger")
        refused(stranger.answer(request["id"], "submit", feedback="mine"), 404, "not_found")
        refused(stranger.http.get(f"/api/feedback/{request['id']}"), 404, "not_found")
        assert eve.get("/api/feedback", status="pending")["items"][0]["id"] == request["id"]
        assert eve.answer(request["id"], "submit", feedback="hers").json()["response"]["by"] == {"id": eve.id, "name": "Eve"}

    def test_may_be_put_to_several_of_whom_one_decides(self, dana: Person, eve: Person) -> None:
        request = ask(dana, to=[dana.id, eve.email])
        assert sorted(request["to"]) == sorted([dana.id, eve.id])
        assert eve.answer(request["id"], "submit", feedback="hers").status_code == 200
        assert "Eve" in refused(dana.answer(request["id"], "submit", feedback="mine"), 409, "already_decided")["error"]

    def test_is_withdrawn_by_the_asker_only_and_once(self, dana: Person, eve: Person) -> None:
        request = ask(dana, to=[dana.id, eve.id])
        refused(eve.http.post(f"/api/feedback/{request['id']}/cancel"), 403, "forbidden")
        assert dana.http.post(f"/api/feedback/{request['id']}/cancel").json()["status"] == "cancelled"
        refused(dana.http.post(f"/api/feedback/{request['id']}/cancel"), 409, "already_decided")
        decided = refused(eve.answer(request["id"], "submit", feedback="late"), 409, "already_decided")["decided"]
        assert (decided["action"], decided["by"]) == ("cancelled", {"id": dana.id, "name": "Dana"})


class TestAgentsQuestion:
    @pytest.mark.parametrize(
        ("words", "type", "action", "more"),
        [
            ("ask which colour", "text", "submit", {"feedback": "blue"}),
            ("choose red, green, blue", "choice", "submit", {"values": {"choice": "green"}}),
            ("form name, n:integer", "form", "submit", {"values": {"name": "Zoe", "n": 3}}),
        ],
    )
    def test_of_every_type_is_answered_and_the_run_says_so(
        self, dana: Person, words: str, type: str, action: str, more: dict[str, Any]
    ) -> None:
        started = dana.say(words)
        request = dana.pending(started["session_id"])
        assert (request["type"], request["run_id"]) == (type, started["run_id"])
        assert dana.answer(request["id"], action, **more).status_code == 200
        run = dana.run_when(started["run_id"])
        assert run["status"] == "completed"
        told = more.get("feedback") or str(next(iter(more["values"].values())))
        assert told in run["result"]

    @pytest.mark.parametrize("how", ["decline", "cancel"])
    def test_left_unanswered_lets_the_run_go_on_with_that_fact(self, dana: Person, how: str) -> None:
        started = dana.say("ask which colour")
        request = dana.pending(started["session_id"])
        reply = dana.http.post(f"/api/feedback/{request['id']}/cancel") if how == "cancel" else dana.answer(request["id"], how)
        assert reply.status_code == 200
        assert dana.run_when(started["run_id"])["status"] == "completed"

    def test_says_who_withdrew_it(self, dana: Person) -> None:
        request = ask(dana)
        withdrawn = dana.http.post(f"/api/feedback/{request['id']}/cancel").json()
        assert withdrawn["closed"]["by"] == {"id": dana.id, "name": "Dana"}
        assert "why" not in withdrawn["closed"]
        assert dana.get(f"/api/feedback/{request['id']}") == withdrawn
        late = refused(dana.answer(request["id"], "submit", feedback="late"), 409, "already_decided")
        assert late["detail"].startswith("This was withdrawn by Dana, today at ")

    def test_says_when_closing_the_session_withdrew_it(self, dana: Person) -> None:
        request = ask(dana)
        dana.http.delete(f"/api/sessions/{request['session_id']}")
        closed = dana.get(f"/api/feedback/{request['id']}")["closed"]
        assert (closed["by"]["name"], closed["why"]) == ("Dana", "the session was closed")

    def test_is_withdrawn_when_its_run_is_cancelled(self, dana: Person) -> None:
        started = dana.say("pay 500 to Withdrawn")
        request = dana.pending(started["session_id"])
        assert dana.http.post(f"/api/runs/{started['run_id']}/cancel").json()["status"] == "cancelled"
        until(lambda: dana.get(f"/api/feedback/{request['id']}")["status"], lambda status: status == "cancelled")
        closed = dana.get(f"/api/feedback/{request['id']}")["closed"]
        assert "by" not in closed and closed["why"] == "the run was cancelled"
        refused(dana.answer(request["id"], "approve"), 409, "already_decided")
