"""The measures: each drives a running server as its clients would and gives numbers."""

import asyncio
import itertools
import json
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from bench.process import Process
from bench.wire import Http, WebSocket

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


class Person:
    """An account on the product under measurement."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token
        self.http = Http(port, token)

    @classmethod
    async def register(cls, port: int) -> "Person":
        http, email = Http(port), f"bench{next(_numbers)}@example.org"
        await http.call("POST", "/api/auth/register", {"email": email, "password": PASSWORD, "name": "Bench"})
        signed_in = await http.call("POST", "/api/auth/token", form=f"username={email}&password={PASSWORD.replace(' ', '+')}")
        http.close()
        return cls(port, signed_in["access_token"])

    async def socket(self, session_id: str) -> WebSocket:
        opened = await WebSocket.open(self.port, f"/api/ws/session/{session_id}", self.token)
        await opened.until('"connection_ready"')
        return opened


async def cost(process: Process, callers: int, rounds: int, round_: Callable[[int], Awaitable[None]]) -> tuple[float, float]:
    """(milliseconds of server CPU, milliseconds of wall time) of one round, with so many callers at once."""

    async def call(caller: int) -> None:
        for _ in range(rounds):
            await round_(caller)

    cpu, wall = process.cpu(), time.perf_counter()
    await asyncio.gather(*(call(caller) for caller in range(callers)))
    total = callers * rounds
    return (process.cpu() - cpu) / total * 1e3, (time.perf_counter() - wall) / total * 1e3


async def ask_and_answer(process: Process, people: list[Person], rounds: int) -> tuple[float, float]:
    """POST a question, wait for its answer by long poll, POST the answer."""
    waiting = [Http(person.port, person.token) for person in people]

    async def round_(caller: int) -> None:
        asked = await people[caller].http.call("POST", "/api/feedback", {"type": "confirmation", "title": "Deploy?"})
        answer = asyncio.ensure_future(waiting[caller].call("GET", f"/api/feedback/{asked['id']}?wait=30"))
        await asyncio.sleep(0)
        await people[caller].http.call("POST", f"/api/feedback/{asked['id']}/answer", {"action": "approve"})
        if (await answer)["status"] != "answered":
            raise RuntimeError("the long poll came back without the answer")

    return await cost(process, len(people), rounds, round_)


async def bare_posts(process: Process, callers: int, rounds: int) -> tuple[float, float]:
    """Three bare POSTs: the floor of a round."""
    connections = [Http(process.port) for _ in range(callers)]

    async def round_(caller: int) -> None:
        for _ in range(3):
            await connections[caller].call("POST", "/echo", {"type": "confirmation", "title": "Deploy?"})

    return await cost(process, callers, rounds, round_)


async def waking(person: Person, times: int) -> tuple[list[float], list[float]]:
    """Milliseconds from sending an answer to the woken long poll, and to the frame on the session's socket."""
    polls, sockets = [], []
    session = (await person.http.call("POST", "/api/feedback", {"type": "text", "title": "First"}))["session_id"]
    watching, waiting = await person.socket(session), Http(person.port, person.token)
    for _ in range(times):
        asked = await person.http.call("POST", "/api/feedback", {"type": "confirmation", "title": "Go?", "session_id": session})
        polled = asyncio.ensure_future(_stamped(waiting.call("GET", f"/api/feedback/{asked['id']}?wait=30")))
        watched = asyncio.ensure_future(_stamped(watching.until('"feedback_resolved"')))
        await asyncio.sleep(0.02)  # both wait by now; only their waking is measured
        sent = time.perf_counter()
        await person.http.call("POST", f"/api/feedback/{asked['id']}/answer", {"action": "approve"})
        polls.append((await polled - sent) * 1e3)
        sockets.append((await watched - sent) * 1e3)
    watching.close()
    return polls, sockets


async def switching(person: Person, times: int) -> list[float]:
    """Milliseconds from sending a session with an open question elsewhere until it is asked there."""
    asked = await person.http.call("POST", "/api/feedback", {"type": "text", "title": "Where?"})
    taken = []
    for turn in range(times):
        sent = time.perf_counter()
        channel = ("chat", "auto")[turn % 2]
        await person.http.call("PATCH", f"/api/sessions/{asked['session_id']}", {"channel": channel})
        taken.append((time.perf_counter() - sent) * 1e3)
    return taken


async def _stamped(work: Awaitable[object]) -> float:
    await work
    return time.perf_counter()


async def echo_times(port: int, times: int) -> list[float]:
    """Milliseconds of a bare socket's round trip: the floor of waking."""
    socket, taken = await WebSocket.open(port, "/echo"), []
    for _ in range(times):
        sent = time.perf_counter()
        socket.send({"type": "ping"})
        await socket.receive()
        taken.append((time.perf_counter() - sent) * 1e3)
    socket.close()
    return taken


async def busy(sockets: list[WebSocket], seconds: int, words: str) -> list[float]:
    """Milliseconds from a message to the frame that acknowledges it, each socket saying one a second."""
    taken: list[float] = []

    async def talk(number: int, socket: WebSocket) -> None:
        sent: dict[str, float] = {}
        answered = asyncio.ensure_future(_collect(socket, sent, taken, seconds))
        await asyncio.sleep(number / len(sockets))
        for turn in range(seconds):
            sent[f"{number}-{turn}"] = time.perf_counter()
            socket.send({"type": "message", "content": words, "client_id": f"{number}-{turn}"})
            await asyncio.sleep(1)
        await asyncio.wait_for(answered, 60)

    await asyncio.gather(*(talk(number, socket) for number, socket in enumerate(sockets)))
    return taken


async def _collect(socket: WebSocket, sent: dict[str, float], taken: list[float], count: int) -> None:
    for _ in range(count):
        text = await socket.until('"client_id":')
        taken.append((time.perf_counter() - sent.pop(json.loads(text)["message"]["client_id"])) * 1e3)


async def busy_echo(port: int, count: int, seconds: int) -> list[float]:
    """The floor of an acknowledgement: as many bare sockets, each echoing once a second."""
    taken: list[float] = []

    async def talk(number: int) -> None:
        socket = await WebSocket.open(port, "/echo")
        await asyncio.sleep(number / count)
        for _ in range(seconds):
            sent = time.perf_counter()
            socket.send({"type": "ping"})
            await socket.receive()
            taken.append((time.perf_counter() - sent) * 1e3)
            await asyncio.sleep(1)
        socket.close()

    await asyncio.gather(*(talk(number) for number in range(count)))
    return taken


async def session_of(person: Person, database: Path, events: int) -> str:
    """A session with so many events: one real one, written again under the following numbers."""
    session: str = (await person.http.call("POST", "/api/feedback", {"type": "text", "title": "A long story"}))["session_id"]
    with closing(sqlite3.connect(database, timeout=10)) as db, db:
        ((seq, frame),) = db.execute("SELECT seq, frame FROM events WHERE session_id = ?", (session,)).fetchall()
        rows = [(session, number, frame.replace(f'"seq":{seq},', f'"seq":{number},', 1)) for number in range(seq + 1, events + 1)]
        db.executemany("INSERT INTO events (session_id, seq, frame) VALUES (?, ?, ?)", rows)
        db.execute("UPDATE sessions SET last_seq = ? WHERE id = ?", (events, session))
    return session


async def opening(port: int, path: str, token: str = "") -> tuple[float, int]:
    """(milliseconds, characters) from connecting to the whole first frame."""
    begun = time.perf_counter()
    socket = await WebSocket.open(port, path, token)
    text = await socket.receive()
    socket.close()
    return (time.perf_counter() - begun) * 1e3, len(text)


def p(numbers: list[float], percent: int) -> float:
    return statistics.quantiles(numbers, n=100)[percent - 1]
