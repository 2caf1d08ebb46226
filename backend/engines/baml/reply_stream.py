"""BAML's stream made safe: cancelling is immediate, errors surface, text only appends, and a cut stream is no success."""

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
_PUMPS: set[asyncio.Task[None]] = set()  # a task nobody holds may be collected before it has ended


def open_reply(lines: str, options: BamlCallOptions) -> "ModelStream":
    """Start `Reply`. Its generated client would wrap the stream in a BamlStream, which runs a thread with a loop of its
    own, looks for news every 10 ms, and joins that thread in the caller's loop: 2 ms of CPU and 10 ms of latency a reply."""
    call = DoNotUseDirectlyCallManager({}).merge_options(options)
    return ModelStream(*call.create_async_stream(function_name="Reply", args={"thread": lines}))


class ModelStream:
    """One function's text as it grows: the whole so far, time after time, and the end of it or an error."""

    def __init__(self, context: RuntimeContextManager, source: FunctionResultStream) -> None:
        self._context, self._source = context, source
        self._news: asyncio.Queue[Any] = asyncio.Queue()

    async def pump(self) -> None:
        """Run the call to its end. Raises what BAML raises."""
        loop = asyncio.get_running_loop()

        def tell(event: FunctionResult) -> None:
            loop.call_soon_threadsafe(self._put, event, True)

        self._source.on_event(tell)
        try:
            self._put(await self._source.done(self._context), False)
        finally:
            self._source.on_event(None)  # type: ignore[arg-type]  # as BAML's own wrapper does, or neither is ever freed
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
    """The stream's text in pieces. The call runs in a task of its own, which is told to stop and left to end by itself.
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
        pump.exception()  # seen here, so that a reader who left early leaves no warning behind


def says_finished(events: Iterable[Any]) -> bool:
    """Whether a stream's last events say that the model had finished. BAML takes a connection that broke for the end."""
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
