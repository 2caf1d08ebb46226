"""Who alone may approve a tool's calls: looked up when the answer comes, by addresses that are proven, and told apart from
whoever asks. Each server has rules of its own."""

from collections.abc import Callable

import pytest

from tests.support.auditor import ledger
from tests.support.person import PASSWORD, Person, client, until
from tests.support.problem_checks import refused
from tests.support.server import Server


class TestApprovers:
    @pytest.fixture
    def finance(self, make_server: Callable[..., Server]) -> Server:
        return make_server(approvals="make_payment: amount > 10 -> finance").start()

    def test_alone_decide_for_somebody_else_s_run(self, finance: Server) -> None:
        dana, bo = finance.person("Dana"), finance.colleague("Bo")
        assert finance.command("groups", "add", "finance", bo.email) == 0
        started = dana.say("pay 500 to Bob")
        request = dana.pending(started["session_id"])
        assert [person["name"] for person in request["recipients"]] == ["Bo"]
        assert "Only Bo" in refused(dana.answer(request["id"], "approve"), 403, "not_a_responder")["detail"]
        assert bo.answer(request["id"], "approve").status_code == 200
        until(lambda: dana.run(started["run_id"])["status"], lambda status: status == "completed")
        assert [line["amount"] for line in ledger(finance.data_dir)] == [500]

    def test_that_nobody_is_leave_the_call_undone(self, finance: Server) -> None:
        dana = finance.person("Dana")
        started = dana.say("pay 500 to Bob")
        run = until(lambda: dana.run(started["run_id"]), lambda run: run["status"] in ("completed", "error"))
        assert ledger(finance.data_dir) == [], run

    def test_are_managed_from_the_machine(self, finance: Server) -> None:
        bo = finance.person("Bo")
        assert finance.command("groups", "add", "two words", bo.email) == 1
        assert finance.command("groups", "add", "finance", "nobody@example.org") == 1
        assert finance.command("groups", "add", "finance", bo.email) == 0
        assert finance.command("groups", "list") == 0
        assert finance.command("groups", "remove", "finance", bo.email) == 0
        assert finance.command("groups", "remove", "finance", bo.email) == 1


class TestMembership:
    @pytest.fixture
    def finance(self, make_server: Callable[..., Server]) -> Server:
        return make_server(approvals="make_payment: amount > 10 -> finance").start()

    def test_that_ended_ends_what_is_pending_and_that_began_begins_it(self, finance: Server) -> None:
        dana, bo, cy = finance.person("Dana"), finance.colleague("Bo"), finance.colleague("Cy")
        assert finance.command("groups", "add", "finance", bo.email) == 0
        started = dana.say("pay 500 to Bob")
        request = dana.pending(started["session_id"])
        assert finance.command("groups", "add", "finance", cy.email) == 0
        assert finance.command("groups", "remove", "finance", bo.email) == 0
        assert (
            bo.get("/api/feedback", status="pending")["items"] == []
            and bo.http.get(f"/api/feedback/{request['id']}").status_code == 404
        )
        for version in (request["version"], None):
            refused(bo.answer(request["id"], "approve", version=version), 403, "not_a_responder")
        now = dana.get(f"/api/feedback/{request['id']}")
        assert now["to"] == [cy.id] and now["version"] > request["version"]
        refused(cy.answer(request["id"], "approve", version=request["version"]), 409, "version_conflict")
        assert ledger(finance.data_dir) == []
        assert cy.answer(request["id"], "approve", version=now["version"]).status_code == 200
        dana.run_when(started["run_id"], "completed")
        assert len(ledger(finance.data_dir)) == 1

    def test_of_whoever_is_disabled_ends_and_their_own_runs_with_it(self, finance: Server) -> None:
        dana, bo = finance.person("Dana"), finance.colleague("Bo")
        assert finance.command("groups", "add", "finance", bo.email) == 0
        started, own = dana.say("pay 500 to Bob"), bo.say("ask Why?")
        request = dana.pending(started["session_id"])
        bo.pending(own["session_id"])
        assert finance.command("users", "disable", bo.email) == 0
        now = dana.get(f"/api/feedback/{request['id']}")
        assert (now["dead_letter"], now["to"]) == (True, [])
        assert finance.command("users", "enable", bo.email) == 0
        bo = Person.sign_in(finance.url, bo.email)
        assert bo.run(own["run_id"])["status"] == "cancelled"
        assert bo.answer(request["id"], "approve").status_code == 200
        dana.run_when(started["run_id"], "completed")


class TestRules:
    def test_that_changed_at_a_restart_hold_for_what_was_put_before(self, make_server: Callable[..., Server]) -> None:
        server = make_server(approvals="make_payment: amount > 10 -> finance").start()
        dana, bo, cy = server.person("Dana"), server.colleague("Bo"), server.colleague("Cy")
        assert server.command("groups", "add", "finance", bo.email) == 0
        assert server.command("groups", "add", "board", cy.email) == 0
        started = dana.say("pay 500 to Bob")
        request = dana.pending(started["session_id"])
        server.stop()
        server.start(approvals="make_payment: amount > 10 -> board")
        refused(bo.answer(request["id"], "approve"), 403, "not_a_responder")
        now = dana.get(f"/api/feedback/{request['id']}")
        assert now["to"] == [cy.id] and "changed since this was asked" in now["changed"]
        assert now["action"]["policy"].endswith("-> board") and now["action"]["digest"] != request["action"]["digest"]
        assert cy.answer(request["id"], "approve", version=now["version"]).status_code == 200
        dana.run_when(started["run_id"], "completed")
        assert len(ledger(server.data_dir)) == 1

    def test_can_want_somebody_else_than_the_asker(self, make_server: Callable[..., Server]) -> None:
        server = make_server(approvals="make_payment: amount > 10 -> finance except asker").start()
        dana, bo = server.person("Dana"), server.colleague("Bo")
        assert server.command("groups", "add", "finance", dana.email, bo.email) == 0
        started = dana.say("pay 500 to Bob")
        request = dana.pending(started["session_id"])
        assert request["to"] == [bo.id] and request["rule"]["distinct_from_requester"] is True
        for answered in (
            dana.answer(request["id"], "approve"),
            dana.http.post(f"/api/approvals/{request['id']}", json={"approved": True}),
        ):
            refused(answered, 403, "not_a_responder")
        assert bo.answer(request["id"], "approve").status_code == 200
        dana.run_when(started["run_id"], "completed")

    def test_never_mean_a_stranger_who_registered_with_the_address(self, make_server: Callable[..., Server]) -> None:
        server = make_server(approvals="make_payment: amount > 10 -> boss@example.org").start()
        dana = server.person("Dana")
        body = {"email": "Boss@example.org", "password": PASSWORD, "name": "Boss"}
        assert client(server.url).post("/api/auth/register", json=body).json()["confirmed"] is False
        boss = Person.sign_in(server.url, "boss@example.org")
        for asker in (dana, boss):
            asker.run_when(asker.say("pay 900000 to Boss")["run_id"])
        assert ledger(server.data_dir) == []
        assert server.command("users", "confirm", "boss@example.org") == 0
        started = dana.say("pay 20 to Bob")
        assert boss.answer(dana.pending(started["session_id"])["id"], "approve").status_code == 200
        dana.run_when(started["run_id"], "completed")
        assert [line["amount"] for line in ledger(server.data_dir)] == [20]
