"""Whole rounds as programs and people make them: ask and answer with nobody waiting, and a payment through the chat."""

import asyncio

from bench.measures import Person, cost
from bench.process import Process
from bench.wire import Http


async def ask_then_answer(process: Process, people: list[Person], rounds: int) -> float:
    """Milliseconds of server CPU to POST a question and POST its answer."""

    async def round_(caller: int) -> None:
        http = people[caller].http
        asked = await http.call("POST", "/api/feedback", {"type": "confirmation", "title": "Deploy?"})
        await http.call("POST", f"/api/feedback/{asked['id']}/answer", {"action": "approve"})

    return (await cost(process, len(people), rounds, round_))[0]


async def two_bare_posts(process: Process, callers: int, rounds: int) -> float:
    """The floor of that: as many POSTs to a bare application."""
    connections = [Http(process.port) for _ in range(callers)]

    async def round_(caller: int) -> None:
        for _ in range(2):
            await connections[caller].call("POST", "/echo", {"type": "confirmation", "title": "Deploy?"})

    return (await cost(process, callers, rounds, round_))[0]


async def chat_round(process: Process, person: Person, rounds: int) -> float:
    """Milliseconds of server CPU from `pay 500 to Bob` to the reply that it was paid: the demo model over HTTP in the same
    process, an approval, the tool, the reply. What happens is heard on the session's socket."""
    session = (await person.http.call("POST", "/api/feedback", {"type": "text", "title": "Chat"}))["session_id"]
    socket = await person.socket(session)

    async def round_(_: int) -> None:
        said = {"query": "pay 500 to Bob", "session_id": session}
        await person.http.call("POST", "/api/chat/completion", said)
        await socket.until('"type":"request_confirmation"')
        page = await person.http.call("GET", f"/api/feedback?status=pending&session_id={session}")
        confirmation = next(item for item in page["items"] if item["type"] == "confirmation")
        await person.http.call("POST", f"/api/feedback/{confirmation['id']}/answer", {"action": "approve"})
        async with asyncio.timeout(60):
            await socket.until('"type":"task_completed"')

    await round_(0)
    spent = (await cost(process, 1, rounds, round_))[0]
    socket.close()
    return spent
