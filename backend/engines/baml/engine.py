"""BamlEngine: decide steps with single calls, stream replies."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from baml_py.errors import BamlError

from backend.domain.runs import EngineId
from backend.domain.steps import Decision, ToolSpec, Usage
from backend.engines.baml.failures import CUT_OFF, UNREADABLE, ModelFailed, classify
from backend.engines.baml.model import BamlModel
from backend.engines.baml.type_descriptions import step_shapes
from backend.engines.baml_client.async_client import b
from backend.engines.contract import Thread
from backend.engines.decode_step import decode_step, why_repeated
from backend.engines.model_answer import UnreadableAnswer
from backend.engines.prompt_text import render_thread, render_tools
from backend.thread_pools import ThreadPool

_threads = ThreadPool("prompt")  # for long threads and long answers


class BamlEngine:
    """An Engine over the configured model. It saves no state in a run, since the log is all it needs. Whoever opened the model
    closes it."""

    id = EngineId("baml", 1)

    def __init__(self, model: BamlModel) -> None:
        self._model = model

    async def next_step(self, thread: Thread, tools: Sequence[ToolSpec]) -> tuple[Decision, Usage]:
        """Decide what to do next."""
        lines, listed, shapes = await _threads.run(render_thread, thread), render_tools(tools), step_shapes()

        def decode(text: str) -> Decision:
            step = decode_step(text)
            if reason := why_repeated(step, thread):
                raise UnreadableAnswer(reason)
            return step

        return await self._model.decide(lambda why, options: b.NextStep(lines, listed, shapes, why, options), decode)

    async def reply(self, thread: Thread) -> AsyncGenerator[str | Usage, None]:
        """Stream the final reply. Retries only while nothing has been yielded."""
        lines = await _threads.run(render_thread, thread)
        deadline = asyncio.get_running_loop().time() + self._model.bounds.stream
        for attempt in range(1, self._model.bounds.attempts + 1):
            said = False
            try:
                async for piece in self._model.stream(lines, deadline):
                    said = True
                    yield piece
                return
            except (BamlError, TimeoutError, ModelFailed) as error:
                failure = classify(error)
                await self._model.wait_or_give_up(CUT_OFF if said and failure is UNREADABLE else failure, attempt, final=said)
