"""A socket whose client does not read is let go with a bounded outbox, and nobody else notices."""

import contextlib
from collections.abc import Callable

import psutil  # type: ignore[import-untyped]
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.support.auditor import audit
from tests.support.person import PATIENCE_S, Person
from tests.support.server import Server

FRAME_CHARS = 400_000
MANY = 60
MEGABYTE = 1_000_000


def ask(dana: Person, session_id: str) -> None:
    """One large frame for everyone who listens to the session."""
    body = {"type": "text", "title": "Large", "context": {"filler": "x" * FRAME_CHARS}, "session_id": session_id}
    assert dana.http.post("/api/feedback", json=body).status_code == 201


def close_code(connection: ClientConnection) -> int | None:
    """With what the server closed, after everything it had sent is read."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            connection.recv(timeout=PATIENCE_S)
    return connection.close_code


class TestAClientThatDoesNotRead:
    def test_is_let_go_while_memory_stays_flat_and_the_others_go_on(self, make_server: Callable[[], Server]) -> None:
        server = make_server().start()
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        dana = server.person()
        session_id = dana.run_when(dana.say("hello")["run_id"])["session_id"]
        with dana.socket(session_id) as reader:

            def ask_and_read() -> int:
                ask(dana, session_id)
                seq: int = reader.until("feedback_requested")[-1]["seq"]
                return seq

            last = [ask_and_read() for _ in range(MANY // 2)][-1]  # caches fill before anything is measured
            with dana.connect(f"/api/ws/session/{session_id}?after={last}", max_queue=1) as deaf:
                before = process.memory_info().rss
                assert [ask_and_read() for _ in range(MANY)] == list(range(last + 1, last + 1 + MANY))
                grown = process.memory_info().rss - before
                # Who reads again within two seconds is told 1013; to whom nothing can be sent, nothing can be said.
                assert close_code(deaf) in (1013, 1006)
        with dana.socket(session_id, last) as resumed:
            seqs = [frame["seq"] for frame in resumed.initial["state_messages"]]
            while seqs[-1] < last + MANY:
                seqs.append(resumed.next()["seq"])
            assert seqs == list(range(last + 1, last + 1 + MANY))
        assert grown < MANY * FRAME_CHARS / 2, f"grew by {grown / MEGABYTE:.0f} MB"
        assert dana.run_when(dana.say("calc 6 * 7")["run_id"])["status"] == "completed"
        audit(server.data_dir)
