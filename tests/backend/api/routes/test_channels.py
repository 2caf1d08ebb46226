"""How people are reached, over HTTP: order, waits, tests, routes, dead letters, and whose word counts."""

import json
from typing import Any

import pytest

from tests.support.example_requests import ask
from tests.support.person import Person, until
from tests.support.problem_checks import fields_of, refused

SLACK_ONLY = [{"channel": "slack", "wait_seconds": 60}]


def dead(person: Person, id: str) -> dict[str, Any]:
    """The request, once it is a dead letter."""
    request: dict[str, Any] = until(lambda: person.get(f"/api/feedback/{id}"), lambda request: request["dead_letter"])
    return request


class TestChannels:
    def test_begin_with_the_web_chat_and_say_what_is_missing(self, dana: Person) -> None:
        items = dana.get("/api/channels")["items"]
        assert [(item["type"], item["linked"], item["status"], item["set_up"]) for item in items] == [
            ("chat", True, "connected", True),
            ("slack", False, "disconnected", False),
            ("email", False, "disconnected", False),
        ]

    def test_keep_the_order_and_the_waits_a_person_wishes(self, dana: Person) -> None:
        wish = [{"type": "email", "wait_seconds": 60}, {"type": "chat", "wait_seconds": 0}, {"type": "slack", "enabled": False}]
        said = dana.http.put("/api/channels", json={"items": wish}).json()["items"]
        assert [(item["type"], item["wait_seconds"], item["enabled"]) for item in said] == [
            ("email", 60, True),
            ("chat", 0, True),
            ("slack", 900, False),
        ]
        assert dana.get("/api/channels")["items"] == said

    @pytest.mark.parametrize(
        "items",
        [
            [{"type": "chat"}, {"type": "chat"}],
            [{"type": "chat", "enabled": False}],
            [{"type": "fax"}],
            [{"type": "chat", "wait_seconds": -1}],
            [{"type": "chat", "wait_seconds": 10**9}],
            [{"type": "chat", "person_id": "usr_1"}],
        ],
    )
    def test_refuse_an_order_that_makes_no_sense(self, dana: Person, items: list[dict[str, Any]]) -> None:
        refused(dana.http.put("/api/channels", json={"items": items}), 422, "invalid")

    def test_that_are_not_set_up_or_linked_say_what_to_do(self, dana: Person) -> None:
        for path in ("/api/channels/slack/test", "/api/channels/slack/link"):
            assert "assent doctor" in refused(dana.http.post(path), 422, "invalid")["detail"]
        refused(dana.http.delete("/api/channels/slack"), 404, "not_found")

    def test_are_tried_with_a_harmless_question(self, dana: Person) -> None:
        request = dana.http.post("/api/channels/chat/test").json()
        assert request["route"] == [{"channel": "chat", "wait_seconds": 900}] and request["due_at"]
        assert dana.answer(request["id"], "approve").status_code == 200

    def test_in_a_new_order_are_told_to_every_open_tab(self, newcomer: Person) -> None:
        with newcomer.connect("/api/ws/me") as tab:
            assert json.loads(tab.recv())["type"] == "connection_ready"
            assert newcomer.http.put("/api/channels", json={"items": [{"type": "chat"}]}).status_code == 200
            assert json.loads(tab.recv()) == {"type": "channels_ordered"}


class TestRoute:
    def test_that_reaches_nobody_becomes_a_dead_letter_with_the_reason(self, dana: Person) -> None:
        request = dead(dana, ask(dana, route=SLACK_ONLY)["id"])
        assert [(copy["channel"], copy["status"]) for copy in request["deliveries"]] == [("slack", "failed")]
        assert "not set up on this server" in request["deliveries"][0]["error"] and request["status"] == "pending"
        assert dana.answer(request["id"], "submit", feedback="still open").status_code == 200

    def test_may_name_only_people_who_are_asked(self, dana: Person, eve: Person) -> None:
        body = {"type": "text", "title": "?", "route": [{"channel": "chat", "to": eve.email}]}
        assert "route" in fields_of(refused(dana.http.post("/api/feedback", json=body), 422, "invalid"))
        assert dana.http.post("/api/feedback", json={**body, "to": [dana.email, eve.email]}).status_code == 201

    def test_can_be_left_for_another_by_hand(self, dana: Person) -> None:
        id = dead(dana, ask(dana, route=SLACK_ONLY)["id"])["id"]
        moved = dana.http.post(f"/api/feedback/{id}/reroute", json={"channel": "chat"}).json()
        assert moved["dead_letter"] is False
        assert [copy["channel"] for copy in moved["deliveries"]] == ["slack", "chat"]

    def test_of_a_dead_letter_can_be_climbed_again(self, dana: Person) -> None:
        id = dead(dana, ask(dana, route=SLACK_ONLY)["id"])["id"]
        assert dana.http.post(f"/api/feedback/{id}/retry").json()["dead_letter"] is False
        assert len(dead(dana, id)["deliveries"]) == 2

    def test_of_a_decided_request_is_closed(self, dana: Person) -> None:
        id = ask(dana)["id"]
        dana.answer(id, "decline")
        for path, body in (("reroute", {"channel": "chat"}), ("retry", None)):
            refused(dana.http.post(f"/api/feedback/{id}/{path}", json=body), 409, "already_decided")


class TestSession:
    def test_is_moved_only_where_its_person_can_be_reached(self, dana: Person) -> None:
        session_id = dana.say("ask Why?")["session_id"]
        dana.pending(session_id)
        path = f"/api/sessions/{session_id}"
        assert "channel" in fields_of(refused(dana.http.patch(path, json={"channel": "slack"}), 422, "invalid"))
        assert dana.http.patch(path, json={"channel": "chat"}).json()["channel"] == "chat"
        assert "channel" not in dana.http.patch(path, json={"channel": "auto"}).json()
