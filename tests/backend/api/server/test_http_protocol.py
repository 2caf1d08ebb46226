"""What comes down a connection before it is a request: read one way only, waited for a bounded time, by nobody in particular."""

import asyncio
import contextlib
import json
import select
import socket
from collections.abc import Callable, Iterator
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from backend.api.server import http_protocol
from backend.api.server.http_protocol import HEAD_S, WriteTimeout
from tests.support.person import PATIENCE_S, client, until
from tests.support.problem_checks import SHAPE
from tests.support.server import Server

TOKEN = b"POST /api/auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SMUGGLED = b"GET /api/auth/me HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED_NOTHING = b"0\r\n\r\n"
AMBIGUOUS = {
    "length and chunks": TOKEN + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED_NOTHING,
    "chunks and length": TOKEN + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + CHUNKED_NOTHING,
    "two lengths": TOKEN + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "twice the same length": TOKEN + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "a list of lengths": TOKEN + b"Content-Length: 0, 0\r\n\r\n",
    "a signed length": TOKEN + b"Content-Length: +0\r\n\r\n",
    "another coding behind": TOKEN + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED_NOTHING,
    "another coding before": TOKEN + b"Transfer-Encoding: identity, chunked\r\n\r\n" + CHUNKED_NOTHING,
    "an encoding twice": TOKEN + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED_NOTHING,
    "an odd encoding": TOKEN + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKED_NOTHING,
    "a folded encoding": TOKEN + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKED_NOTHING,
    "a folded header": TOKEN + b"X-A: b\r\n Content-Length: 5\r\n\r\n",
    "a space before the colon": TOKEN + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKED_NOTHING,
    "bare line feeds": (TOKEN + b"Content-Length: 0\r\n\r\n").replace(b"\r\n", b"\n"),
    "a bare line feed": TOKEN + b"X-A: b\nContent-Length: 0\r\n\r\n",
    "a bare carriage return": TOKEN + b"X-A: b\rContent-Length: 5\r\n\r\n",
    "chunks in an old version": TOKEN.replace(b"/1.1", b"/1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED_NOTHING,
    "two hosts": TOKEN + b"Host: evil.example\r\nContent-Length: 0\r\n\r\n",
    "a wrong size of a chunk": TOKEN + b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
    "a chunk that ends elsewhere": TOKEN + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
    "chunks that end with a bare line feed": TOKEN + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\n",
    "a trailer": TOKEN + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: b\r\n\r\n",
    "a trailer between bare line feeds": TOKEN + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: b\n\n",
    "crumbs": TOKEN + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 5_000 + CHUNKED_NOTHING,
}


@contextlib.contextmanager
def line_to(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as line:
        yield line


def all_of(line: socket.socket) -> bytes:
    """What comes until the server hangs up."""
    told = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := line.recv(65536):
            told += piece
    return told


def problem_in(told: bytes) -> dict[str, Any]:
    head, _, body = told.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head and b"connection: close" in head.lower(), head
    document: dict[str, Any] = json.loads(body)
    assert set(document) >= SHAPE
    assert document["status"] == int(head.split(b" ")[1])
    return document


class TestAmbiguousRequest:
    @pytest.mark.parametrize("sent", AMBIGUOUS.values(), ids=AMBIGUOUS)
    def test_is_refused_once_and_what_follows_is_never_read(self, server: Server, sent: bytes) -> None:
        with line_to(server) as line:
            line.sendall(sent + SMUGGLED)
            told = all_of(line)
        assert told.count(b"HTTP/1.1 ") == 1, told
        assert problem_in(told)["code"] == "bad_request"

    def test_behind_a_good_one_takes_nothing_from_it(self, server: Server) -> None:
        with line_to(server) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + AMBIGUOUS["length and chunks"] + SMUGGLED)
            told = all_of(line)
        assert [part[:3] for part in told.split(b"HTTP/1.1 ")[1:]] == [b"200", b"400"]

    def test_is_not_one_that_is_only_cut_into_pieces(self, server: Server) -> None:
        with line_to(server) as line:
            for byte in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n":
                line.sendall(bytes([byte]))
            assert all_of(line).startswith(b"HTTP/1.1 200")

    def test_is_not_one_in_chunks_cut_into_pieces(self, server: Server) -> None:
        with line_to(server) as line:
            for byte in TOKEN + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n" + CHUNKED_NOTHING:
                line.sendall(bytes([byte]))
            assert all_of(line).startswith(b"HTTP/1.1 422")

    def test_is_not_one_in_chunks_with_another_behind_it(self, server: Server) -> None:
        with line_to(server) as line:
            line.sendall((TOKEN + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED_NOTHING) * 3 + SMUGGLED)
            line.shutdown(socket.SHUT_WR)
            told = all_of(line)
        assert [part[:3] for part in told.split(b"HTTP/1.1 ")[1:]] == [b"422", b"422", b"422", b"401"]


UPGRADE = (
    b"GET /api/ws/me HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
NO_HANDSHAKES = {
    "a body": UPGRADE + b"Content-Length: 3\r\n\r\nabc",
    "a body that never comes": UPGRADE + b"Content-Length: 300\r\n\r\n",
    "chunks": UPGRADE + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED_NOTHING,
    "another method": UPGRADE.replace(b"GET", b"POST") + b"Content-Length: 0\r\n\r\n",
    "no key": UPGRADE.replace(b"-Key", b"-Kex") + b"\r\n",
    "many headers": UPGRADE + b"".join(b"X-%d: y\r\n" % n for n in range(300)) + b"\r\n",
    "a long header": UPGRADE + b"X-A: " + b"y" * 9_000 + b"\r\n\r\n",
    "a long path": UPGRADE.replace(b"ws/me", b"ws/me?ticket=" + b"y" * 9_000) + b"\r\n",
}


class TestUpgrade:
    @pytest.mark.parametrize("sent", NO_HANDSHAKES.values(), ids=NO_HANDSHAKES)
    def test_that_is_no_handshake_is_answered_and_hung_up_on(self, server: Server, sent: bytes) -> None:
        with line_to(server) as line:
            line.sendall(sent)
            told = all_of(line)
        assert told.count(b"HTTP/1.1 ") == 1, told
        assert problem_in(told)["code"] == "bad_request"

    def test_that_is_refused_is_no_error_of_ours(self, make_server: Callable[[], Server]) -> None:
        server = make_server().start()
        with line_to(server) as line:
            line.sendall(UPGRADE + b"\r\n")
            assert all_of(line).startswith(b"HTTP/1.1 401")
        assert client(server.url).get("/healthz").status_code == 200  # whatever is logged of the one before is logged by now
        assert '"level": "error"' not in server.log.read_text()


class TestUnfinishedRequest:
    """On a server of its own: it is filled up."""

    def test_is_given_up_and_keeps_nobody_out(self, make_server: Callable[[], Server]) -> None:
        server = make_server().start()
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        before = len(process.net_connections())
        with contextlib.ExitStack() as held:
            heads = [held.enter_context(line_to(server)) for _ in range(400)]
            for line in heads:
                with contextlib.suppress(ConnectionError):
                    line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
            assert client(server.url).get("/healthz").status_code == 200
            oldest = until(lambda: select.select(heads, [], [], 0)[0], lambda ended: len(ended) >= 144)
            assert problem_in(all_of(oldest[0]))["code"] == "too_many_connections"
            until(lambda: len(select.select(heads, [], [], 0)[0]), lambda ended: ended == 400, HEAD_S + PATIENCE_S)
            assert problem_in(all_of(heads[-1]))["code"] == "too_slow"
            until(lambda: len(process.net_connections()), lambda left: left <= before + 1)

    def test_that_says_nothing_at_all_is_hung_up_on(self, server: Server) -> None:
        with line_to(server) as line:
            assert all_of(line) == b""

    def test_after_an_answered_one_is_given_up_too(self, server: Server) -> None:
        with line_to(server) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTT")
            told = all_of(line)
        assert [part[:3] for part in told.split(b"HTTP/1.1 ")[1:]] == [b"200", b"408"]


class Pipe:
    """A transport as far as it is looked at: how much of what was written nobody has taken."""

    def __init__(self) -> None:
        self.left, self.closing, self.aborted = 0, False, asyncio.Event()

    def get_write_buffer_size(self) -> int:
        return self.left

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.aborted.set()


class TestUnread:
    @pytest.fixture
    def pipe(self, monkeypatch: pytest.MonkeyPatch) -> Pipe:
        monkeypatch.setattr(http_protocol, "WRITE_TIMEOUT_S", 0)
        return Pipe()

    async def test_by_who_takes_nothing_ends_the_connection(self, pipe: Pipe) -> None:
        pipe.left = 80_000
        WriteTimeout(pipe).watch()  # type: ignore[arg-type]
        await asyncio.wait_for(pipe.aborted.wait(), PATIENCE_S)

    async def test_of_who_reads_slowly_what_is_written_anew_does_not(self, pipe: Pipe) -> None:
        unread = WriteTimeout(pipe)  # type: ignore[arg-type]
        for _ in range(5):
            pipe.left = 70_000
            unread.watch()
            pipe.left = 16_000
            unread.taken()
            pipe.left = 80_000
            for _ in range(3):  # turns of the loop, in which it would have been looked at
                await asyncio.sleep(0)
        assert not pipe.aborted.is_set()

    async def test_of_what_was_the_last_ends_it_too(self, pipe: Pipe) -> None:
        unread = WriteTimeout(pipe)  # type: ignore[arg-type]
        pipe.left, pipe.closing = 16_000, True
        unread.taken()
        await asyncio.wait_for(pipe.aborted.wait(), PATIENCE_S)


class TestHost:
    @pytest.mark.parametrize(
        "host",
        ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "x", "", "localhost:80:80", "127.0.0.1@evil.example",
         "[::1", "10.0.0.1", "0.0.0.0", "evil.example:8000", "localhost/x", "2130706433"],
    )  # fmt: skip
    def test_that_is_not_ours_is_told_so_before_anything_else(self, server: Server, host: str) -> None:
        for path in ("/", "/config.json", "/healthz", "/api/auth/me", "/api/nothing", "/metrics"):
            reply = client(server.url).get(path, headers={"Host": host})
            assert (reply.status_code, reply.json()["code"]) == (421, "unknown_host")
            assert set(reply.json()) >= SHAPE and reply.headers["x-frame-options"] == "DENY"
        body = {"email": "first@example.org", "password": "long enough"}
        assert client(server.url).post("/api/auth/register", json=body, headers={"Host": host}).status_code == 421

    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:9", "127.0.0.2", "[::1]", "[::1]:80", "localhost."])
    def test_of_this_machine_is_ours(self, server: Server, host: str) -> None:
        assert client(server.url).get("/healthz", headers={"Host": host}).status_code == 200

    def test_may_be_the_public_one_an_allowed_one_or_in_an_allowed_network(self, make_server: Callable[..., Server]) -> None:
        server = make_server(public_url="https://assent.example.com", allowed_hosts="assent.internal,10.0.0.0/8,fd00::/8").start()
        for host in ("assent.example.com", "assent.internal:8000", "10.3.2.1:8000", "[fd00::7]:8000", "localhost"):
            assert client(server.url).get("/healthz", headers={"Host": host}).status_code == 200
        for host in ("example.com", "x.assent.example.com", "11.0.0.1", "[fe00::7]"):
            assert client(server.url).get("/healthz", headers={"Host": host}).status_code == 421
