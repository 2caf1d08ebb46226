"""Show 3 on the wire: whoever comes back gets exactly what is missing, whoever watches sees the same, word for word."""

import json
import socket as tcp
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.auditor import audit
from tests.support.example_requests import question
from tests.support.person import Person, Socket, until
from tests.support.server import Server


def durable(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [frame for frame in frames if "seq" in frame]


def pieces(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [frame["data"] for frame in frames if frame["type"] == "generating"]


def joined(start: str, parts: list[dict[str, Any]]) -> str:
    """The text a client has after appending each piece at its offset, which must be where its text ends."""
    for part in parts:
        assert part["offset"] == len(start)
        start += part["content"]
    return start


def finished_session(dana: Person) -> tuple[str, list[dict[str, Any]]]:
    """A session with a question in it, and all its frames."""
    started = dana.say("pay 500 to Resumed")
    dana.answer(dana.pending(started["session_id"])["id"], "reject")
    dana.run_when(started["run_id"])
    return started["session_id"], dana.frames(started["session_id"])


class TestResuming:
    def test_with_a_number_gives_exactly_the_rest(self, dana: Person) -> None:
        session_id, frames = finished_session(dana)
        assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
        for after in range(len(frames) + 1):
            with dana.socket(session_id, after) as socket:
                assert socket.initial["state_messages"] == frames[after:]
                assert socket.initial["state_count"] == len(frames) - after
                assert (socket.initial["outcome"], socket.initial["last_seq"]) == ("replayed", len(frames))

    def test_without_a_number_gives_everything(self, dana: Person) -> None:
        session_id, frames = finished_session(dana)
        with dana.socket(session_id) as socket:
            assert (socket.initial["outcome"], socket.initial["state_messages"]) == ("fresh", frames)

    def test_beyond_the_end_gives_everything_and_says_so(self, dana: Person) -> None:
        session_id, frames = finished_session(dana)
        with dana.socket(session_id, len(frames) + 1) as socket:
            assert (socket.initial["outcome"], socket.initial["state_messages"]) == ("resync", frames)

    def test_after_being_away_during_question_and_answer_catches_up(self, dana: Person) -> None:
        session_id, frames = finished_session(dana)
        started = dana.say("ask Which way?", session_id)
        dana.answer(dana.pending(session_id)["id"], "submit", feedback="left")
        dana.run_when(started["run_id"])
        with dana.socket(session_id, len(frames)) as socket:
            missed = socket.initial["state_messages"]
        assert [frame["seq"] for frame in missed] == list(range(len(frames) + 1, len(frames) + len(missed) + 1))
        types = ["message", "task_started", "feedback_requested", "feedback_resolved", "message", "task_completed"]
        assert [frame["type"] for frame in missed] == types
        assert missed[3]["request"]["response"]["feedback"] == "left"

    def test_in_the_middle_of_a_reply_gets_what_was_said_and_then_the_pieces_that_join_it(self, dana: Person) -> None:
        session_id = dana.say("stream 1000")["session_id"]
        with dana.socket(session_id) as first:
            seen = [first.next()]
            while len(pieces(seen)) < 5:
                seen.append(first.next())
        before = joined((first.initial.get("partial") or {}).get("content", ""), pieces(seen))
        with dana.socket(session_id) as second:
            partial = second.initial["partial"]
            rest = second.until("task_completed")
        assert partial["content"].startswith(before)
        assert {piece["attempt"] for piece in pieces(rest)} == {partial["attempt"]}
        assert joined(partial["content"], pieces(rest)) == rest[-1]["content"]
        assert len(rest[-1]["content"].split()) == 1000


class TestWatching:
    def test_from_two_sockets_shows_the_same_frames(self, dana: Person) -> None:
        session_id, _ = finished_session(dana)
        with dana.socket(session_id) as one, dana.socket(session_id, 2) as two:
            one.send(type="message", content="stream 30", client_id="both")
            seen = [durable([*each.initial["state_messages"], *each.until("task_completed")]) for each in (one, two)]
        assert seen[0][2:] == seen[1]
        assert seen[0] == dana.frames(session_id)

    def test_of_a_client_that_vanished_without_a_word_ends(self, server: Server, dana: Person) -> None:
        session_id, _ = finished_session(dana)
        with dana.connect(f"/api/ws/session/{session_id}") as raw:
            Socket(raw)
            assert dana.get(f"/api/session/{session_id}")["is_connected"]
            raw.socket.shutdown(tcp.SHUT_WR)
            until(lambda: dana.get(f"/api/session/{session_id}")["is_connected"], lambda connected: not connected)

    def test_over_all_sessions_shows_ones_own_requests_and_nobody_elses(self, dana: Person, eve: Person) -> None:
        with dana.connect("/api/ws/me") as mine, eve.connect("/api/ws/me") as hers:
            assert [json.loads(each.recv())["type"] for each in (mine, hers)] == ["connection_ready"] * 2
            started = dana.say("pay 500 to Me")
            request = dana.pending(started["session_id"])
            dana.answer(request["id"], "reject")
            dana.http.patch(f"/api/sessions/{started['session_id']}", json={"title": "Renamed"})
            dana.http.delete(f"/api/sessions/{started['session_id']}")
            seen = [json.loads(mine.recv())]
            while seen[-1].get("change") != "closed":
                seen.append(json.loads(mine.recv()))
            hers.send('{"type": "ping"}')
            assert json.loads(hers.recv())["type"] == "pong"
        working = [frame["agent_status"] for frame in seen if frame.get("change") == "agent_status"]
        assert working[:2] == ["thinking", "waiting_feedback"]
        shown = [(frame["type"], frame.get("change"), frame.get("request", {}).get("status")) for frame in seen]
        assert [item for item in shown if item[1] != "agent_status"] == [
            ("session_changed", "opened", None),
            ("feedback_requested", None, "pending"),
            ("feedback_resolved", None, "answered"),
            ("session_changed", "renamed", None),
            ("session_changed", "closed", None),
        ]
        assert not [frame for frame in seen if "seq" in frame]

    def test_is_kept_alive_by_heartbeats_that_say_how_far_the_log_is(self, dana: Person) -> None:
        session_id, frames = finished_session(dana)
        with dana.socket(session_id) as socket, dana.connect("/api/ws/me") as me:
            assert socket.until("heartbeat")[-1]["last_seq"] == len(frames)
            assert "heartbeat" in [json.loads(me.recv())["type"] for _ in range(2)]


class TestAMessage:
    def test_repeated_is_echoed_to_its_sender_and_changes_nothing(self, dana: Person) -> None:
        session_id, _ = finished_session(dana)
        with dana.socket(session_id) as sender, dana.socket(session_id) as other:
            sender.send(type="message", content="calc 1 + 1", client_id="m-1")
            first = sender.until("message")[-1]
            sender.until("task_completed")
            other.until("task_completed")
            frames = dana.frames(session_id)
            sender.send(type="message", content="calc 1 + 1", client_id="m-1")
            assert sender.until("message")[-1] == first
            other.send(type="ping")
            assert [frame["type"] for frame in other.until("pong") if frame["type"] != "agent_status"] == ["pong"]
        assert dana.frames(session_id) == frames

    def test_with_other_words_under_the_same_id_is_an_error(self, dana: Person) -> None:
        session_id, _ = finished_session(dana)
        with dana.socket(session_id) as socket:
            socket.send(type="message", content="calc 1 + 1", client_id="m-1")
            socket.until("task_completed")
            frames = dana.frames(session_id)
            socket.send(type="message", content="calc 2 + 2", client_id="m-1")
            refused = socket.until("error")[-1]
        assert (refused["code"], refused["client_id"]) == ("client_id_reused", "m-1")
        assert dana.frames(session_id) == frames

    def test_joins_a_run_that_waits_and_leaves_its_question_open(self, dana: Person) -> None:
        started = dana.say("ask Which colour?")
        request = dana.pending(started["session_id"])
        assert dana.say("calc 6 * 7", started["session_id"])["run_id"] == started["run_id"]
        assert question(dana.pending(started["session_id"])) == question(request)
        dana.answer(request["id"], "submit", feedback="green")
        result = dana.run_when(started["run_id"])["result"]
        assert "green" in result
        assert "**42**" in result

    def test_joins_a_run_that_speaks_and_is_answered_after_it(self, dana: Person) -> None:
        session_id, _ = finished_session(dana)
        with dana.socket(session_id) as socket:
            started = dana.say("stream 500", session_id)
            socket.until("generating")
            socket.send(type="message", content="calc 6 * 7", client_id="joined")
            frames = socket.until("task_completed")
        said = [frame["message"] for frame in frames if frame["type"] == "message"]
        assert {message["run_id"] for message in said} == {started["run_id"]}
        assert [message["type"] for message in said] == ["user", "agent", "agent"]
        assert len(said[1]["content"].split()) == 500
        assert "**42**" in frames[-1]["content"]


class TestARestart:
    def test_closes_sockets_as_going_away_and_the_run_goes_on(self, make_server: Any) -> None:
        server = make_server().start()
        dana = server.person()
        started = dana.say("stream 3000")
        with dana.socket(started["session_id"]) as socket:
            before = pieces(socket.until("generating"))[-1]
            assert server.process is not None
            server.process.terminate()
            with pytest.raises(ConnectionClosed) as closed:
                socket.until("task_completed", "task_failed")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
        assert server.wait_for_death() == 0
        audit(server.data_dir)
        server.start()
        with dana.socket(started["session_id"], socket.initial["last_seq"]) as socket:
            after = pieces(socket.until("generating"))[-1]
            socket.send(type="cancel")
            socket.until("task_cancelled")
        assert after["run_id"] == before["run_id"] == started["run_id"]
        assert after["attempt"] > before["attempt"]
        audit(server.data_dir)
