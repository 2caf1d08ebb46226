"""A reply as blocks: complete, within Slack's limits, and a stream only grows."""

from itertools import pairwise

import pytest

from channels.contract import TextMessage
from channels.sanitize import utf16_length
from channels.slack.reply_message import SHORTENED, message_of_reply, split, stream_text

TEXT = "Some **bold** words & [a link](https://x.example) <!here>.\n"


def parts(text: str) -> list[str]:
    return [block["text"]["text"] for block in message_of_reply(TextMessage(text, id="dlv_1"))["blocks"]]


class TestReply:
    @pytest.mark.parametrize("text", [TEXT * 60, "word " * 1500, "&" * 2000, "\n".join(["x" * 2990] * 3)])
    def test_is_whole_in_blocks_that_slack_takes(self, text: str) -> None:
        assert "".join(split(text)) == text
        assert len(parts(text)) > 1 and max(map(utf16_length, parts(text))) <= 3000 and SHORTENED not in parts(text)

    def test_keeps_code_code_where_it_is_cut(self) -> None:
        found = split("Look:\n```\n" + "print(1 < 2)\n" * 400 + "```\nDone.")
        assert len(found) > 1 and all(part.count("```") % 2 == 0 for part in found)
        assert "".join(found).count("print(1 < 2)") == 400

    def test_that_is_too_long_for_one_message_says_so(self) -> None:
        found = parts(TEXT * 400)
        assert found[-1] == SHORTENED and sum(map(utf16_length, found)) < 13_000

    def test_that_is_empty_is_a_message_all_the_same(self) -> None:
        assert parts("") == ["–"]

    def test_calls_nobody(self) -> None:
        message = message_of_reply(TextMessage(TEXT, id="dlv_1"))
        assert "<" not in str(message["blocks"]) and len(message["text"]) <= 4000
        assert message["metadata"]["event_payload"] == {"request_id": "dlv_1"}


class TestGrowing:
    def test_only_grows(self) -> None:
        text = TEXT + "\u202e \u200d 👩\u200d🔬    x   [a](b)"
        shown = [stream_text(text[:n]) for n in range(len(text) + 1)]
        assert all(later.startswith(earlier) for earlier, later in pairwise(shown))
