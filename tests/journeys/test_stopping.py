"""A server that is told to stop while a tool is under way: the tool is waited for, unless somebody says so twice."""

import signal
import socket as tcp
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.auditor import Books, audit
from tests.support.person import until
from tests.support.server import Server


@pytest.fixture
def searching(make_server: Callable[[], Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, str]]:
    """A server in the middle of a search that nobody answers, which ends by itself after a few seconds; the run."""
    with tcp.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("DDGS_PROXY", f"http://127.0.0.1:{silent.getsockname()[1]}")
        server = make_server().start()
        dana = server.person()
        started = dana.say("search the weather in Lisbon")
        with dana.socket(started["session_id"]) as socket:
            dana.answer(dana.pending(started["session_id"])["id"], "approve")
            while socket.until("agent_status")[-1]["status"] != "using_tool":
                pass
        yield server, started["run_id"]


def executions(books: Books, run_id: str) -> list[dict[str, Any]]:
    return [row for row in books.executions if row["run_id"] == run_id]


class TestStopping:
    def test_waits_for_the_tool_and_hands_the_run_over(self, searching: tuple[Server, str]) -> None:
        server, run_id = searching
        assert server.stop() == 0
        books = audit(server.data_dir)
        assert [row["status"] for row in executions(books, run_id)] == ["failed"]
        assert [(run["status"], run["claims"]) for run in books.runs if run["id"] == run_id] == [("pending", 0)]

    def test_twice_ends_at_once_and_the_run_goes_on_after_the_next_start(self, searching: tuple[Server, str]) -> None:
        server, run_id = searching
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        until(lambda: server.process and server.process.poll() is None and server.refuses(), bool)
        server.process.send_signal(signal.SIGTERM)
        assert server.wait_for_death() == 128 + signal.SIGTERM
        assert [row["status"] for row in executions(audit(server.data_dir), run_id)] == ["started"]
        server.start()
        until(lambda: audit(server.data_dir), Books.at_rest)
