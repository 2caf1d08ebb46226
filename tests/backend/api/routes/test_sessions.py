"""Sessions over HTTP: listing, searching, renaming, closing, and their three histories."""

from typing import Any

import pytest

from tests.support.example_requests import ask, asking
from tests.support.person import Person, until
from tests.support.problem_checks import fields_of, refused


def titled(person: Person, *titles: str) -> list[str]:
    """Sessions with these titles, oldest first; their ids."""
    return [str(ask(person, title=title)["session_id"]) for title in titles]


def found(person: Person, **query: Any) -> list[str]:
    return [item["title"] for item in person.get("/api/sessions", **query)["items"]]


class TestList:
    def test_is_newest_first_fifty_a_page(self, newcomer: Person) -> None:
        titled(newcomer, *(f"number {n}" for n in range(55)))
        first = newcomer.get("/api/sessions")
        assert len(first["items"]) == 50 and first["items"][0]["title"] == "number 54"
        second = newcomer.get("/api/sessions", cursor=first["next"])
        assert [item["title"] for item in second["items"]] == [f"number {n}" for n in (4, 3, 2, 1, 0)]
        assert "next" not in second

    def test_moves_what_is_talked_in_to_the_top(self, newcomer: Person) -> None:
        first, _ = titled(newcomer, "first", "second")
        assert found(newcomer) == ["second", "first"]
        newcomer.run_when(newcomer.say("hello", first)["run_id"])
        assert found(newcomer) == ["first", "second"]

    def test_is_searched_by_words_in_which_wildcards_are_letters(self, newcomer: Person) -> None:
        titled(newcomer, "100% sure", "1000 sure", "snake_case", "snakeXcase", "back\\slash", "ÄRGER")
        assert found(newcomer, q="100%") == ["100% sure"]
        assert found(newcomer, q="e_c") == ["snake_case"]
        assert found(newcomer, q="k\\s") == ["back\\slash"]
        assert found(newcomer, q="SURE") == ["1000 sure", "100% sure"]
        assert found(newcomer, q="' OR 1=1 --") == []
        assert found(newcomer, q="%") == ["100% sure"]

    def test_is_filtered_by_status_and_found_by_id(self, newcomer: Person) -> None:
        kept, closed = titled(newcomer, "kept", "closed")
        newcomer.http.delete(f"/api/sessions/{closed}")
        assert found(newcomer, status="active") == ["kept"]
        assert found(newcomer, status="closed") == ["closed"]
        assert found(newcomer, q=kept) == ["kept"]


class TestSession:
    def test_counts_what_could_not_be_brought_to_anybody(self, newcomer: Person) -> None:
        """A question that only waits in the web chat for somebody to look has not gone wrong."""
        lost = ask(newcomer, route=[{"channel": "slack", "wait_seconds": 60}])
        unread = ask(newcomer, session_id=lost["session_id"])
        session = until(lambda: newcomer.get(f"/api/sessions/{lost['session_id']}"), lambda session: session["undelivered"])
        assert (session["waiting"], session["undelivered"]) == (2, 1)
        until(lambda: newcomer.get(f"/api/feedback/{unread['id']}"), lambda request: request["dead_letter"])
        assert newcomer.get(f"/api/sessions/{lost['session_id']}")["undelivered"] == 1
        newcomer.answer(lost["id"], "decline")
        assert newcomer.get(f"/api/sessions/{lost['session_id']}")["undelivered"] == 0

    def test_is_titled_by_its_first_words_and_renamed_by_its_owner(self, dana: Person) -> None:
        session_id = dana.say("  hello \n there  ")["session_id"]
        assert dana.get(f"/api/sessions/{session_id}")["title"] == "hello there"
        renamed = dana.http.patch(f"/api/sessions/{session_id}", json={"title": "  Better  "})
        assert renamed.json()["title"] == "Better"
        nothing: dict[str, None]
        for nothing in ({}, {"title": None}):
            assert "body" in fields_of(refused(dana.http.patch(f"/api/sessions/{session_id}", json=nothing), 422, "invalid"))
        for body in ({"title": ""}, {"title": "  "}, {"title": "x" * 301}, {"title": 1}):
            assert "title" in fields_of(refused(dana.http.patch(f"/api/sessions/{session_id}", json=body), 422, "invalid"))

    def test_long_first_words_are_cut_to_a_title(self, dana: Person) -> None:
        session_id = dana.say("word " * 100)["session_id"]
        title = dana.get(f"/api/sessions/{session_id}")["title"]
        assert len(title) <= 80 and title.endswith("…")

    def test_is_closed_for_good_and_stays_readable(self, dana: Person) -> None:
        started = dana.say("pay 500 to Closed")
        session_id = started["session_id"]
        agents, own = dana.pending(session_id), ask(dana, session_id=session_id)
        assert dana.http.delete(f"/api/sessions/{session_id}").json()["status"] == "closed"
        assert dana.run(started["run_id"])["status"] == "cancelled"
        for request in (agents, own):
            assert dana.get(f"/api/feedback/{request['id']}")["status"] == "cancelled"
        assert dana.http.delete(f"/api/sessions/{session_id}").json()["status"] == "closed"
        refused(dana.http.post("/api/chat/completion", json={"query": "again", "session_id": session_id}), 409, "session_closed")
        refused(dana.http.post("/api/feedback", json=asking(session_id=session_id)), 409, "session_closed")
        assert dana.get(f"/api/sessions/{session_id}/messages")["items"]
        assert [frame["type"] for frame in dana.frames(session_id)].count("feedback_resolved") == 2

    def test_counts_what_waits_and_says_what_the_agent_does(self, dana: Person) -> None:
        started = dana.say("pay 500 to Counted")
        request = dana.pending(started["session_id"])
        session = dana.get(f"/api/sessions/{started['session_id']}")
        assert (session["waiting"], session["agent_status"], session["active_run_id"]) == (
            1,
            "waiting_feedback",
            started["run_id"],
        )
        dana.answer(request["id"], "reject")
        dana.run_when(started["run_id"])
        session = dana.get(f"/api/sessions/{started['session_id']}")
        assert (session["waiting"], session["agent_status"], "active_run_id" in session) == (0, "completed", False)


class TestEvents:
    def test_are_the_log_after_a_number_without_gaps(self, dana: Person) -> None:
        started = dana.say("hello")
        dana.run_when(started["run_id"])
        path = f"/api/sessions/{started['session_id']}/events"
        whole = dana.get(path)
        seqs = [frame["seq"] for frame in whole["items"]]
        assert seqs == list(range(1, len(seqs) + 1)) and whole["last_seq"] == seqs[-1]
        assert [frame["type"] for frame in whole["items"]] == ["message", "task_started", "message", "task_completed"]
        assert all(frame["ts"] and frame["session_id"] == started["session_id"] for frame in whole["items"])
        assert dana.get(path, after=2)["items"] == whole["items"][2:]
        assert dana.get(path, after=seqs[-1] + 100) == {"items": [], "last_seq": seqs[-1]}

    @pytest.mark.parametrize("after", ["-1", "x", "1.5", str(2**60)])
    def test_after_what_is_no_number_is_refused(self, dana: Person, after: str) -> None:
        session_id = ask(dana)["session_id"]
        refused(dana.http.get(f"/api/sessions/{session_id}/events", params={"after": after}), 422, "invalid")


class TestMessages:
    def test_are_newest_first_with_their_authors(self, dana: Person) -> None:
        started = dana.say("hello", client_id="m-1")
        dana.run_when(started["run_id"])
        agent, user = dana.get(f"/api/sessions/{started['session_id']}/messages")["items"]
        assert (agent["type"], agent["status"], "author" in agent) == ("agent", "sent", False)
        assert (user["type"], user["content"], user["author"], user["client_id"]) == (
            "user",
            "hello",
            {"id": dana.id, "name": "Dana"},
            "m-1",
        )

    def test_come_fifty_a_page(self, dana: Person) -> None:
        session_id = dana.say("pay 500 to Talkative")["session_id"]
        for number in range(52):
            dana.say(f"more {number}", session_id)
        first = dana.get(f"/api/sessions/{session_id}/messages")
        assert [item["content"] for item in first["items"][:2]] == ["more 51", "more 50"]
        second = dana.get(f"/api/sessions/{session_id}/messages", cursor=first["next"])
        assert len(first["items"]) == 50 and len({item["id"] for item in first["items"] + second["items"]}) == 53


class TestAudit:
    def test_says_who_did_what_and_is_whole(self, dana: Person) -> None:
        started = dana.say("pay 500 to Audited")
        request = dana.pending(started["session_id"])
        dana.answer(request["id"], "approve")
        dana.run_when(started["run_id"])
        audit = until(lambda: dana.get(f"/api/sessions/{started['session_id']}/audit"), lambda seen: len(seen["items"]) == 5)
        assert audit["verified"] is True
        rows = list(reversed(audit["items"]))
        expected = ["feedback.requested", "feedback.answered", "execution.started", "execution.succeeded", "run.completed"]
        assert [row["action"] for row in rows] == expected
        assert rows[1]["actor"] == dana.id and rows[1]["detail"]["decision"] == "approve"
        assert rows[0]["detail"]["digest"] == request["action"]["digest"] == rows[2]["detail"]["digest"]
