"""Many people at once on one installation: what a round costs, how many there are in a second, and how long one waits."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bench.installation import Installation
from bench.measures import Person
from bench.wire import WebSocket

Round = Callable[[], Awaitable[None]]


@dataclass
class Crowd:
    """What so many callers saw and what it cost: `cpu` and `database` are milliseconds of a round."""

    callers: int
    cpu: float = 0.0
    database: float = 0.0
    rate: float = 0.0
    taken: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


async def crowd(installation: Installation, rounds: Sequence[Round], times: int) -> Crowd:
    """Each caller does their round so often, one after another; all of them at once."""
    seen = Crowd(len(rounds))

    async def call(round_: Round) -> None:
        for _ in range(times):
            begun = time.perf_counter()
            try:
                await round_()
            except RuntimeError as error:
                seen.failed.append(str(error))
            seen.taken.append((time.perf_counter() - begun) * 1e3)

    before, begun = installation.spent(), time.perf_counter()
    await asyncio.gather(*map(call, rounds))
    wall, spent = time.perf_counter() - begun, installation.spent() - before
    total = len(seen.taken)
    seen.cpu, seen.database, seen.rate = spent.ours / total * 1e3, spent.database / total * 1e3, total / wall
    return seen


async def ask_and_answer(person: Person) -> None:
    """Ask a question and answer it; nobody waits for the answer."""
    asked = await person.http.call("POST", "/api/feedback", {"type": "confirmation", "title": "Deploy?"})
    await person.http.call("POST", f"/api/feedback/{asked['id']}/answer", {"action": "approve"})


class Talker:
    """A person with the web app open, who hears there what is asked of them and how their runs end."""

    def __init__(self, person: Person, socket: WebSocket) -> None:
        self._person, self._socket = person, socket

    @classmethod
    async def of(cls, person: Person) -> "Talker":
        socket = await WebSocket.open(person.port, "/api/ws/me", person.token)
        await socket.until('"connection_ready"')
        return cls(person, socket)

    async def chat(self) -> None:
        """Say something that wants approval, approve it when it is asked, and wait until the reply is there."""
        said = await self._person.http.call("POST", "/api/chat/completion", {"query": "pay 500 to Bob"})
        asked = json.loads(await self._socket.until('"feedback_requested"'))["request"]
        await self._person.http.call("POST", f"/api/feedback/{asked['id']}/answer", {"action": "approve"})
        while '"completed"' not in (frame := await self._socket.until('"agent_status"')) or said["session_id"] not in frame:
            pass


async def register(ports: Sequence[int], count: int) -> list[Person]:
    """So many people, spread over those who serve."""
    return [await Person.register(ports[n % len(ports)]) for n in range(count)]
