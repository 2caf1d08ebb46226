"""The stream between processes: one Redis channel that all of them hear.

Listeners of this process are told at once; what they were told goes out in batches, in order, marked with its origin. One
channel rather than one a topic: a process that always hears everything has no moment between subscribing and being
subscribed, and a batch costs as much as a single frame would (docs/decisions/0006). Replies in the making are kept in Redis
too, for a tab that opens at one process while another streams."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

from pydantic_core import from_json
from redis.asyncio.client import PubSub

from backend.messaging.redis_link import ANSWER_S, AWAY, RedisLink, ended
from backend.messaging.stream.contract import MISSED_TOPIC, Listener, ReplySoFar
from backend.messaging.stream.memory import MemoryStream
from backend.messaging.stream.redis_batch import CHANNEL, Batch, BatchItem, reply_key

LOOK_S = 2.0
COMPANY_S = 0.01
QUIET_S, DEAF_S = 1.0, 3.0


class RedisStream:
    """See `contract.Stream`."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._here = MemoryStream()
        self._batch = Batch(link.origin)
        self._filled, self._urgent = asyncio.Event(), asyncio.Event()
        self._closing = False
        self._loops: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "RedisStream":
        self._link.on_up(self._filled.set)
        self._loops = [
            asyncio.create_task(self._send(), name="stream sender"),
            asyncio.create_task(self._listen(), name="stream listener"),
        ]
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        sender, listener = self._loops
        self._closing = True
        self._urgent.set()
        self._filled.set()
        await asyncio.wait([sender], timeout=ANSWER_S)
        await ended(sender, listener)

    def publish(self, topic: str, text: str, seq: int | None = None) -> None:
        self._here.publish(topic, text, seq)
        self._batch.frame(topic, text, seq)
        if seq is not None:
            self._urgent.set()
        self._filled.set()

    def publish_here(self, topic: str, text: str, seq: int | None = None) -> None:
        self._here.publish(topic, text, seq)

    def subscribe(self, topics: Iterable[str], listener: Listener) -> Callable[[], None]:
        return self._here.subscribe(topics, listener)

    def extend_reply(self, session_id: str, run_id: str, attempt: int, piece: str) -> int:
        offset = self._here.extend_reply(session_id, run_id, attempt, piece)
        self._batch.piece(session_id, BatchItem(run_id, attempt, offset, piece))
        self._filled.set()
        return offset

    async def partial_reply(self, session_id: str) -> ReplySoFar | None:
        streamed_here = await self._here.partial_reply(session_id)
        if streamed_here or not self._link.up:
            return streamed_here
        try:
            async with asyncio.timeout(ANSWER_S):
                return _joined(await self._link.client.lrange(reply_key(session_id), 0, -1))
        except AWAY as error:
            self._link.failed(error)
            return None

    def end_reply(self, session_id: str) -> None:
        self._here.end_reply(session_id)
        self._batch.end(session_id)
        self._filled.set()

    def listeners(self, topic: str) -> int:
        return self._here.listeners(topic)

    async def _send(self) -> None:
        while not self._closing:
            await self._filled.wait()
            await self._gather()
            await self._send_all()

    async def _gather(self) -> None:
        """Let passing frames wait a moment for company, which saves a third of their cost. What is in a log goes at once,
        with all before it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(COMPANY_S):
                await self._urgent.wait()
        self._urgent.clear()
        self._filled.clear()

    async def _send_all(self) -> None:
        """What waits, as one batch. While Redis is away it is dropped, and the next batch says that something was."""
        while self._batch.waits:
            if not self._link.up:
                self._batch.drop()
                return
            async with self._link.client.pipeline(transaction=False) as pipe:
                self._batch.empty_into(pipe)
                try:
                    await pipe.execute()
                except AWAY as error:
                    self._link.failed(error)
                    self._batch.drop()
                    return

    async def _listen(self) -> None:
        """Hear the other processes; after each deafness, and every moment of it, tell everyone here to look for themselves."""
        while True:
            while not await self._link.until_up(LOOK_S):
                self._here.publish(MISSED_TOPIC, "")
            try:
                async with self._link.client.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    await self._hear(channel)
            except AWAY as error:
                self._link.failed(error)

    async def _hear(self, channel: PubSub) -> None:
        heard_at = time.monotonic()
        while time.monotonic() - heard_at < DEAF_S:
            message = await channel.get_message(timeout=QUIET_S)
            if message is None:
                await channel.ping()
                continue
            heard_at = time.monotonic()
            if message["type"] == "message":
                self._take_in(message["data"])
            elif message["type"] == "subscribe":
                self._here.publish(MISSED_TOPIC, "")
        raise TimeoutError("nothing was heard on the channel, not even an echo")

    def _take_in(self, data: str) -> None:
        origin, _, batch = data.partition(" ")
        if origin == self._link.origin:
            return
        for item in from_json(batch):
            match item:
                case [topic, text, seq]:
                    self._here.publish(topic, text, seq)
                case [session_id]:
                    self._here.end_reply(session_id)
                case []:
                    self._here.publish(MISSED_TOPIC, "")


def _joined(kept: list[Any]) -> ReplySoFar | None:
    """The pieces as one text, or None where one is missing."""
    run_id, attempt, content = "", 0, ""
    for piece_run, piece_attempt, offset, piece in map(from_json, kept):
        if offset == 0:
            run_id, attempt, content = piece_run, piece_attempt, ""
        if (piece_run, piece_attempt, offset) != (run_id, attempt, len(content)):
            return None
        content += piece
    return ReplySoFar(run_id, attempt, content) if content else None
