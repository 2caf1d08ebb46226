"""How much one person may start: too much is told with how long to wait, and answering is never blocked by asking."""

import json
import select
import socket
from collections.abc import Callable

from tests.support.example_requests import ask, asking
from tests.support.person import Person, client, until
from tests.support.problem_checks import refused
from tests.support.server import Server


def body_on(line: socket.socket) -> bytes:
    """The body of the one answer that comes down a line."""
    with line, line.makefile("rb") as answer:
        length = 0
        while (header := answer.readline().strip().lower()) != b"":
            length = int(header.split(b":")[1]) if header.startswith(b"content-length:") else length
        return answer.read(length)


def exhausted(person: Person) -> None:
    """Every way to start work is closed, and says for how long."""
    for path, body in (
        ("/api/chat/completion", {"query": "hello"}),
        ("/api/feedback", asking()),
        ("/api/tasks", {"message": "hello"}),
        ("/api/crew/execute", {"message": "hello"}),
    ):
        reply = person.http.post(path, json=body)
        assert refused(reply, 429, "rate_limited")["retry_after"] == int(reply.headers["retry-after"])
        assert 1 <= int(reply.headers["retry-after"]) <= 3600


class TestBudget:
    def test_of_starting_work_is_each_person_s_own_and_leaves_answering_and_reading_free(
        self, make_server: Callable[..., Server]
    ) -> None:
        server = make_server(rate_limit="5/hour").start()
        dana, eve = server.person("Dana"), server.person("Eve")
        requests = [ask(dana) for _ in range(4)]
        session_id = dana.say("hello")["session_id"]
        exhausted(dana)
        again = Person.sign_in(server.url, dana.email)
        exhausted(again)
        spoofed = client(
            server.url,
            **{"Authorization": again.http.headers["authorization"], "X-Forwarded-For": "10.0.0.9", "Forwarded": "for=10.0.0.9"},
        )
        refused(spoofed.post("/api/feedback", json=asking()), 429, "rate_limited")
        with dana.socket(session_id) as live:
            live.send(type="message", client_id="m", content="let me")
            [*_, error] = live.until("error")
            assert (error["code"], error["client_id"]) == ("rate_limited", "m")
        for request in requests:
            assert dana.answer(request["id"], "submit", feedback="still possible").status_code == 200
        for _ in range(50):
            dana.get("/api/feedback")
        assert ask(eve)["status"] == "pending"

    def test_of_waiting_at_once_is_bounded_and_given_back(self, newcomer: Person) -> None:
        request = ask(newcomer)
        lines = [
            f"GET /api/feedback/{request['id']}?wait=60 HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {newcomer.tokens['access_token']}",
        ]
        sent = ("\r\n".join(lines) + "\r\n\r\n").encode()
        waiting = [socket.create_connection(("127.0.0.1", int(newcomer.url.rpartition(":")[2])), timeout=60) for _ in range(210)]
        for line in waiting:
            line.sendall(sent)
        refused_lines = until(lambda: select.select(waiting, [], [], 0)[0], lambda readable: len(readable) >= 10)
        assert [json.loads(body_on(line))["code"] for line in refused_lines] == ["rate_limited"] * 10
        decided = newcomer.answer(request["id"], "submit", feedback="all of you").json()
        told = [json.loads(body_on(line)) for line in waiting if line not in refused_lines]
        assert told == [decided] * 200
        assert newcomer.get(f"/api/feedback/{request['id']}", wait=1) == decided
