import asyncio
import threading
from pathlib import Path
from typing import Any, Literal

import pytest

from backend.tools.contract import RESULT_LIMIT, Tool, ToolContext, ToolError, ToolInputError, ToolUnfinished
from tests.support.waiting import TIMEOUT_S


def greet(name: str, times: int = 1, loud: bool = False, mood: Literal["glad", "sad"] = "glad") -> str:
    """Greet somebody."""
    return f"{name} {times} {loud} {mood}"


def where(context: ToolContext, suffix: str) -> str:
    """Say where."""
    return f"{context.execution_id}{suffix}"


async def later(seconds: float) -> str:
    """Wait."""
    await asyncio.sleep(seconds)
    return "done"


def give(kind: str) -> Any:
    """Give something awkward."""
    match kind:
        case "large":
            return {"rows": ["x" * 100] * 1000}
        case "huge":
            return "y" * 100_000_000
        case "unjsonable":
            return {"path": Path("a/b"), "set": {1}}
        case "crash":
            raise KeyError("secret detail")
        case "slow":
            raise TimeoutError("the provider was slow")
        case _:
            raise ToolError("It said no.")


def tool(function: Any, **options: Any) -> Tool:
    return Tool(function, risk="low", approval="never", **options)


@pytest.fixture
def context(tmp_path: Path) -> ToolContext:
    return ToolContext("x1", tmp_path)


class TestATool:
    def test_describes_itself_from_its_signature(self) -> None:
        spec = Tool(greet, risk="medium", approval="times > 3", idempotent=True).spec
        assert (spec.name, spec.description, spec.risk, spec.idempotent, spec.approval) == (
            "greet",
            "Greet somebody.",
            "medium",
            True,
            "times > 3",
        )
        assert spec.parameters["required"] == ["name"]
        assert spec.parameters["additionalProperties"] is False
        assert spec.parameters["properties"]["mood"]["enum"] == ["glad", "sad"]

    def test_keeps_its_context_out_of_the_schema(self) -> None:
        assert list(tool(where).spec.parameters["properties"]) == ["suffix"]

    async def test_gets_its_context_and_its_arguments_in_any_order(self, context: ToolContext) -> None:
        assert await tool(where).run(context, {"suffix": "!"}) == "x1!"
        assert await tool(greet).run(context, {"times": 2, "name": "Bo"}) == "Bo 2 False glad"


class TestArguments:
    def test_become_canonical_with_their_defaults(self) -> None:
        assert tool(greet).validate({"name": "Bo"}) == {"name": "Bo", "times": 1, "loud": False, "mood": "glad"}
        assert tool(later).validate({"seconds": 2.0}) == {"seconds": 2}
        assert isinstance(tool(later).validate({"seconds": 2.0})["seconds"], int)

    @pytest.mark.parametrize(
        ("args", "fields"),
        [
            ({}, ["name"]),
            ({"name": 5}, ["name"]),
            ({"name": "Bo", "times": "2"}, ["times"]),
            ({"name": "Bo", "loud": "yes", "mood": "angry"}, ["loud", "mood"]),
            ({"name": "Bo", "extra": 1}, ["extra"]),
            ([], [""]),
            (None, [""]),
            ("name", [""]),
        ],
    )
    def test_that_do_not_fit_are_refused_field_by_field(self, args: Any, fields: list[str]) -> None:
        with pytest.raises(ToolInputError) as refused:
            tool(greet).validate(args)
        assert [name for name, _ in refused.value.errors] == fields
        assert all(message for _, message in refused.value.errors)

    @pytest.mark.parametrize("value", [9007199254740993, -(2**53) - 1, 10**30 + 1])
    def test_are_never_rounded(self, value: int) -> None:
        with pytest.raises(ToolInputError, match=f"{value} has more digits than the tool accepts"):
            tool(later).validate({"seconds": value})

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_are_finite(self, value: float) -> None:
        with pytest.raises(ToolInputError):
            tool(later).validate({"seconds": value})


class TestRunning:
    async def test_ends_when_it_takes_too_long_and_says_that_the_outcome_is_open(self, context: ToolContext) -> None:
        with pytest.raises(ToolUnfinished, match=r"later did not finish within 0\.01 seconds"):
            await tool(later, seconds=0.01).run(context, {"seconds": 60})

    async def test_of_a_function_that_blocks_ends_as_well(self, context: ToolContext) -> None:
        go = threading.Event()

        def block() -> None:
            """Block."""
            go.wait(TIMEOUT_S)

        with pytest.raises(ToolUnfinished):
            await tool(block, seconds=0.01).run(context, {})
        go.set()

    async def test_stops_with_its_caller(self, context: ToolContext) -> None:
        task = asyncio.create_task(tool(later).run(context, {"seconds": 60}))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    @pytest.mark.parametrize(
        ("kind", "said"),
        [("crash", "give failed: KeyError."), ("slow", "give failed: TimeoutError."), ("no", "It said no.")],
    )
    async def test_that_fails_gives_a_sentence_and_no_detail(self, context: ToolContext, kind: str, said: str) -> None:
        with pytest.raises(ToolError) as failed:
            await tool(give).run(context, {"kind": kind})
        assert str(failed.value) == said
        assert not isinstance(failed.value, ToolUnfinished)

    @pytest.mark.parametrize("kind", ["large", "huge"])
    async def test_gives_a_bounded_result_that_says_so(self, context: ToolContext, kind: str) -> None:
        given = await tool(give).run(context, {"kind": kind})
        assert given.endswith("characters left out ...]")
        assert RESULT_LIMIT < len(given) < RESULT_LIMIT + 100

    async def test_gives_json_whatever_the_tool_returned(self, context: ToolContext) -> None:
        assert await tool(give).run(context, {"kind": "unjsonable"}) == {"path": "a/b", "set": "{1}"}
