"""The live stream between processes: one Redis channel that all of them subscribe to.

Listeners in this process get a frame at once; other processes get it in batches, in order, marked with its origin. There is one
channel rather than one per topic, because a process that receives everything cannot miss a frame while it subscribes, and a
batch costs as much as a single frame (docs/decisions/0006). Replies being streamed are stored in Redis too, for a tab that
connects to one process while another streams."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

from pydantic_core import from_json
from redis.asyncio.client import PubSub

from backend.messaging.redis_link import ANSWER_S, UNUSABLE_ERRORS, RedisLink, cancel_tasks
from backend.messaging.stream.contract import MISSED_TOPIC, Listener, ReplySoFar
from backend.messaging.stream.memory import MemoryStream
from backend.messaging.stream.redis_batch import CHANNEL, Batch, BatchItem, reply_key

CHECK_EVERY_S = 2.0
BATCH_WAIT_S = 0.01
ECHO_AFTER_S, SILENT_AFTER_S = 1.0, 3.0


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
        await cancel_tasks(sender, listener)

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
                return _join_pieces(await self._link.client.lrange(reply_key(session_id), 0, -1))
        except UNUSABLE_ERRORS as error:
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
            await self._collect_batch()
            await self._send_all()

    async def _collect_batch(self) -> None:
        """Hold transient frames briefly to batch them, which saves a third of their cost. Frames of a log go at once, with all
        before them."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BATCH_WAIT_S):
                await self._urgent.wait()
        self._urgent.clear()
        self._filled.clear()

    async def _send_all(self) -> None:
        """Send everything queued as one batch. While Redis is unavailable it is dropped, and the next batch says so."""
        while self._batch.waits:
            if not self._link.up:
                self._batch.drop()
                return
            async with self._link.client.pipeline(transaction=False) as pipe:
                self._batch.write_into(pipe)
                try:
                    await pipe.execute()
                except UNUSABLE_ERRORS as error:
                    self._link.failed(error)
                    self._batch.drop()
                    return

    async def _listen(self) -> None:
        """Receive from the other processes. While the connection is lost, and after it is back, tell listeners here to check
        SQL."""
        while True:
            while not await self._link.until_up(CHECK_EVERY_S):
                self._here.publish(MISSED_TOPIC, "")
            try:
                async with self._link.client.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    await self._receive(channel)
            except UNUSABLE_ERRORS as error:
                self._link.failed(error)

    async def _receive(self, channel: PubSub) -> None:
        heard_at = time.monotonic()
        while time.monotonic() - heard_at < SILENT_AFTER_S:
            message = await channel.get_message(timeout=ECHO_AFTER_S)
            if message is None:
                await channel.ping()
                continue
            heard_at = time.monotonic()
            if message["type"] == "message":
                self._handle_batch(message["data"])
            elif message["type"] == "subscribe":
                self._here.publish(MISSED_TOPIC, "")
        raise TimeoutError("nothing was received on the channel, not even an echo")

    def _handle_batch(self, data: str) -> None:
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


def _join_pieces(kept: list[Any]) -> ReplySoFar | None:
    """Join the pieces into one text; None if one is missing."""
    run_id, attempt, content = "", 0, ""
    for piece_run, piece_attempt, offset, piece in map(from_json, kept):
        if offset == 0:
            run_id, attempt, content = piece_run, piece_attempt, ""
        if (piece_run, piece_attempt, offset) != (run_id, attempt, len(content)):
            return None
        content += piece
    return ReplySoFar(run_id, attempt, content) if content else None
