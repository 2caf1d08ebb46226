"""The attack list as tables: a row is an id, a name, the status it must get, and what is sent."""

import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.person import PATIENCE_S, Person, client
from tests.support.server import Server

CLOSED = 0  # instead of a status: the connection was closed without an answer


@dataclass(frozen=True)
class Scene:
    """The server under attack, its victim with an open request and a payment that waits, and the attacker with an account."""

    server: Server
    dana: Person
    eve: Person
    request: dict[str, Any]
    payment: dict[str, Any]

    def fill(self, text: str) -> str:
        """Fill in Dana's `{session}`, `{request}`, `{run}`, `{token}`, `{ticket}`, `{refresh}`; Eve's `{eve}`, `{origin}`."""
        known: dict[str, Callable[[], str]] = {
            "session": lambda: str(self.request["session_id"]),
            "request": lambda: str(self.request["id"]),
            "run": lambda: str(self.payment["run_id"]),
            "token": lambda: str(self.dana.tokens["access_token"]),
            "refresh": lambda: str(self.dana.tokens["refresh_token"]),
            "eve": lambda: str(self.eve.tokens["access_token"]),
            "ticket": lambda: str(self.dana.http.post("/api/auth/ws-ticket").json()["ticket"]),
            "origin": lambda: self.server.url,
        }
        for name, value in known.items():
            if f"{{{name}}}" in text:
                text = text.replace(f"{{{name}}}", value())
        return text


Reply = httpx.Response | int
Attack = Callable[[Scene], Reply]
JSON = {"Content-Type": "application/json"}


def row(id: str, name: str, expected: int | set[int], send: Callable[..., Reply]) -> Any:
    return pytest.param(send, {expected} if isinstance(expected, int) else expected, id=f"{id}-{name}")


def _by(who: Callable[[Scene], httpx.Client]) -> Callable[..., Attack]:
    def attack(method: str, path: str, **more: Any) -> Attack:
        return lambda scene: who(scene).request(method, scene.fill(path), **more)

    return attack


dana = _by(lambda scene: scene.dana.http)
eve = _by(lambda scene: scene.eve.http)
nobody = _by(lambda scene: client(scene.server.url))


def ask_raw(text: str | bytes, type: str = "application/json", **headers: str) -> Attack:
    """Dana's question as these very bytes."""
    return dana("POST", "/api/feedback", content=text, headers={"Content-Type": type, **headers})


def bearer(token: str | Callable[[Scene], str]) -> Attack:
    """Who am I, says somebody with this token."""

    def attack(scene: Scene) -> Reply:
        value = scene.fill(token) if isinstance(token, str) else token(scene)
        return client(scene.server.url, Authorization=f"Bearer {value}").get("/api/auth/me")

    return attack


def knock(path: str, **headers: str) -> Attack:
    """A WebSocket opened with these headers."""
    return lambda scene: scene.dana.knocked(scene.fill(path), **{name: scene.fill(value) for name, value in headers.items()})


def wire(sent: bytes) -> Attack:
    """These bytes on a connection; the status of what comes back."""

    def attack(scene: Scene) -> Reply:
        address = ("127.0.0.1", scene.server.port)
        with contextlib.suppress(ConnectionError), socket.create_connection(address, timeout=PATIENCE_S) as line:
            line.sendall(sent)
            answered = line.recv(65536)
            return int(answered.split(b" ")[1]) if answered else CLOSED
        return CLOSED

    return attack
