"""A session with more in its log than anybody should be sent at once: told in pieces, to every client all of it."""

import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from backend.db.queries.sessions import LOG_PAGE, LOG_PAGE_CHARS
from tests.support.long_session import ROUND, long_session
from tests.support.person import PATIENCE_S, Person, until
from tests.support.server import Server

ROUNDS = 1_000
WORDS = " x" * 20_000  # with each reply: 40 MB in all
MEGABYTE = 1_000_000
DEAF = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("long") / "data").start()
    yield running
    assert running.stop() == 0, running.log.read_text()[-4000:]


@pytest.fixture(scope="module")
def dana(server: Server) -> Person:
    return server.person()


@pytest.fixture(scope="module")
def session_id(server: Server, dana: Person) -> str:
    """A log of 4,000 frames and 40 MB."""
    return long_session(server, dana, ROUNDS, WORDS)


@pytest.fixture(scope="module")
def whole(dana: Person, session_id: str) -> list[dict[str, Any]]:
    frames = dana.frames(session_id)
    assert [frame["seq"] for frame in frames] == list(range(1, ROUNDS * ROUND + 1))
    return frames


class TestAPage:
    def test_is_never_more_than_a_piece_and_leads_to_the_next(self, dana: Person, session_id: str) -> None:
        page = dana.get(f"/api/sessions/{session_id}/events")
        assert 0 < len(json.dumps(page["items"])) < 2 * LOG_PAGE_CHARS and len(page["items"]) < LOG_PAGE
        assert page["next"] == str(page["items"][-1]["seq"]) and "prev" not in page

    def test_leads_backwards_to_the_beginning_as_well(self, dana: Person, session_id: str, whole: list[dict[str, Any]]) -> None:
        before, seen = ROUNDS * ROUND + 1, list[dict[str, Any]]()
        while True:
            page = dana.get(f"/api/sessions/{session_id}/events", before=before)
            assert len(json.dumps(page["items"])) < 2 * LOG_PAGE_CHARS
            seen = page["items"] + seen
            if "prev" not in page:
                break
            before = int(page["prev"])
        assert seen == whole
        assert dana.get(f"/api/sessions/{session_id}/events", before=1)["items"] == []

    def test_of_the_session_itself_is_its_end(self, dana: Person, session_id: str, whole: list[dict[str, Any]]) -> None:
        told = dana.get(f"/api/session/{session_id}")
        assert told["saved_state_messages"] == told["last_seq"] == len(whole)
        assert told["state_messages"] == whole[told["first_seq"] - 1 :]
        assert len(json.dumps(told)) < 2 * LOG_PAGE_CHARS


def told(dana: Person, path: str, last: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The first frame, and all durable ones up to number `last` in the order they came."""
    with dana.connect(path) as raw:
        first = json.loads(raw.recv(PATIENCE_S))
        frames = list(first["state_messages"])
        assert json.loads(raw.recv(PATIENCE_S))["type"] == "connection_ready"
        while frames[-1]["seq"] < last:
            frame = json.loads(raw.recv(PATIENCE_S))
            if "seq" in frame:
                frames.append(frame)
        return first, frames


class TestASocket:
    def test_without_a_window_is_told_everything_in_order(
        self, dana: Person, session_id: str, whole: list[dict[str, Any]]
    ) -> None:
        first, frames = told(dana, f"/api/ws/session/{session_id}", len(whole))
        assert frames == whole
        assert (first["outcome"], first["first_seq"]) == ("fresh", 1)
        assert first["state_count"] == len(first["state_messages"]) == first["last_seq"] < len(whole)

    @pytest.mark.parametrize("after", [1, 1_500, 3_999])
    def test_that_resumes_is_told_what_it_missed(
        self, dana: Person, session_id: str, whole: list[dict[str, Any]], after: int
    ) -> None:
        first, frames = told(dana, f"/api/ws/session/{session_id}?after={after}&window=100", len(whole))
        assert frames == whole[after:]
        assert (first["outcome"], first["first_seq"]) == ("replayed", after + 1)

    @pytest.mark.parametrize(("query", "outcome"), [("window=50", "fresh"), ("after=99999&window=50", "resync")])
    def test_with_a_window_begins_at_the_end(
        self, dana: Person, session_id: str, whole: list[dict[str, Any]], query: str, outcome: str
    ) -> None:
        first, frames = told(dana, f"/api/ws/session/{session_id}?{query}", len(whole))
        assert frames == first["state_messages"] == whole[first["first_seq"] - 1 :]
        assert first["outcome"] == outcome and 0 < len(frames) <= 50

    @pytest.mark.parametrize("window", ["0", "-1", "x", "1001", "9" * 30])
    def test_with_no_window_at_all_is_refused(self, dana: Person, session_id: str, window: str) -> None:
        token = {"Authorization": f"Bearer {dana.tokens['access_token']}"}
        assert dana.knocked(f"/api/ws/session/{session_id}?window={window}", **token) == 422


class TestClientsThatDoNotRead:
    def test_cost_a_piece_each_and_are_let_go(self, server: Server, dana: Person, session_id: str) -> None:
        port = int(dana.url.rpartition(":")[2])
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        before = process.memory_info().rss
        lines = [f"GET /api/ws/session/{session_id} HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade"]
        lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
        lines += [f"Authorization: Bearer {dana.tokens['access_token']}"]
        with contextlib.ExitStack() as held:
            for _ in range(DEAF):
                line = held.enter_context(socket.socket())
                line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                line.settimeout(PATIENCE_S)
                line.connect(("127.0.0.1", port))
                line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
                assert line.recv(12) == b"HTTP/1.1 101"
            open_now = until(lambda: len(process.net_connections()), lambda count: count > DEAF)
            assert dana.run_when(dana.say("calc 6 * 7")["run_id"])["status"] == "completed"
            grown = process.memory_info().rss - before
            until(lambda: len(process.net_connections()), lambda count: count <= open_now - DEAF, 2 * PATIENCE_S)
        assert grown < DEAF * 4 * LOG_PAGE_CHARS, f"grew by {grown / MEGABYTE:.0f} MB"
