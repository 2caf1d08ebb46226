"""The two REST polling patterns that other systems' clients speak: crew executions with checkpoints, tasks with approvals."""

from typing import Any

import httpx
import pytest

from tests.support.example_requests import ask
from tests.support.person import FINISHED, Person, until
from tests.support.problem_checks import refused

ALL = ["after_planning", "after_analysis", "before_finalization"]


def execute(person: Person, checkpoints: list[str] | None = None, **more: Any) -> dict[str, Any]:
    body = {
        "message": "plan a tea party",
        "language": "English",
        "checkpoints": checkpoints if checkpoints is not None else ALL,
        **more,
    }
    reply = person.http.post("/api/crew/execute", json=body)
    assert reply.status_code == 200, reply.text
    execution: dict[str, Any] = reply.json()
    return execution


def status(person: Person, execution_id: str, *wanted: str) -> dict[str, Any]:
    """The status once it is one of those wanted."""
    seen: dict[str, Any] = until(lambda: person.get(f"/api/crew/status/{execution_id}"), lambda seen: seen["status"] in wanted)
    return seen


def _after(path: str, page: Any) -> str | None:
    return f"{path}&cursor={page['next']}" if isinstance(page, dict) and "next" in page else None


def decide(person: Person, execution_id: str, checkpoint_id: str, action: str, **more: Any) -> Any:
    return person.http.post(
        "/api/crew/feedback", json={"execution_id": execution_id, "checkpoint_id": checkpoint_id, "action": action, **more}
    )


class TestCrew:
    def test_stops_at_each_checkpoint_until_a_person_lets_it_go_on(self, dana: Person) -> None:
        execution = execute(dana)
        assert {"execution_id", "status", "current_checkpoint", "completed_checkpoints"} <= set(execution)
        assert execution["current_checkpoint"] is None and execution["completed_checkpoints"] == []
        id = execution["execution_id"]
        for number, name in enumerate(ALL):
            seen = until(lambda: dana.get(f"/api/crew/status/{id}"), lambda seen: seen["current_checkpoint"])
            assert (seen["status"], seen["completed_checkpoints"]) == ("waiting_feedback", ALL[:number])
            checkpoint = dana.get(f"/api/crew/checkpoint/{id}")
            assert set(checkpoint) >= {
                "execution_id",
                "checkpoint_id",
                "checkpoint_name",
                "description",
                "context",
                "status",
                "created_at",
            }
            assert (checkpoint["checkpoint_id"], checkpoint["checkpoint_name"], checkpoint["status"]) == (
                seen["current_checkpoint"],
                name,
                "pending",
            )
            assert checkpoint["context"]
            assert decide(dana, id, checkpoint["checkpoint_id"], "continue").status_code == 200
        done = status(dana, id, *FINISHED)
        assert (done["status"], done["completed_checkpoints"], done["current_checkpoint"]) == ("completed", ALL, None)
        assert done["result"]

    def test_goes_through_where_no_checkpoint_is_wanted(self, dana: Person) -> None:
        done = status(dana, execute(dana, [])["execution_id"], *FINISHED)
        assert (done["status"], done["completed_checkpoints"]) == ("completed", [])

    def test_revises_and_asks_again_under_the_same_name(self, dana: Person) -> None:
        id = execute(dana, ["after_planning"])["execution_id"]
        status(dana, id, "waiting_feedback")
        first = dana.get(f"/api/crew/checkpoint/{id}")
        refused(decide(dana, id, first["checkpoint_id"], "revise"), 422, "invalid")
        assert decide(dana, id, first["checkpoint_id"], "revise", feedback="add biscuits").status_code == 200
        second = until(lambda: dana.http.get(f"/api/crew/checkpoint/{id}"), lambda reply: reply.status_code == 200).json()
        assert second["checkpoint_id"] != first["checkpoint_id"] and second["checkpoint_name"] == "after_planning"
        assert dana.get(f"/api/crew/status/{id}")["completed_checkpoints"] == []
        decide(dana, id, second["checkpoint_id"], "skip")
        assert status(dana, id, *FINISHED)["status"] == "completed"

    def test_stop_ends_it_as_stopped(self, dana: Person) -> None:
        id = execute(dana)["execution_id"]
        seen = status(dana, id, "waiting_feedback")
        reply = decide(dana, id, seen["current_checkpoint"], "stop", feedback="no tea")
        assert (reply.json()["status"], reply.json()["current_checkpoint"]) == ("stopped", None)
        refused(dana.http.get(f"/api/crew/checkpoint/{id}"), 404, "not_found")
        refused(decide(dana, id, seen["current_checkpoint"], "continue"), 409, "already_decided")

    def test_refuses_what_does_not_belong_together(self, dana: Person) -> None:
        one, other = execute(dana, ["after_planning"]), execute(dana, ["after_planning"])
        theirs = status(dana, other["execution_id"], "waiting_feedback")["current_checkpoint"]
        refused(decide(dana, one["execution_id"], theirs, "continue"), 404, "not_found")
        refused(decide(dana, one["execution_id"], "req_none", "continue"), 404, "not_found")
        refused(decide(dana, other["execution_id"], theirs, "approve"), 422, "invalid")
        refused(decide(dana, other["execution_id"], ask(dana, "checkpoint")["id"], "continue"), 404, "not_found")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"message": ""},
            {"message": "  "},
            {"message": 1},
            {"message": "x", "checkpoints": "all"},
            {"message": "x", "checkpoints": [1]},
        ],
    )
    def test_refuses_what_is_no_execution(self, dana: Person, body: dict[str, Any]) -> None:
        refused(dana.http.post("/api/crew/execute", json=body), 422, "invalid")

    def test_under_a_key_is_started_and_decided_once(self, newcomer: Person) -> None:
        def start(checkpoints: list[str]) -> httpx.Response:
            body = {"message": "plan a tea party", "checkpoints": checkpoints}
            return newcomer.http.post("/api/crew/execute", json=body, headers={"Idempotency-Key": "once"})

        first = start(["after_planning"]).json()
        assert start(["after_planning"]).json()["execution_id"] == first["execution_id"]
        refused(start([]), 409, "client_id_reused")
        assert len(newcomer.get("/api/sessions")["items"]) == 1
        id = first["execution_id"]
        at = status(newcomer, id, "waiting_feedback")["current_checkpoint"]
        body = {"execution_id": id, "checkpoint_id": at, "action": "continue"}
        for _ in range(2):
            decided = newcomer.http.post("/api/crew/feedback", json=body, headers={"Idempotency-Key": "twice"})
            assert decided.status_code == 200, decided.text

    def test_ignores_what_it_does_not_know(self, dana: Person) -> None:
        assert execute(dana, [], temperature=0.7)["execution_id"]


class TestTasks:
    @pytest.mark.parametrize(("approved", "executed"), [(True, True), (False, False)])
    def test_wait_for_the_approval_and_do_as_decided(self, newcomer: Person, approved: bool, executed: bool) -> None:
        task_id = newcomer.http.post("/api/tasks", json={"message": "pay 500 to Tasked"}).json()["task_id"]
        [approval] = until(lambda: newcomer.get("/api/approvals"), bool)
        assert (approval["task_id"], approval["status"], approval["tool_name"]) == (task_id, "pending", "make_payment")
        assert approval["args"] == {"amount": 500, "to": "Tasked"}
        assert newcomer.get(f"/api/tasks/{task_id}")["status"] == "waiting_feedback"
        decided = newcomer.http.post(
            f"/api/approvals/{approval['id']}", json={"approved": approved, "reason": "because", "extra": 1}
        )
        assert decided.status_code == 200 and decided.json()["status"] == "answered"
        done = until(lambda: newcomer.get(f"/api/tasks/{task_id}"), lambda task: task["status"] in FINISHED)
        assert done["status"] == "completed" and done["result"]
        started = [entry for entry in newcomer.run(task_id)["log"] if entry["kind"] == "execution_started"]
        assert bool(started) is executed
        assert newcomer.get("/api/approvals") == []
        refused(newcomer.http.post(f"/api/approvals/{approval['id']}", json={"approved": True}), 409, "already_decided")

    @pytest.mark.parametrize(
        "body", [{}, {"approved": "yes"}, {"approved": 1}, {"approved": None}, {"approved": True, "reason": 7}]
    )
    def test_take_a_strict_yes_or_no(self, dana: Person, body: dict[str, Any]) -> None:
        approval = ask(dana, "confirmation")
        refused(dana.http.post(f"/api/approvals/{approval['id']}", json=body), 422, "invalid")
        assert dana.get(f"/api/feedback/{approval['id']}")["status"] == "pending"

    def test_list_only_calls_that_the_caller_may_decide(self, newcomer: Person, eve: Person) -> None:
        ask(newcomer, "text")
        ask(newcomer, "confirmation", to=[eve.id])
        mine = ask(newcomer, "confirmation")
        assert [approval["id"] for approval in newcomer.get("/api/approvals")] == [mine["id"]]
        refused(newcomer.http.post(f"/api/approvals/{ask(newcomer, 'text')['id']}", json={"approved": True}), 404, "not_found")

    def test_are_not_hidden_by_many_other_questions(self, newcomer: Person) -> None:
        approval = ask(newcomer, "confirmation")
        for _ in range(55):
            ask(newcomer, "text", session_id=approval["session_id"])
        assert [item["id"] for item in newcomer.get("/api/approvals")] == [approval["id"]]

    def test_are_not_hidden_by_many_confirmations_of_others(self, newcomer: Person, eve: Person) -> None:
        approval = ask(newcomer, "confirmation")
        for _ in range(55):
            ask(newcomer, "confirmation", session_id=approval["session_id"], to=[eve.id])
        assert [item["id"] for item in newcomer.get("/api/approvals")] == [approval["id"]]

    def test_are_listed_page_by_page_each_once(self, newcomer: Person) -> None:
        first = ask(newcomer, "confirmation")
        asked = [first["id"], *(ask(newcomer, "confirmation", session_id=first["session_id"])["id"] for _ in range(60))]
        page = newcomer.http.get("/api/approvals")
        found = [item["id"] for item in page.json()]
        assert len(found) == 50
        rest = newcomer.http.get(page.links["next"]["url"])
        assert "next" not in rest.links
        assert sorted(found + [item["id"] for item in rest.json()]) == sorted(asked)

    def test_that_are_large_come_fewer_at_a_time_each_once(self, newcomer: Person) -> None:
        action = {"tool": "deploy", "args": {f"n{n}": "x" * 18_000 for n in range(30)}}
        asked = [ask(newcomer, "confirmation", action=action)["id"] for _ in range(5)]
        for path in ("/api/approvals", "/api/feedback?status=pending"):
            found: list[str] = []
            page = newcomer.http.get(path)
            while True:
                assert len(page.content) < 2_500_000  # nobody has fifty megabytes written for one call
                items = page.json() if isinstance(page.json(), list) else page.json()["items"]
                found += [item["id"] for item in items]
                more = page.links.get("next", {}).get("url") or _after(path, page.json())
                if more is None:
                    break
                page = newcomer.http.get(more)
            assert found == asked[::-1]

    def test_under_a_key_are_started_once(self, newcomer: Person) -> None:
        def start(message: str) -> httpx.Response:
            return newcomer.http.post("/api/tasks", json={"message": message}, headers={"Idempotency-Key": "once"})

        first = start("calc 1+1").json()
        assert start("calc 1+1").json() == first
        refused(start("calc 2+2"), 409, "client_id_reused")
        assert len(newcomer.get("/api/sessions")["items"]) == 1

    def test_decided_under_a_key_are_answered_alike_again(self, newcomer: Person) -> None:
        approval = ask(newcomer, "confirmation")

        def decide(approved: bool, key: str) -> httpx.Response:
            path = f"/api/approvals/{approval['id']}"
            return newcomer.http.post(path, json={"approved": approved}, headers={"Idempotency-Key": key})

        first = decide(True, "one")
        assert decide(True, "one").json() == first.json() and first.status_code == 200
        refused(decide(False, "one"), 422, "idempotency_mismatch")
        refused(decide(True, "two"), 409, "already_decided")
