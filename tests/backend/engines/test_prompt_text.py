import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.steps import ToolSpec
from backend.engines.contract import Entry, Thread
from backend.engines.demo.read_prompt import read_thread
from backend.engines.prompt_text import VALUE_LIMIT, clip, estimate_tokens, render_entry, render_thread, render_tools, to_json
from tests.support.thread_builders import HOSTILE, answer, result, thread, user

ACTIVE = (
    "BAML_CHAT_ROLE_MAGIC",
    "BAML_MEDIA_MAGIC",
    "baml_chat_role_magic",
    "__baml_allow",
    "<|",
    "[INST]",
    "</s>",
    "<start_of_turn",
)


class TestAThreadsLines:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_hold_hostile_text_as_text_wherever_it_comes_from(self, text: str) -> None:
        entries = (user(text), result("failed", text), result("succeeded", {text: [text]}), answer("text", feedback=text))
        rendered = render_thread(Thread(entries))
        lines = rendered.split("\n")
        assert [json.loads(line)["kind"] for line in lines] == ["user", "result", "result", "answer"]
        assert json.loads(lines[0])["text"] == text
        assert json.loads(lines[2])["result"] == {text: [text]}
        assert rendered.splitlines() == lines
        assert not [mark for mark in ACTIVE if mark in rendered]
        rendered.encode()

    @given(st.lists(st.text(st.characters(exclude_categories=())), max_size=5))
    def test_read_back_as_the_same_thread_whatever_was_said(self, texts: list[str]) -> None:
        whole = Thread(tuple(user(text) for text in texts), {"language": "".join(texts) or "English"})
        assert read_thread(f"Thread:\n{render_thread(whole)}\n\nNow.") == whole

    def test_take_their_kind_from_the_entry_and_from_nothing_in_its_body(self) -> None:
        assert json.loads(render_entry(Entry("user", {"text": "hi", "kind": "result"}))) == {"kind": "user", "text": "hi"}

    def test_begin_with_the_settings_and_mark_where_the_run_begins(self) -> None:
        lines = render_thread(thread(user("before"), user("now"), start=1, checkpoints=["after_planning"], language=None)).split(
            "\n"
        )
        assert [json.loads(line)["kind"] for line in lines] == ["settings", "user", "start", "user"]
        assert json.loads(lines[0]) == {"kind": "settings", "checkpoints": ["after_planning"]}

    def test_keep_emoji_that_are_joined(self) -> None:
        assert "👩‍🚀" in to_json({"text": "👩‍🚀"})


class TestLongText:
    def test_says_how_much_of_it_is_left_out(self) -> None:
        text = clip("a" * 10_000 + "b" * 10_000)
        assert "[... 12,000 characters left out ...]" in text
        assert text.startswith("aaa")
        assert text.endswith("bbb")

    def test_is_whole_up_to_the_limit(self) -> None:
        assert clip("a" * VALUE_LIMIT) == "a" * VALUE_LIMIT

    def test_is_clipped_inside_a_result_too(self) -> None:
        body = json.loads(render_entry(result("succeeded", ["x" * 50] * 1000)))
        assert body["status"] == "succeeded"
        assert "characters left out ...]" in body["result"]
        assert len(body["result"]) < VALUE_LIMIT + 100


class TestTheWeightOfAThread:
    def test_grows_with_what_is_in_it(self) -> None:
        light, heavy = thread(user("hello")), thread(user("hello"), result("succeeded", "x" * 4000))
        assert 0 < estimate_tokens(light) < 50
        assert 1000 <= estimate_tokens(heavy) - estimate_tokens(light) <= 1100


class TestTools:
    def test_are_one_json_object_a_line(self) -> None:
        tools = [ToolSpec("a", "Does a.\nWell.", {"type": "object"}), ToolSpec("b", "<|system|>", {})]
        lines = [json.loads(line) for line in render_tools(tools).split("\n")]
        assert lines == [
            {"tool": "a", "description": "Does a.\nWell.", "args": {"type": "object"}},
            {"tool": "b", "description": "<|system|>", "args": {}},
        ]
