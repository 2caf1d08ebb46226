"""`assent serve` with an engine of another name, one that keeps something in its runs: it asks twice, then says how often."""

from collections.abc import AsyncGenerator, Sequence

from backend.bootstrap import processes
from backend.domain.runs import EngineId
from backend.domain.steps import AskText, Reply, Step, ToolSpec, Usage
from backend.engines.contract import Thread
from tests.support.failpoint_server import serve


class Counting:
    """See `backend.engines.contract.Engine`."""

    id = EngineId("counting", 1)

    async def next_step(self, thread: Thread, tools: Sequence[ToolSpec]) -> tuple[Step, Usage]:
        asked = thread.state["asked"] = thread.state.get("asked", 0) + 1
        return (Reply() if asked > 2 else AskText(f"Question {asked}?")), Usage()

    async def reply(self, thread: Thread) -> AsyncGenerator[str | Usage, None]:
        yield f"I asked {thread.state['asked'] - 1} times."
        yield Usage()


if __name__ == "__main__":
    processes.make_engine = lambda model: Counting()  # type: ignore[attr-defined]
    serve()
