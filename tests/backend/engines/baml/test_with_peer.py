"""The engine against an OpenAI-compatible server nobody here wrote, well and unwell."""

import json
import socket
from typing import Any

import pytest

from backend.domain.steps import AskForm, AskText, CallTool, Field, Reply, Usage
from backend.engines.baml import BamlEngine, RetryLimits
from backend.engines.baml.model import BamlModel
from backend.engines.contract import EngineError, Thread
from backend.engines.model_providers import ModelSettings
from backend.settings.schema import Provider
from backend.tools.registry import registry
from tests.support.aimock import Aimock
from tests.support.thread_builders import HOSTILE, call, result, thread, user
from tests.support.wrapped_answers import READ, REFUSED, Refused

BOUNDS = RetryLimits(connect=2, read=10, first_token=10, idle=10, total=20, stream=20, backoff=0.01)
TOOLS = registry.specs()
HELLO = thread(user("hello"))
PLAIN = json.dumps({"kind": "text", "title": "Who?", "prompt": ""})
SECRET = "sk-secret"


def engine_at(url: str, bounds: RetryLimits = BOUNDS) -> BamlEngine:
    return BamlEngine(BamlModel(ModelSettings("openai-generic", f"{url}/v1", "some-model", SECRET), bounds))


@pytest.fixture
def engine(aimock: Aimock) -> BamlEngine:
    return engine_at(aimock.url)


async def text_of(engine: BamlEngine, whole: Thread = HELLO) -> str:
    return "".join([piece async for piece in engine.reply(whole) if isinstance(piece, str)])


async def failure_of(engine: BamlEngine, whole: Thread = HELLO, *, reply: bool = False) -> str:
    with pytest.raises(EngineError) as failed:
        await (text_of(engine, whole) if reply else engine.next_step(whole, TOOLS))
    assert SECRET not in str(failed.value)
    return str(failed.value)


class TestAnswersThatAreRight:
    @pytest.mark.parametrize(
        ("written", "step"),
        [
            *((case.written, case.step) for case in READ),
            ('{"kind": "reply"}', Reply()),
            (PLAIN, AskText("Who?")),
            (f"```json\n{PLAIN}\n```", AskText("Who?")),
            (f"Here is my step:\n\n{PLAIN}\n\nI hope it helps!", AskText("Who?", "Here is my step:\nI hope it helps!")),
            ("{kind: 'text', title: 'Who?', prompt: '',}", AskText("Who?")),
            (
                '{"kind": "tool", "tool": "x", "args": {"a": [1, {"b": "2"}]}, "reason": "so"}',
                CallTool("x", {"a": [1, {"b": "2"}]}, "so"),
            ),
            ('{"kind": "tool", "tool": "x", "args": "{\\"to\\": \\"123\\"}", "reason": ""}', CallTool("x", {"to": "123"})),
            (
                '{"kind": "form", "title": "?", "prompt": "", "fields": [{"name": "n", "type": "integer", "required": false}]}',
                AskForm("?", (Field("n", "integer", required=False),)),
            ),
        ],
    )
    async def test_become_steps(self, aimock: Aimock, engine: BamlEngine, written: str, step: Any) -> None:
        aimock.says(written)
        assert (await engine.next_step(HELLO, TOOLS))[0] == step

    async def test_that_name_an_unknown_tool_are_left_to_the_caller(self, aimock: Aimock, engine: BamlEngine) -> None:
        aimock.says('{"kind": "tool", "tool": "launch_rocket", "args": {}, "reason": ""}')
        assert (await engine.next_step(HELLO, TOOLS))[0] == CallTool("launch_rocket", {})

    @pytest.mark.parametrize(
        "text", ["Hello **there**.\n", '"quoted"', '{"kind": "reply"}', "```json\n{}\n```", "null", "[" * 3000, "👩‍🚀" * 50]
    )
    async def test_are_streamed_exactly(self, aimock: Aimock, engine: BamlEngine, text: str) -> None:
        aimock.says(text, chunkSize=5)
        assert await text_of(engine) == text

    async def test_carry_the_usage(self, aimock: Aimock, engine: BamlEngine) -> None:
        aimock.says("Hello there, this is a reply.")
        usage = [piece async for piece in engine.reply(HELLO)][-1]
        assert isinstance(usage, Usage)
        assert usage.input_tokens > 0
        assert usage.output_tokens > 0


class TestTheRequest:
    async def test_lists_the_tools_and_keeps_the_thread_in_the_users_message(self, aimock: Aimock, engine: BamlEngine) -> None:
        aimock.says('{"kind": "reply"}')
        await engine.next_step(HELLO, TOOLS)
        system, prompt = (message["content"] for message in aimock.asked()[0]["body"]["messages"])
        assert system.startswith("# Task: next_step\n")
        assert all(f'{{"tool": "{tool.name}"' in system for tool in TOOLS)
        assert all(f'kind: "{kind}"' in system for kind in ("tool", "text", "choice", "form", "checkpoint", "reply"))
        assert '\n{"kind": "user", "text": "hello"}\n' in prompt
        assert "hello" not in system

    @pytest.mark.parametrize("text", HOSTILE)
    async def test_is_one_system_and_one_user_message_whatever_is_said(
        self, aimock: Aimock, engine: BamlEngine, text: str
    ) -> None:
        aimock.says("ok")
        whole = thread(user(text), call(text, a=text), result("failed", text), language=text, checkpoints=[text])
        await text_of(engine, whole)
        messages = aimock.asked()[0]["body"]["messages"]
        assert [message["role"] for message in messages] == ["system", "user"]
        kinds = [json.loads(line)["kind"] for line in messages[1]["content"].splitlines() if line.startswith("{")]
        assert kinds == ["settings", "user", "call", "result"]
        other = BamlEngine(BamlModel(ModelSettings("openai-generic", f"{aimock.url}/v1", "some-model"), BOUNDS))
        await text_of(other)
        assert aimock.asked()[1]["body"]["messages"][0] == messages[0]


class TestEveryProvider:
    @pytest.mark.parametrize(
        ("provider", "base", "path"),
        [
            ("openai", "/v1", "/v1/chat/completions"),
            ("openai-generic", "/v1", "/v1/chat/completions"),
            ("anthropic", "", "/v1/messages"),
            ("ollama", "/v1", "/v1/chat/completions"),
            ("openrouter", "/api/v1", "/api/v1/chat/completions"),
            ("azure", "", "/openai/deployments/some-model/chat/completions"),
        ],
    )
    async def test_decides_and_replies(self, aimock: Aimock, provider: Provider, base: str, path: str) -> None:
        url = f"{aimock.url}{base}"
        settings = (
            ModelSettings(provider, api_key=SECRET, azure_endpoint=url, azure_deployment="some-model")
            if provider == "azure"
            else ModelSettings(provider, url, "some-model", SECRET)
        )
        engine = BamlEngine(BamlModel(settings, BOUNDS))
        aimock.says("Hello there.", to="Now write the message")
        aimock.says(PLAIN)
        assert (await engine.next_step(HELLO, TOOLS))[0] == AskText("Who?")
        assert await text_of(engine) == "Hello there."
        assert [request["path"].partition("?")[0] for request in aimock.asked()] == [path, path]
        sent = aimock.asked()[0]
        assert SECRET not in json.dumps(sent["body"])

    def test_without_its_settings_refuses_to_start_and_names_them(self) -> None:
        with pytest.raises(ValueError, match=r"OPENAI_API_KEY.*\nASSENT_LLM_MODEL"):
            BamlModel(ModelSettings("openai"))


class TestAnswersThatCannotBeUsed:
    @pytest.mark.parametrize(
        "written",
        [
            "I am sorry, but I cannot help with that.",
            '{"kind": "dance"}',
            '{"kind": "text", "title": 5}',
            '{"kind": "tool", "tool": "x", "args": "{broken", "reason": ""}',
            '{"kind": "choice", "title": "?", "options": []}',
            '{"kind": "text", "title": "half \\ud800 of it", "prompt": ""}',
            '{"kind": "tool", "tool": "x", "args": {"a": NaN, "b": 1e999}, "reason": ""}',
            '{"kind": "tool", "tool": "x", "args": "{\\"a\\": Infinity}", "reason": ""}',
            "[" * 5000,
            '{"a":' * 5000,
            '{"kind": "tool", "tool": "x", "reason": "", "args": ' + "[" * 3000,
            '{"kind": "text", "title": "' + "x" * 200_000 + '"}',
            "x" * 2_000_000,
        ],
        ids=lambda written: written[:20],
    )
    async def test_are_asked_for_twice_more_and_then_given_up(self, aimock: Aimock, engine: BamlEngine, written: str) -> None:
        aimock.says(written)
        assert "nothing usable 3 times (openai-generic at http://127.0.0.1" in await failure_of(engine)
        assert len(aimock.asked()) == 3

    @pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
    async def test_are_asked_for_again_with_the_reason(self, aimock: Aimock, engine: BamlEngine, case: Refused) -> None:
        aimock.says(case.written, times=1)
        aimock.says(PLAIN, to="could not be used")
        assert (await engine.next_step(HELLO, TOOLS))[0] == AskText("Who?")
        assert json.dumps(case.why)[1:-1] in aimock.asked()[1]["body"]["messages"][1]["content"]

    async def test_come_back_with_the_reason_and_may_then_be_right(self, aimock: Aimock, engine: BamlEngine) -> None:
        aimock.says('{"kind": "choice", "title": "?", "options": []}', times=1)
        aimock.says(PLAIN, to="could not be used")
        assert (await engine.next_step(HELLO, TOOLS))[0] == AskText("Who?")
        assert "options need values" in aimock.asked()[1]["body"]["messages"][1]["content"]

    async def test_that_repeat_a_rejected_call_are_not_accepted(self, aimock: Aimock, engine: BamlEngine) -> None:
        aimock.says('{"kind": "tool", "tool": "pay", "args": {"amount": 5}, "reason": ""}')
        whole = thread(user("pay"), call("pay", amount=5), result("rejected"))
        assert "rejected already" in await failure_of(engine, whole)

    async def test_count_their_tokens(self, aimock: Aimock, engine: BamlEngine) -> None:
        aimock.says("nonsense", times=1)
        aimock.says(PLAIN, to="could not be used")
        _, usage = await engine.next_step(HELLO, TOOLS)
        aimock.reset()
        aimock.says(PLAIN)
        _, once = await engine.next_step(HELLO, TOOLS)
        assert usage.input_tokens > 1.5 * once.input_tokens

    @pytest.mark.parametrize("reason", ["length", "content_filter"])
    async def test_that_stop_before_their_end_are_no_answers(self, aimock: Aimock, engine: BamlEngine, reason: str) -> None:
        aimock.says(PLAIN, finish=reason)
        said = {"length": "was cut off at the length", "content_filter": "declined to answer"}[reason]
        assert said in await failure_of(engine)
        assert len(aimock.asked()) == 1


class TestAProviderThatFails:
    @pytest.mark.parametrize("status", [429, 500, 502, 503])
    @pytest.mark.parametrize("reply", [False, True])
    async def test_is_tried_three_times(self, aimock: Aimock, engine: BamlEngine, status: int, reply: bool) -> None:
        aimock.fails(status)
        assert f"The model answered {status} three times (openai-generic at {aimock.url}/v1)." == await failure_of(
            engine, reply=reply
        )
        assert len(aimock.asked()) == 3

    @pytest.mark.parametrize("reply", [False, True])
    async def test_may_recover(self, aimock: Aimock, engine: BamlEngine, reply: bool) -> None:
        aimock.fails(500, times=1)
        aimock.fails(429, times=1)
        aimock.says('{"kind": "reply"}')
        assert await text_of(engine) == '{"kind": "reply"}' if reply else (await engine.next_step(HELLO, TOOLS))[0] == Reply()

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            (400, "rejected the request (400)"),
            (401, "refused the key (401)"),
            (403, "refused the key (403)"),
            (404, "was not found (404)"),
        ],
    )
    async def test_in_a_way_that_will_not_change_is_tried_once(
        self, aimock: Aimock, engine: BamlEngine, status: int, said: str
    ) -> None:
        aimock.fails(status)
        message = await failure_of(engine)
        assert said in message
        assert "Check ASSENT_LLM_" in message
        assert len(aimock.asked()) == 1

    async def test_by_not_being_there_is_said_plainly(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        for reply in (False, True):
            message = await failure_of(engine_at(f"http://127.0.0.1:{port}"), reply=reply)
            assert message == f"The model could not be reached three times (openai-generic at http://127.0.0.1:{port}/v1)."

    async def test_by_never_answering_ends_in_time(self, aimock: Aimock) -> None:
        aimock.says("hello", chaos={"latencyMs": 20_000})
        short = RetryLimits(read=0.2, first_token=0.2, idle=0.2, total=60, stream=60, attempts=2, backoff=0.01)
        for reply in (False, True):
            assert "did not answer in time twice" in await failure_of(engine_at(aimock.url, short), reply=reply)

    async def test_is_not_tried_beyond_the_total(self, aimock: Aimock) -> None:
        aimock.says("hello", chaos={"latencyMs": 20_000})
        assert "did not answer in time" in await failure_of(engine_at(aimock.url, RetryLimits(total=0.2)))

    async def test_by_an_answer_that_is_no_completion(self, aimock: Aimock, engine: BamlEngine) -> None:
        aimock.says("hello", chaos={"malformedRate": 1.0})
        for reply in (False, True):
            assert "three times" in await failure_of(engine, reply=reply)


class TestAStreamThatBreaks:
    async def test_after_some_text_is_given_up_at_once(self, aimock: Aimock, engine: BamlEngine) -> None:
        aimock.says("one two three four five six", chunkSize=4, truncateAfterChunks=3, latency=30)
        heard: list[Any] = []

        async def listen() -> None:
            async for piece in engine.reply(HELLO):
                heard.append(piece)  # noqa: PERF401

        with pytest.raises(EngineError, match="broke off in the middle"):
            await listen()
        assert "one two three four five six".startswith("".join(heard))
        assert len(aimock.asked()) == (1 if heard else 3)

    async def test_before_any_text_is_tried_again(self, aimock: Aimock, engine: BamlEngine) -> None:
        aimock.says("never seen", chaos={"disconnectRate": 1.0}, times=1)
        aimock.says("Hello there.")
        assert await text_of(engine) == "Hello there."
        assert len(aimock.asked()) == 2

    async def test_by_falling_silent_is_given_up(self, aimock: Aimock) -> None:
        aimock.says("one two three four", chunkSize=4, latency=500)
        short = RetryLimits(first_token=20, idle=0.1, stream=20, backoff=0.01)
        assert "did not answer in time" in await failure_of(engine_at(aimock.url, short), reply=True)

    async def test_by_never_ending_is_given_up(self, aimock: Aimock) -> None:
        aimock.says("and so on " * 2000, chunkSize=100)
        bounded = RetryLimits(reply_characters=1000, backoff=0.01)
        assert "never ended" in await failure_of(engine_at(aimock.url, bounded), reply=True)

    async def test_by_being_cut_at_its_length_is_no_reply(self, aimock: Aimock, engine: BamlEngine) -> None:
        aimock.says("half a", finish="length")
        assert "cut off at the length" in await failure_of(engine, reply=True)

    async def test_by_saying_nothing_is_tried_again_and_given_up(self, aimock: Aimock, engine: BamlEngine) -> None:
        aimock.says("  \n ")
        assert "empty answer three times" in await failure_of(engine, reply=True)
