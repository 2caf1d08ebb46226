"""Call the configured model through BAML, with retry limits and time-outs, and count the tokens used."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar

from baml_py import AbortController, ClientRegistry, Collector
from baml_py.errors import BamlError

from backend.domain.steps import Usage
from backend.engines.baml.failures import CUT_OFF, EMPTY, TIMED_OUT, Failure, ModelFailed, classify
from backend.engines.baml.reply_stream import open_reply, read_pieces, says_finished
from backend.engines.baml_client.runtime import BamlCallOptions
from backend.engines.contract import EngineError
from backend.engines.demo.endpoint import DemoEndpoint
from backend.engines.model_answer import UnreadableAnswer
from backend.engines.model_providers import ModelSettings, client_for
from backend.engines.prompt_text import clip, to_json
from backend.engines.retry_limits import RetryLimits
from backend.thread_pools import ThreadPool

_threads = ThreadPool("prompt")  # for long threads and long answers
_CLIENT = "Model"
_LAST_EVENTS = 5
_READINGS = 3  # how often a decision may be asked for when what comes back cannot be used

Decoded = TypeVar("Decoded")
Call = Callable[[str | None, BamlCallOptions], Awaitable[str]]
"""One BAML function with its inputs bound. Takes why the last answer could not be used, and BAML's options."""


class BamlModel:
    """Constructing does no I/O; the demo model's endpoint starts with the first call."""

    def __init__(self, settings: ModelSettings, bounds: RetryLimits | None = None) -> None:
        """Raises ValueError with one line for each missing setting."""
        if missing := settings.validate():
            raise ValueError("\n".join(missing))
        self.bounds = bounds or RetryLimits()
        self._settings = settings
        self._demo = DemoEndpoint() if settings.provider == "demo" else None
        self._starting = asyncio.Lock()
        self._registry: ClientRegistry | None = None

    async def close(self) -> None:
        """Stop the demo model's endpoint if it is running."""
        if self._demo:
            await self._demo.close()

    async def decide(self, call: Call, decode: Callable[[str], Decoded]) -> tuple[Decoded, Usage]:
        spent, why = Usage(), ""
        try:
            async with asyncio.timeout(self.bounds.total):
                for _ in range(_READINGS):
                    text, usage = await self._ask(call, to_json(why) if why else None)
                    spent = Usage(spent.input_tokens + usage.input_tokens, spent.output_tokens + usage.output_tokens)
                    try:
                        return await _threads.run(decode, text), spent
                    except UnreadableAnswer as unreadable:
                        why = clip(str(unreadable), 300)
        except TimeoutError:
            raise EngineError(TIMED_OUT.sentence(1, self._settings.place)) from None
        raise EngineError(f"The model gave nothing usable {_READINGS} times ({self._settings.place}): {why}.")

    async def stream(self, lines: str, deadline: float) -> AsyncGenerator[str | Usage, None]:
        collector, abort = Collector(), AbortController()
        text = ""
        stream = open_reply(lines, await self._options(collector, abort))
        async for piece in read_pieces(stream, abort, self.bounds, deadline):
            text += piece
            yield piece
        call = collector.last.calls[-1] if collector.last and collector.last.calls else None
        events = getattr(call, "sse_responses", lambda: None)() or []
        if not says_finished(events[-_LAST_EVENTS:]):
            raise ModelFailed(CUT_OFF)
        if not text:
            raise ModelFailed(EMPTY)
        yield _usage(collector, lines, text)

    async def wait_or_give_up(self, failure: Failure, attempt: int, *, final: bool = False) -> None:
        if final or not failure.transient or attempt >= self.bounds.attempts:
            raise EngineError(failure.sentence(attempt, self._settings.place)) from None
        await asyncio.sleep(self.bounds.backoff * 2 ** (attempt - 1))

    async def _ask(self, call: Call, why: str | None) -> tuple[str, Usage]:
        for attempt in range(1, self.bounds.attempts + 1):
            collector, abort = Collector(), AbortController()
            try:
                text = await call(why, await self._options(collector, abort))
                return text, _usage(collector, "", text)
            except BamlError as error:
                await self.wait_or_give_up(classify(error), attempt)
            finally:
                abort.abort()
        raise AssertionError("the last attempt returns or raises")

    async def _options(self, collector: Collector, abort: AbortController) -> BamlCallOptions:
        async with self._starting:
            if self._registry is None:
                self._registry = await self._connect()
        return {"client_registry": self._registry, "collector": collector, "abort_controller": abort}

    async def _connect(self) -> ClientRegistry:
        provider, options = client_for(self._settings, connect_seconds=self.bounds.connect, read_seconds=self.bounds.read)
        if self._demo:
            await self._demo.start()
            options |= {"base_url": self._demo.url, "api_key": self._demo.key}
        registry = ClientRegistry()
        registry.add_llm_client(_CLIENT, provider, options)
        registry.set_primary(_CLIENT)
        return registry


def _usage(collector: Collector, prompt: str, text: str) -> Usage:
    """The tokens the provider counted, or an estimate if it counts none, so that a run's token cap still holds."""
    counted = collector.last.usage if collector.last else None
    asked = counted.input_tokens if counted else None
    told = counted.output_tokens if counted else None
    return Usage(len(prompt) // 4 if asked is None else asked, len(text) // 4 + 1 if told is None else told)
