"""Show a reply on the person's channel while it is being written; best effort, the reply itself does not depend on it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from backend.core.outbox.drafts import Draft, begin_draft, last_address, record_shown
from backend.core.runs.lease import Lease
from backend.db import Database
from backend.db.queries.drafts import holds_draft
from backend.domain.people import AGENT_NAME
from backend.errors import Unavailable
from backend.failpoints import failpoint
from backend.observability.log import get_logger
from backend.worker.retry_unavailable import transact_until_available
from channels.contract import Address, Channel, StreamedText, StreamingChannel, TextMessage
from channels.errors import ChannelError, Retryable

log = get_logger(__name__)

BUFFER_S, BUFFER_LONG_S, LONG_TEXT = 0.5, 0.25, 256
TRY_S = 5.0
BACK_OFF_S, MAX_BACK_OFF_S = 2.0, 30.0
Clock = Callable[[], float]
Result = TypeVar("Result")


class Pace:
    """When to show more of a growing text: after a pause, which is shorter if much was added. Short replies are complete
    before the first pause ends."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._at = clock, clock()
        self._length = self._shown = 0
        self._pause_s = 0.0

    def grew(self, to: int) -> None:
        self._length = to

    def shown(self, length: int, pause_s: float) -> None:
        """Record that `length` characters were shown; wait at least `pause_s` before the next update."""
        self._at, self._shown, self._pause_s = self._clock(), length, pause_s

    def left(self) -> float | None:
        """Seconds until the next update; None if there is nothing new to show."""
        waiting = self._length - self._shown
        if not waiting:
            return None
        rest = max(self._pause_s, BUFFER_LONG_S if waiting >= LONG_TEXT else BUFFER_S)
        return max(0.0, self._at + rest - self._clock())


class GrowingReply:
    """A reply that grows until it ends."""

    def __init__(self, clock: Clock) -> None:
        self.pace = Pace(clock)
        self._parts: list[str] = []
        self._length = 0
        self._over = False
        self._changed = asyncio.Event()

    def add(self, piece: str) -> None:
        self._parts.append(piece)
        self._length += len(piece)
        self.pace.grew(self._length)
        self._changed.set()

    def end(self) -> None:
        """End the reply: the finished text is sent by the outbox."""
        self._over = True
        self._changed.set()

    def text(self) -> str:
        return "".join(self._parts)

    async def due(self) -> bool:
        """Wait until there is more to show; False once the reply has ended."""
        while not self._over and (left := self.pace.left()) != 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()
        return not self._over


@dataclass(frozen=True, slots=True)
class ReplyStreamer:
    """Streams replies and typing indicators on those of `channels` that support it."""

    db: Database
    channels: Mapping[str, Channel]
    clock: Clock = time.monotonic
    background: set[asyncio.Task[Any]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def thinking(self, lease: Lease) -> AsyncIterator[None]:
        """Show the typing indicator while the block runs."""
        if not self._streaming_channels():
            yield
            return
        begun = self._in_background(self._think(lease))
        try:
            yield
        finally:
            self._in_background(self._stop_thinking(begun))

    @contextlib.asynccontextmanager
    async def streaming(self, lease: Lease) -> AsyncIterator[GrowingReply]:
        """Show what is added to the yielded reply. On exit, waits a few seconds at most for a call in progress, so that it is
        known where the reply is shown."""
        growing = GrowingReply(self.clock)
        task = asyncio.create_task(self._stream(growing, lease, lease.token))
        try:
            yield growing
            growing.end()
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """Cancel the background calls."""
        for task in self.background:
            task.cancel()
        await asyncio.gather(*self.background, return_exceptions=True)

    async def _stream(self, growing: GrowingReply, lease: Lease, token: int) -> None:
        channels = self._streaming_channels()
        try:
            if channels and await growing.due():
                of = (lease.run_id, lease.session_id, lease.person_id, token)
                draft = await self.db.transact(begin_draft, *of, channels.keys())
                if draft is not None:
                    await self._show(growing, draft, channels[draft.channel], lease.run_id, token)
        except (ChannelError, Unavailable, TimeoutError) as error:
            log.info("reply.not_streamed", run_id=lease.run_id, reason=str(error))

    async def _show(self, growing: GrowingReply, draft: Draft, channel: StreamingChannel, run_id: str, token: int) -> None:
        """Update the draft while this worker holds it; a worker that took it over, or the final reply, is not overwritten."""
        shown = StreamedText(draft.ref) if draft.ref is not None else None
        while True:
            words = TextMessage(growing.text(), AGENT_NAME, draft.delivery_id)
            first, shown = shown is None, await _try(channel, words, draft.to, shown)
            failpoint("draft.shown")
            if first:
                async with asyncio.timeout(TRY_S):  # without it, nobody knows where the reply is shown
                    await transact_until_available(self.db, record_shown, run_id, token, shown.ref)
                failpoint("draft.kept")
            growing.pace.shown(len(words.text), shown.pause_s)
            if not await growing.due() or not await self.db.read(holds_draft, run_id, token):
                return

    async def _think(self, lease: Lease) -> tuple[StreamingChannel, Address] | None:
        """Start the typing indicator. Returns where it is shown; None if nowhere."""
        channels = self._streaming_channels()
        try:
            where = await self.db.read(last_address, lease.session_id, lease.person_id, channels.keys())
            if where is None:
                return None
            await channels[where[0]].set_typing(where[1], True)
        except (ChannelError, Unavailable) as error:
            log.info("reply.typing_not_shown", run_id=lease.run_id, reason=str(error))
            return None
        return channels[where[0]], where[1]

    async def _stop_thinking(self, begun: asyncio.Task[tuple[StreamingChannel, Address] | None]) -> None:
        seen = await begun
        if seen is not None:
            with contextlib.suppress(ChannelError):
                await seen[0].set_typing(seen[1], False)

    def _streaming_channels(self) -> dict[str, StreamingChannel]:
        return {name: channel for name, channel in self.channels.items() if isinstance(channel, StreamingChannel)}

    def _in_background(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        task = asyncio.create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)
        return task


async def _try(channel: StreamingChannel, words: TextMessage, to: Address, shown: StreamedText | None) -> StreamedText:
    """Make one call. A rate-limited update is skipped; a call with an unknown outcome raises and ends the streaming."""
    try:
        async with asyncio.timeout(TRY_S):
            return await channel.show_partial(words, to, shown)
    except Retryable as error:
        if shown is None or error.unknown:
            raise
        return replace(shown, pause_s=min(max(error.after or BACK_OFF_S, shown.pause_s), MAX_BACK_OFF_S))
