"""A person as a test sees one: signed in, speaking HTTP and WebSocket like any client."""

import contextlib
import itertools
import json
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.support.frame_checks import check_frame

PASSWORD = "correct horse battery"
PATIENCE_S = 60  # a loaded machine, not a timing claim
LONGEST_POLL_S = 60
FINISHED = ("completed", "error", "cancelled", "stopped")
_numbers = itertools.count(1)


def client(url: str, **headers: str) -> httpx.Client:
    """A client of a server on this machine: without TLS there are no certificates to load, which takes longer than a request."""
    return httpx.Client(base_url=url, timeout=PATIENCE_S + LONGEST_POLL_S, headers=headers, verify=False, trust_env=False)


class Person:
    """One account. `http` carries its access token."""

    def __init__(self, url: str, id: str, email: str, tokens: dict[str, Any]) -> None:
        self.url, self.id, self.email, self.tokens = url, id, email, tokens
        self.http = client(url, Authorization=f"Bearer {tokens['access_token']}")

    @classmethod
    def register(cls, url: str, name: str, password: str = PASSWORD) -> "Person":
        email = f"{name.lower()}-{next(_numbers)}-{uuid.uuid4().hex[:8]}@example.org"
        created = client(url).post("/api/auth/register", json={"email": email, "password": password, "name": name})
        assert created.status_code == 201, created.text
        return cls.sign_in(url, email, password)

    @classmethod
    def sign_in(cls, url: str, email: str, password: str = PASSWORD) -> "Person":
        reply = client(url).post("/api/auth/token", data={"username": email, "password": password})
        assert reply.status_code == 200, reply.text
        person = cls(url, "", email, reply.json())
        person.id = person.get("/api/auth/me")["id"]
        return person

    def say(self, query: str, session_id: str | None = None, **more: Any) -> dict[str, Any]:
        """`{session_id, query, run_id}` of a message to the agent."""
        reply = self.http.post("/api/chat/completion", json={"query": query, "session_id": session_id, **more})
        assert reply.status_code == 200, reply.text
        body: dict[str, Any] = reply.json()
        return body

    def get(self, path: str, **query: Any) -> Any:
        reply = self.http.get(path, params=query)
        assert reply.status_code == 200, f"{path}: {reply.status_code} {reply.text}"
        return reply.json()

    def run(self, run_id: str) -> dict[str, Any]:
        run: dict[str, Any] = self.get(f"/api/runs/{run_id}")
        return run

    def run_when(self, run_id: str, *statuses: str) -> dict[str, Any]:
        """The run once it is in one of `statuses` (none: once it has ended)."""
        run: dict[str, Any] = until(lambda: self.run(run_id), lambda run: run["status"] in (statuses or FINISHED))
        return run

    def pending(self, session_id: str) -> dict[str, Any]:
        """The one open request of a session, once there is one."""
        found = until(lambda: self.get("/api/feedback", status="pending", session_id=session_id)["items"], bool)
        assert len(found) == 1, found
        request: dict[str, Any] = found[0]
        return request

    def answer(self, request_id: str, action: str, key: str | None = None, **more: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return self.http.post(f"/api/feedback/{request_id}/answer", json={"action": action, **more}, headers=headers)

    def frames(self, session_id: str, after: int = 0) -> list[dict[str, Any]]:
        """The durable frames of a session, all pages."""
        items: list[dict[str, Any]] = []
        while True:
            page = self.get(f"/api/sessions/{session_id}/events", after=after)
            for frame in page["items"]:
                check_frame(frame)
            items += page["items"]
            if "next" not in page:
                return items
            after = int(page["next"])

    @contextlib.contextmanager
    def socket(self, session_id: str, after: int | None = None) -> Iterator["Socket"]:
        """An open WebSocket on a session, its initial frames already read."""
        query = "" if after is None else f"?after={after}"
        with self.connect(f"/api/ws/session/{session_id}{query}") as raw:
            yield Socket(raw)

    def connect(self, path: str, **more: Any) -> ClientConnection:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        address = "ws" + self.url.removeprefix("http") + path
        return _connect(address, headers, **more)

    def knock(self, path: str, **headers: str) -> ClientConnection:
        """A WebSocket opened with just these headers, as a stranger's program or another site's page would."""
        return _connect("ws" + self.url.removeprefix("http") + path, headers)

    def knocked(self, path: str, **headers: str) -> int:
        """The status a WebSocket is refused with; 101 when it is not."""
        try:
            with self.knock(path, **headers):
                pass
        except InvalidStatus as refusal:
            return refusal.response.status_code
        return 101


class Checked(ClientConnection):
    """A connection that fits the published description, frame for frame."""

    def recv(self, *args: Any, **more: Any) -> Any:
        text = super().recv(*args, **more)
        check_frame(json.loads(text))
        return text


def _connect(address: str, headers: dict[str, str], **more: Any) -> ClientConnection:
    """Without pings of its own: a client that was not let to run for some seconds must not take that for the server's end."""
    plain: dict[str, Any] = {"compression": None, "max_size": None, "open_timeout": PATIENCE_S, "ping_interval": None}
    connection: ClientConnection = connect(address, additional_headers=headers, create_connection=Checked, **{**plain, **more})
    return connection


def raw_socket(person: Person, path: str) -> socket.socket:
    """A connection whose handshake as a WebSocket is sent, with nothing in between that would keep the protocol."""
    at = urlsplit(person.url)
    wire = socket.create_connection((at.hostname, at.port), PATIENCE_S)
    head = (
        f"GET {path} HTTP/1.1",
        f"Host: {at.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        f"Authorization: Bearer {person.tokens['access_token']}",
    )
    wire.sendall("\r\n".join((*head, "", "")).encode())
    return wire


class Socket:
    """A session socket after its opening: `initial` is the first frame."""

    def __init__(self, raw: ClientConnection) -> None:
        self.raw = raw
        self.initial = self.next()
        assert self.initial["type"] == "initial_state", self.initial
        ready = self.next()
        assert ready["type"] == "connection_ready", ready

    def send(self, **frame: Any) -> None:
        self.raw.send(json.dumps(frame))

    def next(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self.raw.recv(timeout=PATIENCE_S))
        return frame

    def until(self, *types: str) -> list[dict[str, Any]]:
        """Every frame up to and with the first of one of `types`."""
        frames = [self.next()]
        while frames[-1]["type"] not in types:
            frames.append(self.next())
        return frames


def until(look: Callable[[], Any], good: Callable[[Any], Any], seconds: float = PATIENCE_S) -> Any:
    """What `look` sees once it is good; polls, because the other side is another process."""
    began, pause = time.monotonic(), 0.01
    while not good(seen := look()):
        assert time.monotonic() < began + seconds, f"still not so after {seconds} s: {seen!r}"
        time.sleep(pause)
        pause = min(pause * 1.3, 0.05)  # whoever is waited for needs the machine too
    return seen
