"""Redis between processes: what one does is seen through the other at once, and without Redis a little later, never not."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.auditor import audit
from tests.support.example_requests import ask
from tests.support.person import PASSWORD, PATIENCE_S, Person, Socket, client, until
from tests.support.postgres import Postgres
from tests.support.problem_checks import refused
from tests.support.redis import RedisServer
from tests.support.server import Server

SECRET = "a secret of two servers: 0123456789 abcdefghij"


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = RedisServer().start()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def between() -> Iterator[RedisServer]:
    """The Redis of the two servers; a test that ends it starts it again."""
    server = RedisServer().start()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def two_servers(
    postgres: Postgres, between: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Server]]:
    """Two whole products over one database and one Redis."""
    home = tmp_path_factory.mktemp("two")
    together = {
        "database_url": postgres.make("two_servers"),
        "redis_url": between.url,
        "secret_key": SECRET,
        "rate_limit": "8/hour",
    }
    pair = Server(home / "here", **together).start(), Server(home / "there", **together).start()
    yield pair
    assert [server.stop() for server in pair] == [0, 0]


def queue(server: Server) -> dict[str, Any]:
    """What the server says of its queue; it is ready whatever that is."""
    reply = client(server.url).get("/readyz")
    assert reply.status_code == 200, reply.text
    said: dict[str, Any] = reply.json()["queue"]
    return said


def through(server: Server, person: Person) -> Person:
    """The same person, signed in once more through another server."""
    return Person.sign_in(server.url, person.email, PASSWORD)


def rings(redis: RedisServer) -> str:
    """What was last put into the queue."""
    with redis.client() as asked:
        return str(asked.xinfo_stream("assent:jobs:advance_run")["last-generated-id"])


def read_along(live: Socket) -> str:
    """A reply as a client that came in its middle reads it, which must be all of it: no piece may begin beyond the end."""
    text = str(live.initial["partial"]["content"])
    for frame in live.until("task_completed"):
        if frame["type"] == "generating":
            data = frame["data"]
            assert data["offset"] <= len(text), "a hole"
            text += data["content"][len(text) - data["offset"] :]
    return text


class TestOneServer:
    def test_finishes_what_it_began_while_redis_is_gone_and_uses_it_again_when_it_is_back(
        self, make_server: Callable[..., Server], redis: RedisServer
    ) -> None:
        server = make_server(redis_url=redis.url).start()
        dana = server.person()
        assert (queue(server)["kind"], queue(server)["status"]) == ("redis", "ok")
        started = dana.say("pay 500 to Bob")
        request = dana.pending(started["session_id"])
        with dana.connect("/api/ws/me") as tab:
            redis.kill()
            told = {"type": "platform_status", "queue": "degraded"}
            until(lambda: json.loads(tab.recv(PATIENCE_S)), lambda frame: frame == told)
        assert dana.answer(request["id"], "approve").status_code == 200
        assert dana.run_when(started["run_id"])["status"] == "completed"
        assert queue(server)["status"] == "degraded"
        assert dana.run_when(dana.say("calc 6 * 7")["run_id"])["status"] == "completed"
        with dana.connect("/api/ws/me") as tab:
            assert json.loads(tab.recv(PATIENCE_S)) == {"type": "connection_ready", "queue": "degraded"}
            redis.start()
            told = {"type": "platform_status", "queue": "ok"}
            until(lambda: json.loads(tab.recv(PATIENCE_S)), lambda frame: frame == told)
        before = rings(redis)
        assert dana.run_when(dana.say("calc 6 * 7")["run_id"])["status"] == "completed"
        assert rings(redis) != before
        audit(server.data_dir)
        assert server.stop() == 0

    def test_starts_and_works_where_redis_never_was(self, make_server: Callable[..., Server]) -> None:
        server = make_server(redis_url="redis://:hunter2@127.0.0.1:1/0").start()
        dana = server.person()
        assert queue(server)["status"] == "degraded"
        assert dana.run_when(dana.say("calc 6 * 7")["run_id"])["status"] == "completed"
        assert server.stop() == 0
        assert "redis.unavailable_at_start" in server.log.read_text() and "hunter2" not in server.log.read_text()

    def test_does_not_start_on_an_address_that_is_none(self, make_server: Callable[..., Server]) -> None:
        server = make_server(redis_url="http://:hunter2@somewhere")
        assert server.command("config", "check") != 0
        said = server.log.read_text()
        assert "ASSENT_REDIS_URL: write redis://" in said and "hunter2" not in said

    def test_is_told_by_the_doctor_what_is_wrong_with_redis(self, make_server: Callable[..., Server], redis: RedisServer) -> None:
        server = make_server(redis_url=redis.url)
        server.command("doctor")
        assert f"at unix://{redis.socket} takes writes" in server.log.read_text()
        redis.stop()
        assert server.command("doctor") == 1
        assert f"Redis at unix://{redis.socket} cannot be used" in server.log.read_text()


class TestTwoServers:
    def test_show_a_reply_that_the_other_streams_from_its_middle(self, two_servers: tuple[Server, Server]) -> None:
        here, there = two_servers
        dana = here.person()
        elsewhere = through(there, dana)
        started = dana.say("stream 1000")
        with dana.socket(started["session_id"]) as tab, elsewhere.socket(started["session_id"]) as other_tab:
            for early in (tab, other_tab):
                assert early.until("generating")[-1]["data"]["run_id"] == started["run_id"]
            with dana.socket(started["session_id"]) as late, elsewhere.socket(started["session_id"]) as other_late:
                for live in (late, other_late):
                    assert live.initial["partial"]["run_id"] == started["run_id"]
                    assert read_along(live) == dana.run(started["run_id"])["result"]

    def test_cancel_what_the_other_is_at(self, two_servers: tuple[Server, Server]) -> None:
        here, there = two_servers
        dana = here.person()
        for person in (dana, through(there, dana)):
            started = dana.say("stream 5000")
            with person.socket(started["session_id"]) as tab:
                tab.until("generating")
                tab.send(type="cancel")
                assert tab.until("task_cancelled")[-1]["run_id"] == started["run_id"]
                tab.send(type="ping")
                tab.until("pong")
            with person.socket(started["session_id"]) as tab:
                assert "partial" not in tab.initial

    def test_wake_each_other_s_waiters_and_count_together(self, two_servers: tuple[Server, Server]) -> None:
        here, there = two_servers
        dana = here.person()
        elsewhere = through(there, dana)
        requests = [ask(person) for person in (dana, elsewhere) * 4]
        for person in (dana, elsewhere):
            refused(person.http.post("/api/chat/completion", json={"query": "hello"}), 429, "rate_limited")
        told: list[Any] = []
        waiter = threading.Thread(target=lambda: told.append(dana.get(f"/api/feedback/{requests[0]['id']}", wait=60)))
        waiter.start()
        decided = elsewhere.answer(requests[0]["id"], "submit", feedback="from over there").json()
        waiter.join(timeout=PATIENCE_S)
        assert told == [decided]

    def test_end_a_sign_in_everywhere(self, two_servers: tuple[Server, Server]) -> None:
        here, there = two_servers
        dana = here.person()
        session_id = ask(dana)["session_id"]
        with dana.socket(session_id) as tab:
            client(there.url).post("/api/auth/revoke", json={"token": dana.tokens["refresh_token"]})
            with contextlib.suppress(ConnectionClosed):
                while True:
                    tab.next()
            assert tab.raw.close_code == 4401
        until(lambda: dana.http.get("/api/auth/me").status_code, lambda status: status == 401)

    def test_see_each_other_s_work_without_redis_too(self, two_servers: tuple[Server, Server], between: RedisServer) -> None:
        here, there = two_servers
        dana = here.person()
        elsewhere = through(there, dana)
        session_id = ask(dana)["session_id"]
        with dana.socket(session_id) as tab:
            between.kill()
            until(lambda: queue(here)["status"], lambda status: status == "degraded")
            asked = ask(elsewhere, session_id=session_id)
            assert tab.until("feedback_requested")[-1]["request"]["id"] == asked["id"]
            elsewhere.answer(asked["id"], "submit", feedback="from over there")
            assert tab.until("feedback_resolved")[-1]["request"]["id"] == asked["id"]
            between.start()
            for server in two_servers:
                until(lambda server=server: queue(server)["status"], lambda status: status == "ok")  # type: ignore[misc]
            asked = ask(elsewhere, session_id=session_id)
            assert tab.until("feedback_requested")[-1]["request"]["id"] == asked["id"]
