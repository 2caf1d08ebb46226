"""`python -m bench`: every measure once, beside its floor, with its target; prints one table."""

import argparse
import asyncio
import os
import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.floor import commit_us
from bench.inbox import inbox
from bench.measures import (
    Person,
    ask_and_answer,
    bare_posts,
    busy,
    busy_echo,
    echo_times,
    opening,
    p,
    session_of,
    switching,
    waking,
)
from bench.process import Process, free_port
from bench.rounds import ask_then_answer, chat_round, two_bare_posts
from bench.several_processes import measure_several_processes
from bench.sockets import idle
from bench.wire import WebSocket
from tests.support.postgres import Postgres
from tests.support.short_folders import short_folder

CALLERS, SESSIONS, EVENTS = 20, 200, 2000
IDLE, REQUESTS = 3_900, 200_000  # a process takes 4,000 connections
CHAT = 16.5  # half of the 33 ms that a chat round took before statements ran on the driver


@dataclass(frozen=True)
class Line:
    what: str
    value: float
    unit: str
    floor: float | None = None
    target: float | None = None
    times: float | None = None  # a target in floors

    @property
    def is_missed(self) -> bool:
        most = self.target if self.times is None else self.times * (self.floor or 0)
        return most is not None and self.value > most

    def __str__(self) -> str:
        floor = "" if self.floor is None else f"{self.floor:10.2f} {self.value / max(self.floor, 1e-9):7.1f}x"
        wanted = "" if self.target is None else f"<= {self.target:g}"
        wanted = wanted if self.times is None else f"<= {self.times:g}x"
        verdict = f"{wanted} {'MISSED' if self.is_missed else 'ok'}" if wanted else ""
        return f"{self.what:<58}{self.value:10.2f} {self.unit:<4} {floor:<20} {verdict}"


async def measure(product: Process, floor: Process, database: Path, seconds: int) -> list[Line]:
    people = [await Person.register(product.port) for _ in range(CALLERS)]
    lines = []
    await ask_and_answer(product, people[:1], 50)  # warm
    for callers, rounds in ((1, 300), (CALLERS, 50)):
        cpu, wall = await ask_and_answer(product, people[:callers], rounds)
        bare_cpu, bare_wall = await bare_posts(floor, callers, rounds)
        lines.append(Line(f"ask and answer, {callers} callers: server CPU (floor: 3 POSTs)", cpu, "ms", bare_cpu, 3))
        lines.append(Line(f"ask and answer, {callers} callers: wall time", wall, "ms", bare_wall))
    for callers, rounds, most in ((1, 300, 3), (CALLERS, 50, 4)):
        cpu = await ask_then_answer(product, people[:callers], rounds)
        bare_cpu = await two_bare_posts(floor, callers, rounds)
        what = f"ask, then answer, {callers} callers: server CPU (floor: 2 POSTs)"
        lines.append(Line(what, cpu, "ms", bare_cpu, times=most))
    lines.append(
        Line("chat round with an approved payment: server CPU", await chat_round(product, people[0], 30), "ms", None, CHAT)
    )
    lines.append(Line("durable commit of three statements, bare", commit_us() / 1e3, "ms"))
    polls, frames = await waking(people[0], 100)
    echo = await echo_times(floor.port, 100)
    lines.append(Line("answer to woken long poll, p50 (floor: socket echo)", p(polls, 50), "ms", p(echo, 50), 10))
    lines.append(Line("answer to frame on the socket, p50", p(frames, 50), "ms", p(echo, 50), 10))
    lines.append(Line("answer to woken waiter, either, p99", max(p(polls, 99), p(frames, 99)), "ms", p(echo, 99)))
    lines.append(Line("switching a session with an open question, p99", p(await switching(people[0], 100), 99), "ms", None, 1000))
    session = await session_of(people[0], database, EVENTS)
    opened, characters = sorted([await opening(product.port, f"/api/ws/session/{session}", people[0].token) for _ in range(5)])[2]
    sent, _ = sorted([await opening(floor.port, f"/send/{characters}") for _ in range(5)])[2]
    lines.append(Line(f"opening a session of {EVENTS:,} events ({characters / 1e6:.1f} MB)", opened, "ms", sent, 1000))
    lines += await measure_sockets(product, floor, people, seconds)
    lines.append(Line(f"server CPU of {IDLE:,} idle sockets", await idle(product, IDLE, 40), "%", None, 4))
    return lines + await measure_inbox(product, people[1], database)


async def measure_inbox(product: Process, person: Person, database: Path | str) -> list[Line]:
    """A page of the inbox of somebody with 200,000 requests, beside the same with 100."""
    taken = await inbox(product, person, database, REQUESTS)
    where = "SQLite" if isinstance(database, Path) else "PostgreSQL"
    return [
        Line(f"page of {what} requests of {REQUESTS:,}, {where}: CPU (100)", value, "ms", taken[f"{what} 100"], times=2)
        for what, value in ((what, taken[f"{what} {REQUESTS}"]) for what in ("pending", "all"))
    ]


def measure_inbox_on_postgres(folder: Path, log: Path, settings: dict[str, str]) -> list[Line]:
    """The same on a PostgreSQL server of its own."""
    with short_folder("pg", open_to_others=True) as short:
        return _measure_inbox_on(Postgres(short), folder, log, settings)


def _measure_inbox_on(server: Postgres, folder: Path, log: Path, settings: dict[str, str]) -> list[Line]:
    server.start()
    port, url = free_port(), server.make("inbox")
    on_server = {**settings, "ASSENT_DATA_DIR": str(folder / "data-postgres"), "ASSENT_DATABASE_URL": url}
    product = Process("backend", "serve", port=port, log=log, **on_server, ASSENT_PORT=str(port))

    async def measured() -> list[Line]:
        return await measure_inbox(product, await Person.register(port), url)

    try:
        return asyncio.run(measured())
    finally:
        product.stop()
        server.stop()


async def measure_sockets(product: Process, floor: Process, people: list[Person], seconds: int) -> list[Line]:
    sessions = [
        await people[n % CALLERS].http.call("POST", "/api/feedback", {"type": "text", "title": "?"}) for n in range(SESSIONS)
    ]
    memory = product.memory()
    sockets = [await people[n % CALLERS].socket(session["session_id"]) for n, session in enumerate(sessions)]
    each = (product.memory() - memory) / SESSIONS / 1e3
    before = floor.memory()
    bare = [await WebSocket.open(floor.port, "/echo") for _ in range(SESSIONS)]
    lines = [Line("memory of an idle socket", each, "kB", (floor.memory() - before) / SESSIONS / 1e3)]
    for socket in bare:
        socket.close()
    floor_taken = await busy_echo(floor.port, SESSIONS, min(seconds, 5))
    cpu = product.cpu()
    taken = await busy(sockets, seconds, "hello")
    cpu = (product.cpu() - cpu) / seconds * 100
    lines.append(Line(f"acknowledged, {SESSIONS} busy sessions, p50", p(taken, 50), "ms", p(floor_taken, 50)))
    lines.append(Line(f"acknowledged, {SESSIONS} busy sessions, p99", p(taken, 99), "ms", p(floor_taken, 99), 100))
    lines.append(Line(f"server CPU meanwhile ({len(taken):,} messages)", cpu, "%"))
    for socket in sockets:
        socket.close()
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=15, help="how long the sessions are busy")
    parser.add_argument("--primary-path", action="store_true", help="beside Primary Path too, which is installed for that")
    given = parser.parse_args()
    seconds = given.seconds
    with tempfile.TemporaryDirectory() as folder:
        data, log = Path(folder) / "data", Path(folder) / "log.txt"
        settings = {
            "ASSENT_DATA_DIR": str(data),
            "ASSENT_REGISTRATION": "open",
            "ASSENT_REGISTRATION_RATE": "10000000/minute",
            "ASSENT_RATE_LIMIT": "10000000/minute",
        }
        settings |= {"ASSENT_LOG_FORMAT": "json"}

        def start() -> Process:
            port = free_port()
            return Process("backend", "serve", port=port, log=log, **settings, ASSENT_PORT=str(port))

        first = start()
        first.stop()
        product, port = start(), free_port()
        floor = Process("bench.floor", str(port), port=port, log=log)
        lines = [
            Line("cold start to /readyz, new data directory (floor: bare app)", first.started_in, "s", floor.started_in, 2),
            Line("cold start to /readyz, existing data", product.started_in, "s", floor.started_in, 2),
            Line("memory of the process at rest", product.memory() / 1e6, "MB", floor.memory() / 1e6),
        ]
        try:
            lines += asyncio.run(measure(product, floor, data / "assent.db", seconds))
        finally:
            product.stop()
            floor.stop()
        lines += measure_inbox_on_postgres(Path(folder), log, settings)
    lines += [Line(**measured) for measured in measure_several_processes(given.primary_path)]
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")
    print(f"{'':<58}{'measured':>15} {'floor':>10} {'ratio':>8}  target")
    print(*lines, sep="\n")
    if missed := sum(line.is_missed for line in lines):
        raise SystemExit(f"{missed} targets were missed")


if __name__ == "__main__":
    main()
