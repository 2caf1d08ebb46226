"""The main job, seen from outside: a payment is proposed, shown exactly, decided by a person, made once."""

import json

import pytest

from tests.support.person import Person
from tests.support.server import Server


def ledger(server: Server) -> list[dict[str, object]]:
    path = server.data_dir / "ledger.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class TestPayment:
    def test_is_shown_exactly_and_made_once_after_approval(self, server: Server, dana: Person) -> None:
        started = dana.say("pay 500 to Bob the first")
        request = dana.pending(started["session_id"])
        assert request["action"]["args"] == {"amount": 500, "to": "Bob the first"}
        assert dana.answer(request["id"], "approve").status_code == 200
        assert dana.run_when(started["run_id"])["status"] == "completed"
        assert [line["amount"] for line in ledger(server) if line["to"] == "Bob the first"] == [500]

    @pytest.mark.parametrize("action", ["reject"])
    def test_is_not_made_without_approval(self, server: Server, dana: Person, action: str) -> None:
        started = dana.say("pay 500 to Nobody")
        dana.answer(dana.pending(started["session_id"])["id"], action, feedback="too much")
        run = dana.run_when(started["run_id"])
        assert run["status"] == "completed"
        assert "too much" in run["result"]
        assert [line for line in ledger(server) if line["to"] == "Nobody"] == []

    def test_is_made_as_edited(self, server: Server, dana: Person) -> None:
        started = dana.say("pay 500 to Edited")
        values = {"amount": 120, "to": "Edited"}
        assert dana.answer(dana.pending(started["session_id"])["id"], "edit", values=values).status_code == 200
        assert dana.run_when(started["run_id"])["status"] == "completed"
        assert [line["amount"] for line in ledger(server) if line["to"] == "Edited"] == [120]
