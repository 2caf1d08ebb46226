"""A worker's hand for runs, on either database: an engine that proposes one payment and then says what came of it, and a
till whose payments take as long as a test wants."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from backend.core.inbound import receive_answer, receive_message
from backend.core.requests.view import shape_request
from backend.db import Database, Publish, Tx
from backend.db.queries import requests, runs
from backend.domain.policy import Policy
from backend.domain.runs import Caps, EngineId, LogEntry
from backend.domain.steps import CallTool, Reply, Step, Usage
from backend.domain.steps import ToolSpec as ToolSpec
from backend.engines.contract import Engine, Thread
from backend.errors import Refusal
from backend.language.contract import Language
from backend.messaging.stream.memory import MemoryStream
from backend.tools.contract import Tool, ToolContext, ToolError
from backend.tools.registry import Registry
from backend.worker.advance_run import RunAdvancer
from backend.worker.run_tool import ToolRunner
from backend.worker.stream_reply import ReplyStreamer
from channels.contract import InboundAnswer, InboundMessage
from tests.backend.conftest import Opened
from tests.support.waiting import TIMEOUT_S

ENGINE = EngineId("one payment", 1)
CAPS = Caps(25, 200_000, 600)
POLICY = Policy({})


class OnePayment:
    """Proposes the payment once; then every fact it is told is its last word."""

    id = ENGINE

    def __init__(self) -> None:
        self.asked, self.hangs, self.go = 0, False, asyncio.Event()
        self.replied, self.hangs_in_reply = 0, False

    async def next_step(self, thread: Thread, tools: Sequence[ToolSpec]) -> tuple[Step, Usage]:
        self.asked += 1
        if self.hangs:
            await self.go.wait()
        proposed = any(entry.kind == "call" for entry in thread.entries[thread.start :])
        return (Reply() if proposed else CallTool("pay", {"amount": 500})), Usage(1, 1)

    async def reply(self, thread: Thread) -> AsyncGenerator[str | Usage, None]:
        results = [str(entry.body["status"]) for entry in thread.entries if entry.kind == "result"]
        self.replied += 1
        yield " ".join(results) or "nothing"
        if self.hangs_in_reply:
            await self.go.wait()
        yield Usage(1, 1)


@dataclass
class PaymentSetup:
    """`doors` open one a payment, in their order; a payment that has none goes through at once. `seconds` is the limit;
    `fenced`: the fence is passed once more behind the door; `fails`: what the first payments fail with there;
    `says`: what comes of the others."""

    opened: Opened
    seconds: float = 30.0
    fenced: bool = False
    fails: tuple[str, ...] = ()
    says: object = ""
    paid: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    doors: list[threading.Event] = field(default_factory=list)
    engine: OnePayment = field(default_factory=OnePayment)
    stream: MemoryStream = field(default_factory=MemoryStream)

    def __post_init__(self) -> None:
        def pay(context: ToolContext, amount: int) -> dict[str, Any]:
            """Pay."""
            self.begun.append(context.execution_id)
            number = len(self.begun) - 1
            if number < len(self.doors):
                assert self.doors[number].wait(TIMEOUT_S)
            if self.fenced:
                context.fence()
            if number < len(self.fails):
                raise ToolError(self.fails[number])
            self.paid.append(context.execution_id)
            return {"amount": amount, "said": self.says}

        def trace(context: ToolContext, execution_id: str) -> str:
            return "Looked." if execution_id not in self.paid else "Seen."

        self.tool = Tool(pay, risk="high", approval="always", seconds=self.seconds, trace=trace)
        self.registry = Registry([self.tool])
        self.opened.on_sent = self._pass_on

    def _pass_on(self) -> None:
        sent, self.opened.sent = self.opened.sent, []
        for effect in sent:
            if isinstance(effect, Publish):
                self.stream.publish(effect.topic, effect.text, effect.seq)

    def redeclare(self, description: str | None = None, **declared: Any) -> ToolSpec:
        """The next worker is of a release that declares the tool otherwise; what it was."""
        before, given = self.tool.spec, self.tool.function

        def pay(context: ToolContext, amount: int) -> dict[str, Any]:
            paid: dict[str, Any] = given(context, amount)
            return paid

        pay.__doc__ = description or given.__doc__
        self.tool = replace(self.tool, function=pay, **declared)
        self.registry = Registry([self.tool])
        return before

    def door(self) -> threading.Event:
        self.doors.append(threading.Event())
        return self.doors[-1]

    def worker(self, db: Database | None = None, since: float | None = None) -> RunAdvancer:
        """A process of its own, as far as one can tell."""
        using = db or self.opened.db
        executor = ToolRunner(using, self.registry, POLICY, Path())
        engine, language = cast(Engine, self.engine), cast(Language, self.engine)
        streamer = ReplyStreamer(using, {})
        worker = RunAdvancer(using, self.stream, engine, language, self.registry, POLICY, CAPS, executor, streamer)
        return worker if since is None else replace(worker, started_at=since)

    async def approved(self) -> str:
        """A run whose payment was approved and is about to be made; its id."""
        run_id = await self.start()
        await self.worker().advance(run_id)
        await self.answer(run_id)
        return run_id

    async def start(self) -> str:
        """A run that was asked for a payment."""
        inbound = InboundMessage("chat", self.opened.person.id, "pay", session_id=self.opened.session_id)
        return (await self.opened.db.transact(receive_message, self.opened.person, inbound)).run_id

    async def answer(self, run_id: str, action: str = "approve") -> dict[str, Any]:
        """To the one open question."""
        (request,) = await self.open_requests(run_id)
        inbound = InboundAnswer("chat", self.opened.person.id, request["id"], action)
        done = await self.opened.db.transact(receive_answer, self.opened.person, inbound, self.registry, POLICY)
        assert not isinstance(done, Refusal), done
        return request

    async def say(self, request_id: str, version: int | None) -> Any:
        """Yes to what was shown as that version; what came of it."""
        inbound = InboundAnswer("chat", self.opened.person.id, request_id, "approve", version=version)
        return await self.opened.db.transact(receive_answer, self.opened.person, inbound, self.registry, POLICY)

    async def open_requests(self, run_id: str) -> list[dict[str, Any]]:
        def look(tx: Tx) -> list[dict[str, Any]]:
            return [dict(shape_request(tx, row)) for row in requests.open_requests_of_run(tx, run_id)]

        return await self.opened.db.read(look)

    async def request(self, id: str) -> dict[str, Any]:
        def look(tx: Tx) -> dict[str, Any]:
            row = requests.request_by_id(tx, id)
            assert row is not None
            return dict(shape_request(tx, row))

        return await self.opened.db.read(look)

    async def log(self, run_id: str) -> list[LogEntry]:
        return await self.opened.db.read(runs.run_log, run_id)

    def run(self, run_id: str) -> tuple[Any, ...]:
        """(status, result, error, claims)"""
        (row,) = self.opened.on_disk(f"SELECT status, result, error, claims FROM runs WHERE id = '{run_id}'")
        return row

    def outcomes(self) -> list[str]:
        """Of all executions, in their order."""
        return [status for (status,) in self.opened.on_disk("SELECT status FROM executions ORDER BY started_at, id")]

    def notices(self) -> list[str]:
        """What the platform said in the session."""
        return [text for (text,) in self.opened.on_disk("SELECT content FROM messages WHERE type = 'system' ORDER BY created_at")]

    def lapse(self) -> None:
        """As if every lease had run out."""
        self.opened.change("UPDATE runs SET lease_until = lease_until - 60000 WHERE lease_until IS NOT NULL")


def start_advancing(worker: RunAdvancer, run_id: str) -> asyncio.Task[None]:
    return asyncio.create_task(worker.advance(run_id))
