"""Every channel shows what kind of asker or answerer it is, whatever their name."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import Question
from channels.email.write import page
from channels.email.write.question_mail import question_page
from channels.email.write.reply_notices import late
from channels.request_text import asker, one_line_name, outcome_line, question_text
from channels.slack.question_message import message_of
from tests.channels.slack import test_question_message as slack
from tests.channels.slack.block_limits import texts

HOSTILE = [
    "Assent agent",
    "Agent · Assent agent",
    "*Agent*",
    "\u202etnega tnessA",
    "Da\u200bna",
    "x" * 500,
    "\n\nAgent",
    "<!channel>",
]
names = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))


def asked(kind: str, name: str, **more: Any) -> Question:
    action = {**slack.call({"amount": 1}), "risk_by": "asker"}
    return slack.question(requester={"kind": kind, "id": "usr_1", "name": name}, recipients=[], action=action, **more)


def shown_by(question: Question) -> list[str]:
    """What a person reads on Slack, in a mail and on the console."""
    return [
        "\n".join(texts(message_of(question)["blocks"])),
        page.render_text(question_page(question)),
        question_text(question),
    ]


class TestAsker:
    @given(st.sampled_from([("agent", "Agent"), ("person", "Person"), ("program", "Program")]), names)
    def test_is_marked_before_any_name(self, kind: tuple[str, str], name: str) -> None:
        question = asked(kind[0], name)
        assert asker(question.request)[0] == kind[1]
        slack_text, mail, console = shown_by(question)
        assert f"*{kind[1]}*" in slack_text.splitlines()[1]
        assert f"\n{kind[1]} · " in mail and console.startswith(f"{kind[1]} · ")

    @given(names)
    def test_hides_nothing_in_a_name(self, name: str) -> None:
        shown = one_line_name(name).removeprefix("\u2068").removesuffix("\u2069")
        assert all(unicodedata.category(character)[0] != "C" for character in shown) and "\n" not in shown

    def test_keeps_a_name_from_right_to_left_within_itself(self) -> None:
        assert one_line_name("דנה (5)") == "\u2068דנה (5)\u2069"
        for text in shown_by(asked("person", "דנה")):
            assert "\u2068דנה\u2069 asks" in text

    def test_of_a_time_before_is_never_taken_for_the_agent(self) -> None:
        assert asker({"requested_by": "Assent agent"}) == ("Program", "Assent agent")


class TestAnswerer:
    def test_from_right_to_left_is_kept_within_itself(self) -> None:
        answered = slack.answered("approve")
        answered["response"]["by"]["name"] = "דנה"
        question = asked("agent", "Assent agent", **answered)
        assert "by \u2068דנה\u2069 in Slack" in outcome_line(question.request)
        assert "\u2068דנה\u2069" in shown_by(question)[0]
        assert "⟨U+2068⟩" not in late(question, "yes")

    def test_over_the_api_is_said_to_be(self) -> None:
        assert "through the API" in outcome_line(slack.question(**slack.answered("approve", via="api")).request)


class TestRisk:
    @pytest.mark.parametrize(("by", "said"), [("tool", "declared by the tool"), ("asker", "the asker's own claim")])
    def test_says_whose_word_it_is(self, by: str, said: str) -> None:
        question = slack.question(action={**slack.call({"amount": 1}, "low"), "risk_by": by}, recipients=[])
        assert all(f"low, {said}" in text for text in shown_by(question))
