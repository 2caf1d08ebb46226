"""Channels over HTTP: each person's order, told to whatever they have open."""

import json
from typing import Any

from tests.support.person import Person
from tests.support.problems import refused


def order(person: Person) -> list[str]:
    return [channel["type"] for channel in person.get("/api/channels")["items"]]


def put(person: Person, *items: dict[str, Any]) -> Any:
    return person.http.put("/api/channels", json={"items": list(items)})


class TestOrder:
    def test_begins_with_the_web_chat_and_is_the_person_s_to_change(self, newcomer: Person, dana: Person) -> None:
        assert order(newcomer)[0] == "chat"
        wished = put(newcomer, {"type": "slack", "wait_seconds": 120}, {"type": "email", "enabled": False}, {"type": "chat"})
        assert [channel["type"] for channel in wished.json()["items"]] == ["slack", "email", "chat"]
        kept = newcomer.get("/api/channels")["items"]
        assert [(channel["wait_seconds"], channel["enabled"]) for channel in kept] == [(120, True), (900, False), (900, True)]
        assert order(dana)[0] == "chat"

    def test_is_told_to_every_open_tab(self, newcomer: Person) -> None:
        with newcomer.connect("/api/ws/me") as tab:
            assert json.loads(tab.recv())["type"] == "connection_ready"
            put(newcomer, {"type": "slack"}, {"type": "chat"})
            assert json.loads(tab.recv()) == {"type": "channels_ordered"}

    def test_never_leaves_the_web_chat_out(self, newcomer: Person) -> None:
        refused(put(newcomer, {"type": "chat", "enabled": False}), 422, "invalid")
        refused(put(newcomer, {"type": "slack"}, {"type": "slack"}), 422, "invalid")
        assert order(newcomer)[0] == "chat"
