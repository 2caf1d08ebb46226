"""BamlEngine: decisions by single calls, the reply by a stream, each with bounded tries."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

from baml_py import AbortController, ClientRegistry, Collector
from baml_py.errors import BamlError

from backend.domain.runs import EngineId
from backend.domain.steps import Decision, ToolSpec, Usage
from backend.engines.baml.failures import CUT, EMPTY, LATE, UNREADABLE, Failure, ModelFailed, classify
from backend.engines.baml.reply_stream import finished, follow, open_reply
from backend.engines.baml.type_descriptions import answer_shape, step_shapes
from backend.engines.baml_client.async_client import b
from backend.engines.baml_client.runtime import BamlCallOptions
from backend.engines.contract import EngineError, Reading, Thread
from backend.engines.decode_step import UnreadableStep, read_reading, read_step, repeats
from backend.engines.demo.endpoint import DemoEndpoint
from backend.engines.model_providers import ModelSettings, client_for
from backend.engines.prompt_text import clip, render_thread, render_tools, to_json
from backend.engines.retry_limits import Bounds
from backend.thread_pools import Threads

_threads = Threads("prompt")  # for long threads and long answers
_CLIENT = "Model"
_LAST_EVENTS = 5
_READINGS = 3  # how often a decision may be asked for when what comes back cannot be used

Decoded = TypeVar("Decoded")
Call = Callable[[str | None, BamlCallOptions], Awaitable[str]]
"""One BAML function with its inputs bound: the reason why the last try could not be used, and BAML's options."""


class BamlEngine:
    """An Engine over the configured model. Constructing does no I/O; the demo model's endpoint starts with the first call.
    It keeps nothing in a run: the log is all it needs."""

    id = EngineId("baml", 1)

    def __init__(self, settings: ModelSettings, bounds: Bounds | None = None) -> None:
        """Raises ValueError with a line for each setting that is missing."""
        if missing := settings.validate():
            raise ValueError("\n".join(missing))
        self._settings = settings
        self._bounds = bounds or Bounds()
        self._demo = DemoEndpoint() if settings.provider == "demo" else None
        self._starting = asyncio.Lock()
        self._registry: ClientRegistry | None = None

    async def next_step(self, thread: Thread, tools: Sequence[ToolSpec]) -> tuple[Decision, Usage]:
        """Decide what to do now."""
        lines, listed, shapes = await _threads.run(render_thread, thread), render_tools(tools), step_shapes()

        def decode(text: str) -> Decision:
            step = read_step(text)
            if reason := repeats(step, thread):
                raise UnreadableStep(reason)
            return step

        return await self._decide(lambda why, options: b.NextStep(lines, listed, shapes, why, options), decode)

    async def read_answer(self, request: dict[str, Any], text: str) -> tuple[Reading, Usage]:
        """Say what `text` seems to answer. An action the request does not allow comes back as unclear."""
        asked, message, shape = await _threads.run(to_json, request), to_json(clip(text)), answer_shape()
        allowed = request.get("allowed_actions") or []

        def decode(answer: str) -> Reading:
            reading = read_reading(answer)
            return reading if reading.action in allowed else Reading("unclear", {}, reading.feedback, certain=False)

        return await self._decide(lambda why, options: b.ReadAnswer(asked, message, shape, why, options), decode)

    async def summarize(self, thread: Thread) -> tuple[str, Usage]:
        """Compress a thread into text."""
        lines = await _threads.run(render_thread, thread)
        return await self._decide(lambda _, options: b.Summarize(lines, options), _some_text)

    async def reply(self, thread: Thread) -> AsyncGenerator[str | Usage, None]:
        """Stream the final word. Tried again only while nothing has been yielded."""
        lines = await _threads.run(render_thread, thread)
        deadline = asyncio.get_running_loop().time() + self._bounds.stream
        for attempt in range(1, self._bounds.attempts + 1):
            said = False
            try:
                async for piece in self._stream(lines, deadline):
                    said = True
                    yield piece
                return
            except (BamlError, TimeoutError, ModelFailed) as error:
                failure = classify(error)
                await self._wait_or_give_up(CUT if said and failure is UNREADABLE else failure, attempt, final=said)

    async def close(self) -> None:
        """Stop the demo model's endpoint, if it runs."""
        if self._demo:
            await self._demo.close()

    async def _stream(self, lines: str, deadline: float) -> AsyncGenerator[str | Usage, None]:
        collector, abort = Collector(), AbortController()
        text = ""
        stream = open_reply(lines, await self._options(collector, abort))
        async for piece in follow(stream, abort, self._bounds, deadline):
            text += piece
            yield piece
        call = collector.last.calls[-1] if collector.last and collector.last.calls else None
        events = getattr(call, "sse_responses", lambda: None)() or []
        if not finished(events[-_LAST_EVENTS:]):
            raise ModelFailed(CUT)
        if not text:
            raise ModelFailed(EMPTY)
        yield _usage(collector, lines, text)

    async def _decide(self, call: Call, decode: Callable[[str], Decoded]) -> tuple[Decoded, Usage]:
        spent, why = Usage(), ""
        try:
            async with asyncio.timeout(self._bounds.total):
                for _ in range(_READINGS):
                    text, usage = await self._ask(call, to_json(why) if why else None)
                    spent = Usage(spent.input_tokens + usage.input_tokens, spent.output_tokens + usage.output_tokens)
                    try:
                        return await _threads.run(decode, text), spent
                    except UnreadableStep as unreadable:
                        why = clip(str(unreadable), 300)
        except TimeoutError:
            raise EngineError(LATE.sentence(1, self._settings.place)) from None
        raise EngineError(f"The model gave nothing usable {_READINGS} times ({self._settings.place}): {why}.")

    async def _ask(self, call: Call, why: str | None) -> tuple[str, Usage]:
        for attempt in range(1, self._bounds.attempts + 1):
            collector, abort = Collector(), AbortController()
            try:
                text = await call(why, await self._options(collector, abort))
                return text, _usage(collector, "", text)
            except BamlError as error:
                await self._wait_or_give_up(classify(error), attempt)
            finally:
                abort.abort()
        raise AssertionError("the last attempt returns or raises")

    async def _wait_or_give_up(self, failure: Failure, attempt: int, *, final: bool = False) -> None:
        if final or not failure.transient or attempt >= self._bounds.attempts:
            raise EngineError(failure.sentence(attempt, self._settings.place)) from None
        await asyncio.sleep(self._bounds.backoff * 2 ** (attempt - 1))

    async def _options(self, collector: Collector, abort: AbortController) -> BamlCallOptions:
        async with self._starting:
            if self._registry is None:
                self._registry = await self._connect()
        return {"client_registry": self._registry, "collector": collector, "abort_controller": abort}

    async def _connect(self) -> ClientRegistry:
        provider, options = client_for(self._settings, connect_seconds=self._bounds.connect, read_seconds=self._bounds.read)
        if self._demo:
            await self._demo.start()
            options |= {"base_url": self._demo.url, "api_key": self._demo.key}
        registry = ClientRegistry()
        registry.add_llm_client(_CLIENT, provider, options)
        registry.set_primary(_CLIENT)
        return registry


def _some_text(text: str) -> str:
    if not text.strip():
        raise UnreadableStep("the answer was empty")
    return clip(text.strip(), 20_000)


def _usage(collector: Collector, prompt: str, text: str) -> Usage:
    """What the provider counted; where it counts nothing, an estimate, so that a run's cap on tokens still holds."""
    counted = collector.last.usage if collector.last else None
    asked = counted.input_tokens if counted else None
    told = counted.output_tokens if counted else None
    return Usage(len(prompt) // 4 if asked is None else asked, len(text) // 4 + 1 if told is None else told)
