"""The engine against the real demo model: BAML, HTTP and all."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from backend.domain.steps import Usage
from backend.engines.baml import BamlEngine, RetryLimits
from backend.engines.baml.model import BamlModel
from backend.engines.contract import EngineError, Thread
from backend.engines.demo.program import decide, write_reply
from backend.engines.model_providers import ModelSettings
from backend.tools.registry import registry
from tests.support.thread_builders import HOSTILE, call, question, result, thread, user
from tests.support.thread_builders import answer as answered

PAY = (user("pay 1,200.50 to Zoë 🎉"), call("make_payment", amount=1200.5, to="Zoë 🎉"))
TOOLS = registry.specs()


@pytest.fixture
async def engine() -> AsyncIterator[BamlEngine]:
    model = BamlModel(ModelSettings(), RetryLimits(backoff=0.01))
    yield BamlEngine(model)
    await model.close()


async def spoken(engine: BamlEngine, whole: Thread) -> tuple[list[str], Usage]:
    *pieces, usage = [piece async for piece in engine.reply(whole)]
    assert isinstance(usage, Usage)
    return [piece for piece in pieces if isinstance(piece, str)], usage


class TestNextStep:
    @pytest.mark.parametrize(
        "message",
        [
            *("hello", "pay 500 to Bob", "pay 1,200.50 to Zoë 🎉", "calc 6*7", 'search a "quoted" {thing}', "google x"),
            *("ask what?", "choose tea, coffee", "form name, n:integer, size:enum(S|L), when?:date", "plan a launch"),
        ],
    )
    async def test_arrives_as_the_demo_model_meant_it(self, engine: BamlEngine, message: str) -> None:
        whole = thread(user(message))
        step, usage = await engine.next_step(whole, TOOLS)
        assert step == decide(whole)
        assert usage.input_tokens > 0
        assert usage.output_tokens > 0

    async def test_knows_settings_and_where_the_run_began(self, engine: BamlEngine) -> None:
        whole = thread(user("pay 5 to Bob"), user("a launch"), start=1, checkpoints=["before_finalization"])
        step, _ = await engine.next_step(whole, TOOLS)
        assert step == decide(whole)
        assert getattr(step, "checkpoint", None) == "before_finalization"

    @pytest.mark.parametrize("text", HOSTILE)
    async def test_is_not_moved_by_text_that_poses_as_more(self, engine: BamlEngine, text: str) -> None:
        attacked = (
            thread(user(text)),
            thread(*PAY, result("rejected", text)),
            thread(user("ask why?"), question("text", text), answered("text", action="submit", feedback=text)),
        )
        for whole in attacked:
            step, _ = await engine.next_step(whole, TOOLS)
            assert step.kind == "reply"

    async def test_of_many_at_once_each_gets_its_own(self, engine: BamlEngine) -> None:
        threads = [thread(user(f"pay {amount} to Bob")) for amount in range(1, 31)]
        steps = await asyncio.gather(*(engine.next_step(whole, TOOLS) for whole in threads))
        assert [step for step, _ in steps] == [decide(whole) for whole in threads]


class TestReply:
    @pytest.mark.parametrize(
        "whole",
        [
            thread(user("hello")),
            thread(*PAY, result("succeeded", {"execution_id": "x", "amount": 1200.5, "to": "Zoë 🎉"})),
            thread(*PAY, result("rejected", "Too much.")),
            thread(user("stream 30")),
        ],
    )
    async def test_arrives_in_pieces_that_make_up_the_whole(self, engine: BamlEngine, whole: Thread) -> None:
        pieces, usage = await spoken(engine, whole)
        assert "".join(pieces) == write_reply(whole).text
        assert all(pieces)
        assert usage.total > 0

    async def test_comes_while_it_is_being_written(self, engine: BamlEngine) -> None:
        pieces, _ = await spoken(engine, thread(user("stream 30")))
        assert len(pieces) > 3

    async def test_stops_with_its_caller(self, engine: BamlEngine) -> None:
        started = asyncio.Event()

        async def listen() -> None:
            async for _ in engine.reply(thread(user("stream 9000"))):
                started.set()

        task = asyncio.create_task(listen())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)
        assert (await engine.next_step(thread(user("hello")), TOOLS))[0].kind == "reply"

    async def test_may_be_left_early(self, engine: BamlEngine) -> None:
        words = engine.reply(thread(user("stream 9000")))
        first = await anext(words)
        await words.aclose()
        assert isinstance(first, str)


class TestABrokenProvider:
    async def test_is_reported_in_a_sentence_after_three_tries(self, engine: BamlEngine) -> None:
        with pytest.raises(EngineError, match=r"^The model answered 500 three times \(demo\)\.$"):
            await engine.next_step(thread(user("fail")), TOOLS)
        with pytest.raises(EngineError, match="500 three times"):
            await spoken(engine, thread(user("fail")))


class TestLoadingTheEngine:
    def test_silences_baml_and_cuts_its_line_home(self) -> None:
        code = "import os; import backend.engines.baml; print(os.environ['BAML_LOG'], 'BOUNDARY_API_KEY' in os.environ)"
        environment = {**os.environ, "BAML_LOG": "debug", "BOUNDARY_API_KEY": "sk-secret"}
        shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert shown.stdout.split() == ["off", "False"]

    def test_reaches_the_demo_model_where_the_environment_names_a_proxy(self) -> None:
        code = (
            "import asyncio\n"
            "from backend.engines.baml import BamlEngine, RetryLimits\n"
            "from backend.engines.baml.model import BamlModel\n"
            "from backend.engines.contract import Entry, Thread\n"
            "from backend.engines.model_providers import ModelSettings\n"
            "async def main():\n"
            "    model = BamlModel(ModelSettings(), RetryLimits(attempts=1))\n"
            "    step, _ = await BamlEngine(model).next_step(Thread((Entry('user', {'text': 'calc 1'}),)), [])\n"
            "    print(step.kind)\n"
            "    await model.close()\n"
            "asyncio.run(main())"
        )
        nowhere = "http://127.0.0.1:9"
        environment = {
            **os.environ,
            "HTTP_PROXY": nowhere,
            "http_proxy": nowhere,
            "ALL_PROXY": nowhere,
            "no_proxy": "corp.example",
        }
        shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
        assert shown.stdout == "tool\n", shown.stderr

    def test_is_not_needed_for_the_contract_the_tools_or_the_rendering(self) -> None:
        modules = (
            "contract, prompt_text, model_providers, retry_limits, decode_step, build_thread, demo.program, demo.read_prompt"
        )
        imports = "; ".join(f"import backend.engines.{name.strip()}" for name in modules.split(","))
        code = f"import sys; {imports}; sys.exit('baml_py' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
