"""Language over the configured model, through BAML."""

from typing import Any

from backend.domain.answers import Reading
from backend.domain.steps import Usage
from backend.engines.baml.model import BamlModel
from backend.engines.baml.type_descriptions import answer_shape
from backend.engines.baml_client.async_client import b
from backend.engines.contract import Thread
from backend.engines.model_answer import UnreadableAnswer
from backend.engines.prompt_text import clip, render_thread, to_json
from backend.language.decode_reading import decode_reading
from backend.thread_pools import ThreadPool

SUMMARY_LENGTH = 20_000

_threads = ThreadPool("language")  # for long threads and long requests


class BamlLanguage:
    """See `backend.language.contract.Language`. The model is closed by whoever opened it."""

    def __init__(self, model: BamlModel) -> None:
        self._model = model

    async def summarize(self, thread: Thread) -> tuple[str, Usage]:
        """Compress a thread into text."""
        lines = await _threads.run(render_thread, thread)
        return await self._model.decide(lambda _, options: b.Summarize(lines, options), _nonempty)

    async def read_answer(self, request: dict[str, Any], text: str) -> tuple[Reading, Usage]:
        """Say what `text` seems to answer. An action the request does not allow comes back as unclear."""
        asked, message, shape = await _threads.run(to_json, request), to_json(clip(text)), answer_shape()
        allowed = request.get("allowed_actions") or []

        def decode(answer: str) -> Reading:
            reading = decode_reading(answer)
            return reading if reading.action in allowed else Reading("unclear", {}, reading.feedback, certain=False)

        return await self._model.decide(lambda why, options: b.ReadAnswer(asked, message, shape, why, options), decode)


def _nonempty(text: str) -> str:
    if not text.strip():
        raise UnreadableAnswer("the answer was empty")
    return clip(text.strip(), SUMMARY_LENGTH)
