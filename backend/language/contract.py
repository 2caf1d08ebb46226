"""The language contract: two questions to a model that no run depends on."""

from typing import Any, Protocol

from backend.domain.answers import Reading
from backend.domain.steps import Usage
from backend.engines.contract import Thread


class Language(Protocol):
    """Every method may raise EngineError and must end within its own bounded retries and time-outs; a cancelled caller
    (asyncio.CancelledError) stops the call to the model at once."""

    async def summarize(self, thread: Thread) -> tuple[str, Usage]:
        """Compress a thread into text that keeps every fact, decision and open promise."""
        ...

    async def read_answer(self, request: dict[str, Any], text: str) -> tuple[Reading, Usage]:
        """Say what `text` seems to answer to a feedback request (contract shape). A reading is never a decision."""
        ...
