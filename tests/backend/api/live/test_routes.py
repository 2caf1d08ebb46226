"""What a WebSocket does with frames that are wrong, too many or too large, and when it must go."""

import contextlib
import json
import socket
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.example_requests import ask
from tests.support.person import PATIENCE_S, Person, Socket, client, raw_socket, until
from tests.support.server import Server

NESTED = "[" * 5000 + "]" * 5000
MALFORMED: dict[str, str | bytes] = {
    "binary": b'{"type":"ping"}',
    "bad JSON": "{",
    "nothing": "",
    "a word": "ping",
    "a list": "[]",
    "null": "null",
    "a number": "1",
    "NaN": '{"type":"user_input","values":{"n":NaN}}',
    "Infinity": '{"type":"user_input","values":{"n":-Infinity}}',
    "too great a number": '{"type":"user_input","values":{"n":1e999}}',
    "nested arrays": NESTED,
    "nested values": '{"type":"user_input","values":{"n":' + NESTED + "}}",
    "ten thousand digits": '{"type":"answer","request_id":"x","action":"submit","version":' + "1" * 10_000 + "}",
    "half a pair": '{"type":"message","client_id":"a","content":"\\ud800"}',
    "half a pair as type": '{"type":"\\udfff"}',
    "half a pair as key": '{"type":"ping","\\ud800":1}',
    "NUL": '{"type":"message","client_id":"a","content":"\\u0000"}',
    "no type": '{"value":true}',
    "unknown type": '{"type":"approve_all"}',
    "type a list": '{"type":["ping"]}',
    "another version": '{"type":"ping","version":2}',
    "missing field": '{"type":"confirm"}',
    "wrong bool": '{"type":"confirm","value":"true"}',
    "one for true": '{"type":"confirm","value":1}',
    "null for true": '{"type":"confirm","value":null}',
    "values a list": '{"type":"user_input","values":[]}',
    "unknown field": '{"type":"ping","sudo":true}',
    "mass assignment": '{"type":"answer","request_id":"x","action":"approve","by":{"id":"usr_1"}}',
    "empty message": '{"type":"message","client_id":"a","content":"  "}',
    "message without an id": '{"type":"message","content":"hello"}',
    "long id": '{"type":"message","content":"hello","client_id":"' + "x" * 201 + '"}',
    "too long a message": '{"type":"message","client_id":"a","content":"' + "x" * 4001 + '"}',
    "unknown request": '{"type":"answer","request_id":"req_none","action":"approve"}',
    "no request to confirm": '{"type":"confirm","value":true}',
    "no form to fill": '{"type":"user_input","values":{}}',
}

UNCOUNTED = {  # by whoever counts messages: empty frames under a mask of zeros
    "pings": b"\x89\x80" + bytes(4),
    "pongs": b"\x8a\x80" + bytes(4),
    "fragments": b"\x00\x80" + bytes(4),
}


@pytest.fixture(scope="module")
def session_id(dana: Person) -> str:
    """A session with nothing to confirm and no form to fill."""
    return str(ask(dana)["session_id"])


@pytest.fixture
def live(dana: Person, session_id: str) -> Iterator[Socket]:
    with dana.socket(session_id) as opened:
        yield opened


def hold(held: contextlib.ExitStack, person: Person) -> None:
    raw = held.enter_context(person.connect("/api/ws/me"))
    assert json.loads(raw.recv(PATIENCE_S))["type"] == "connection_ready"


def close_code(live: Socket) -> int | None:
    """Read on until the server closes."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            live.raw.recv(PATIENCE_S)
    return live.raw.close_code


class TestFrame:
    @pytest.mark.parametrize("frame", MALFORMED.values(), ids=MALFORMED)
    def test_that_is_wrong_gets_exactly_one_error_and_the_socket_lives(self, live: Socket, frame: str | bytes) -> None:
        live.raw.send(frame)
        live.send(type="ping")
        first, second = live.next(), live.next()
        assert first["type"] == "error" and first["code"] and first["detail"], first
        assert second["type"] == "pong"

    def test_on_the_socket_over_all_sessions_is_held_to_the_same(self, dana: Person) -> None:
        with dana.connect("/api/ws/me") as raw:
            assert json.loads(raw.recv(PATIENCE_S))["type"] == "connection_ready"
            for frame in (*MALFORMED.values(), '{"type":"cancel"}'):
                raw.send(frame)
                assert json.loads(raw.recv(PATIENCE_S))["type"] == "error"
            raw.send('{"type":"ping"}')
            assert json.loads(raw.recv(PATIENCE_S))["type"] == "pong"

    def test_in_a_burst_of_a_hundred_is_fine(self, live: Socket) -> None:
        for _ in range(100):
            live.send(type="ping")
        assert [live.next()["type"] for _ in range(100)] == ["pong"] * 100

    def test_in_a_flood_closes_1008(self, live: Socket) -> None:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(2_000):  # more than it may send, and not so many that it reads too late how it ended
                live.send(type="ping")
        assert close_code(live) == 1008

    @pytest.mark.parametrize("frame", UNCOUNTED.values(), ids=UNCOUNTED)
    def test_in_a_flood_of_what_is_no_message_closes_1008(self, dana: Person, frame: bytes) -> None:
        with raw_socket(dana, "/api/ws/me") as wire:
            while b"connection_ready" not in wire.recv(65536):
                pass
            wire.sendall(b"\x01\x81" + bytes(4) + b"{" + frame * 1_100)  # more than it may send, after a message's beginning
            told = b""
            while piece := wire.recv(65536):
                told += piece
        assert told.endswith(b"\x03\xf0too many frames"), told[-40:]

    def test_over_64_kilobytes_closes_1009(self, live: Socket) -> None:
        with contextlib.suppress(ConnectionClosed):
            live.send(type="message", client_id="big", content="x" * 70_000)
        assert close_code(live) == 1009

    def test_over_64_kilobytes_in_fragments_closes_1009(self, live: Socket) -> None:
        def pieces() -> Iterator[str]:
            yield from [" " * 10_000] * 7
            live.raw.recv(timeout=PATIENCE_S)  # nothing more is sent: bytes that nobody reads would reset the connection

        with contextlib.suppress(ConnectionClosed):
            live.raw.send(pieces())
        assert close_code(live) == 1009

    def test_of_64_kilobytes_is_read(self, live: Socket) -> None:
        live.send(type="message", client_id="big", content="x" * 60_000)
        assert live.next()["code"] == "too_long"

    def test_is_never_compressed(self, server: Server, dana: Person) -> None:
        with dana.connect("/api/ws/me") as raw:
            assert raw.response is not None and "sec-websocket-extensions" not in raw.response.headers


class TestEnd:
    def test_of_the_sign_in_closes_4401(self, server: Server, newcomer: Person) -> None:
        session_id = ask(newcomer)["session_id"]
        with newcomer.socket(session_id) as live:
            client(server.url).post("/api/auth/revoke", json={"token": newcomer.tokens["access_token"]})
            assert close_code(live) == 4401
        assert newcomer.knocked(f"/api/ws/session/{session_id}", Authorization=f"Bearer {newcomer.tokens['access_token']}") == 401

    def test_of_one_sign_in_leaves_the_other_s_socket(self, server: Server, newcomer: Person) -> None:
        session_id = ask(newcomer)["session_id"]
        other = Person.sign_in(server.url, newcomer.email)
        with newcomer.socket(session_id) as going, other.socket(session_id) as staying:
            client(server.url).post("/api/auth/revoke", json={"token": newcomer.tokens["access_token"]})
            assert close_code(going) == 4401
            staying.send(type="ping")
            assert staying.next()["type"] == "pong"


class TestCrowd:
    def test_of_one_person_s_sockets_is_capped_and_room_comes_back(self, newcomer: Person) -> None:
        token = {"Authorization": f"Bearer {newcomer.tokens['access_token']}"}
        with contextlib.ExitStack() as held:
            for _ in range(49):
                hold(held, newcomer)
            with newcomer.connect("/api/ws/me") as last:
                assert json.loads(last.recv(PATIENCE_S))["type"] == "connection_ready"
                assert newcomer.knocked("/api/ws/me", **token) == 429
            until(lambda: newcomer.knocked("/api/ws/me", **token), lambda status: status == 101)

    def test_at_the_door_all_at_once_does_not_get_past_the_cap(self, newcomer: Person) -> None:
        lines = [
            "GET /api/ws/me HTTP/1.1",
            "Host: localhost",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
        ]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Authorization: Bearer {newcomer.tokens['access_token']}"]
        request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        port = int(newcomer.url.rpartition(":")[2])
        doors = [socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) for _ in range(80)]
        for door in doors:
            door.sendall(request)
        statuses = [door.recv(12)[9:] for door in doors]
        for door in doors:
            door.close()
        assert (statuses.count(b"101"), statuses.count(b"429")) == (50, 30)

    def test_elsewhere_does_not_keep_others_out(self, dana: Person, eve: Person) -> None:
        with contextlib.ExitStack() as held:
            for _ in range(50):
                hold(held, dana)
            hold(held, eve)


class TestAnswersOverSockets:
    def test_need_no_id_while_one_request_of_the_kind_is_open(self, newcomer: Person) -> None:
        request = ask(newcomer, "confirmation")
        with newcomer.socket(request["session_id"]) as live:
            live.send(type="confirm", value=True)
            [*_, resolved] = live.until("feedback_resolved")
            assert resolved["request"]["response"]["action"] == "approve"
        other = ask(newcomer, "form", session_id=request["session_id"])
        with newcomer.socket(request["session_id"]) as live:
            live.send(type="user_input", values={"n": 4})
            [*_, resolved] = live.until("feedback_resolved")
            assert (resolved["request"]["id"], resolved["request"]["response"]["values"]) == (other["id"], {"n": 4})

    def test_are_told_when_they_come_late_or_do_not_say_which(self, newcomer: Person) -> None:
        first = ask(newcomer, "confirmation")
        ask(newcomer, "confirmation", session_id=first["session_id"])
        with newcomer.socket(first["session_id"]) as live:
            live.send(type="confirm", value=True)
            assert live.next()["code"] == "request_id_needed"
            live.send(type="confirm", value=False, request_id=first["id"])
            live.until("feedback_resolved")
            live.send(type="answer", action="approve", request_id=first["id"])
            [*_, error] = live.until("error")
            assert (error["code"], error["decided"]["action"], error["request_id"]) == ("already_decided", "reject", first["id"])


class TestHandshake:
    def test_that_drips_keeps_nobody_else_waiting(self, server: Server) -> None:
        dripping = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
        for line in dripping:
            line.sendall(b"GET /api/ws/me HTTP/1.1\r\nHost: localhost\r\n")
        assert client(server.url).get("/healthz").status_code == 200
        for line in dripping:
            line.close()
