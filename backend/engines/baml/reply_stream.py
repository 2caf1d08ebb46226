"""A safe BAML stream: it cancels at once, raises errors, only appends text, and does not take a broken stream for a success."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable
from typing import Any

from baml_py import AbortController
from baml_py.baml_py import FunctionResult, FunctionResultStream, RuntimeContextManager

from backend.engines.baml.failures import CUT_OFF, ENDLESS, ModelFailed
from backend.engines.baml_client import stream_types, types
from backend.engines.baml_client.globals import DO_NOT_USE_DIRECTLY_UNLESS_YOU_KNOW_WHAT_YOURE_DOING_RUNTIME as RUNTIME
from backend.engines.baml_client.runtime import BamlCallOptions, DoNotUseDirectlyCallManager
from backend.engines.retry_limits import RetryLimits

_DONE = object()
_PUMPS: set[asyncio.Task[None]] = set()  # a task without a reference may be garbage-collected before it ends


def open_reply(lines: str, options: BamlCallOptions) -> "ModelStream":
    """Start `Reply`. The generated client would wrap the stream in a BamlStream, which runs a thread with its own loop, polls
    every 10 ms, and joins the thread in the caller's loop: 2 ms of CPU and 10 ms of latency per reply."""
    call = DoNotUseDirectlyCallManager({}).merge_options(options)
    return ModelStream(*call.create_async_stream(function_name="Reply", args={"thread": lines}))


class ModelStream:
    """The growing text of one function: the whole text so far, repeatedly, then its end or an error."""

    def __init__(self, context: RuntimeContextManager, source: FunctionResultStream) -> None:
        self._context, self._source = context, source
        self._news: asyncio.Queue[Any] = asyncio.Queue()

    async def pump(self) -> None:
        """Run the call to the end. Raises what BAML raises."""
        loop = asyncio.get_running_loop()

        def tell(event: FunctionResult) -> None:
            loop.call_soon_threadsafe(self._put, event, True)

        self._source.on_event(tell)
        try:
            self._put(await self._source.done(self._context), False)
        finally:
            self._source.on_event(None)  # type: ignore[arg-type]  # as in BAML's own wrapper: otherwise neither is freed
            self._news.put_nowait(_DONE)

    async def next(self, patience: float, deadline: float) -> Any:
        """The whole text so far, or _DONE. Raises TimeoutError."""
        async with asyncio.timeout(min(patience, deadline - asyncio.get_running_loop().time())):
            return await self._news.get()

    def _put(self, event: FunctionResult, partial: bool) -> None:
        if event.is_ok() or not partial:
            self._news.put_nowait(event.cast_to(types, types, stream_types, partial, RUNTIME))


async def read_pieces(
    stream: ModelStream, abort: AbortController, bounds: RetryLimits, deadline: float
) -> AsyncGenerator[str, None]:
    """Yield the stream's text in pieces. The call runs in its own task, which is aborted on exit but not awaited.
    Raises what BAML raised, TimeoutError or ModelFailed."""
    pump = asyncio.create_task(stream.pump())
    _PUMPS.add(pump)
    pump.add_done_callback(_discard_pump)
    sent = ""
    try:
        while (whole := await stream.next(bounds.idle if sent else bounds.first_token, deadline)) is not _DONE:
            if len(whole) > bounds.reply_characters:
                raise ModelFailed(ENDLESS)
            if not whole.startswith(sent):
                raise ModelFailed(CUT_OFF)
            if len(whole) > len(sent) and whole.strip():
                piece, sent = whole[len(sent) :], whole
                yield piece
        await pump
    finally:
        abort.abort()


def _discard_pump(pump: asyncio.Task[None]) -> None:
    _PUMPS.discard(pump)
    if not pump.cancelled():
        pump.exception()  # retrieved, so that asyncio does not warn about it


def says_finished(events: Iterable[Any]) -> bool:
    """Whether a stream's last events say that the model had finished. BAML takes a broken connection for the end."""
    return any(_event_says_finished(event.text) for event in events)


def _event_says_finished(text: str) -> bool:
    try:
        data = json.loads(text)
    except ValueError:
        return text.strip() == "[DONE]"
    if not isinstance(data, dict):
        return False
    if data.get("type") == "message_stop" or (data.get("delta") or {}).get("stop_reason"):
        return True
    return any(choice.get("finish_reason") for choice in data.get("choices") or [])
