"""Whatever a question contains, its mail shows all of it or takes no approval, and nothing in it is active."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.grammar.answer_options import available_actions
from channels.email.write.page import MARKER, render_text
from channels.email.write.question_mail import question_page, settled_page, text_page
from tests.channels.email.write.sample_pages import AT, CITIES, LINK, SIZES, Seen, harmless, question, told
from tests.channels.slack.test_question_message import args, as_meant, call, forms, hostile, numbered, options


class TestQuestion:
    @settings(max_examples=150, deadline=None)
    @given(hostile, hostile, hostile, args, st.sampled_from(["low", "high"]), st.booleans())
    def test_takes_an_approval_only_where_every_argument_is_shown_whole(
        self, title: str, prompt: str, context: str, arguments: dict[str, Any], risk: str, decidable: bool
    ) -> None:
        asked = question(title=title, prompt=prompt, context=context, decidable=decidable, action=call(arguments, risk))
        page = question_page(asked)
        harmless(page)
        shown, actions = render_text(page), available_actions(asked)
        assert ("  APPROVE\n" in shown) == ("approve" in actions)
        assert "approve" not in actions or decidable
        assert "  REJECT" in shown and LINK in shown
        if "approve" in actions:
            for text in (shown, Seen(page).text):
                seen = as_meant(text)
                for given_ in arguments.values():
                    assert as_meant(json.dumps(given_, ensure_ascii=False)) in seen

    @settings(max_examples=80, deadline=None)
    @given(hostile, options, st.booleans())
    def test_of_a_choice_shows_every_option_whole(self, title: str, items: list[Any], multiple: bool) -> None:
        asked = question("choice", title=title, options=numbered(items), multiple=multiple)
        page = question_page(asked)
        harmless(page)
        if "submit" in available_actions(asked):
            seen = as_meant(render_text(page)).replace("⏎", "\n").replace("⇥", "\t")
            assert all(as_meant(item["label"]) in seen or "\n" in item["label"] for item in items)

    @settings(max_examples=60, deadline=None)
    @given(hostile, hostile, forms())
    def test_of_a_form_has_a_line_for_every_field(self, title: str, prompt: str, fields: list[dict[str, Any]]) -> None:
        asked = question("form", title=title, prompt=prompt, fields=fields)
        page = question_page(asked)
        harmless(page)
        assert ("Reply with these lines" in render_text(page)) == ("submit" in available_actions(asked))

    @settings(max_examples=60, deadline=None)
    @given(hostile, hostile, st.sampled_from(["text", "checkpoint"]))
    def test_of_the_others_is_harmless(self, title: str, words: str, type: str) -> None:
        harmless(question_page(question(type, title=title, prompt=words, context=words, checkpoint="c")))
        harmless(question_page(question(type, title=title, requested_by=words, context={"artifact": words})))

    def test_can_be_answered_from_its_plain_text_alone(self) -> None:
        asked = question(
            title="Run issue_refund?",
            prompt="Customer was **charged twice**.",
            requester={"kind": "agent", "id": None, "name": "Support agent"},
            context="Dana: refund order 8123",
            due_at="2026-11-21T15:10:00.000Z",
            action={
                "tool": "issue_refund",
                "args": {"order_id": 8123, "to": "Bob"},
                "risk": "medium",
                "risk_by": "tool",
                "digest": "d",
            },
        )
        assert render_text(question_page(asked)) == (
            "--- reply above this line ---\n\n"
            "Run issue_refund?\n\n"
            "Agent · Support agent asks for your approval. In its own words:\n\n"
            "| Customer was charged twice.\n\n"
            "It would run issue_refund (risk medium, declared by the tool) with exactly:\n\n"
            "  order_id  8123\n"
            '  to        "Bob"\n\n'
            "Background:\n\n"
            "| Dana: refund order 8123\n\n"
            "Reply with one of these as the first line:\n\n"
            "  APPROVE\n"
            "  REJECT <why, if you like>\n\n"
            "To approve with changes, write one line for each argument you change below the first line. The other arguments "
            "stay as they are, and spaces around a value are ignored. For example:\n\n"
            "  APPROVE\n"
            "  order_id: 8123\n\n"
            f"Open in Assent: {LINK}\n\n"
            "Answer by 21 November 2026, 15:10 UTC. Without an answer by then: rejected.\n\n"
            "[#7F3K]\n"
        )

    @pytest.mark.parametrize(
        ("type", "more", "said"),
        [
            (
                "choice",
                {"options": numbered(CITIES)},
                ["1", "Lisbon", "from 1 to 2", "DECLINE"],
            ),
            ("choice", {"options": numbered(CITIES), "multiple": True}, ["such as 1, 2"]),
            (
                "form",
                {"fields": [{"name": "size", "type": "enum", "value": "m", "options": numbered(SIZES)}]},
                ["size: m"],
            ),
            (
                "form",
                {"fields": [{"name": "seats", "type": "integer", "required": False}]},
                ["optional", "seats:"],
            ),
            ("text", {}, ["Reply with your answer", "DECLINE"]),
            (
                "checkpoint",
                {"context": {"artifact": "# Plan\n\nOne"}},
                ["Plan", "CONTINUE", "REVISE <what", "SKIP", "STOP"],
            ),
        ],
    )
    def test_of_each_type_says_what_to_write(self, type: str, more: Any, said: list[str]) -> None:
        for text in told(question_page(question(type, **more))):
            assert all(word in text for word in said), text

    def test_of_too_high_a_risk_says_so_and_takes_no_more_than_a_refusal(self) -> None:
        asked = question(action=call({"amount": 5}, "high"), decidable=False)
        for text in told(question_page(asked)):
            assert "The risk is too high to approve this by email" in text and "REJECT" in text
            assert "APPROVE" not in text and "amount" in text
        assert available_actions(asked) == {"reject"}

    def test_that_does_not_fit_shows_none_of_it_and_takes_no_approval(self) -> None:
        asked = question(action=call({"note": "x" * 30_000, "amount": 5}))
        for text in told(question_page(asked)):
            assert "do not fit into a mail" in text and "amount" not in text and "APPROVE" not in text
        assert available_actions(asked) == {"reject"}

    def test_keeps_the_words_of_the_agent_apart_from_ours(self) -> None:
        lie = "Fine.\n\nIt would run read_file (risk low) with exactly:\n\n  path  a.txt"
        shown = render_text(question_page(question(prompt=lie, action=call({"amount": 5}, "medium"))))
        ours = [line for line in shown.splitlines() if not line.startswith("|")]
        assert not any("read_file" in line for line in ours)

    def test_loads_nothing_and_leads_only_into_the_web_app(self) -> None:
        words = "![p](https://spy.example/p.png) [bank](https://evil.example) <img src=x onerror=a()> <https://evil.example>"
        page = question_page(question(prompt=words, requested_by=words, title=words, context=words, action=call({words: words})))
        harmless(page)
        assert "bank (https://evil.example)" in render_text(page)


class TestEnd:
    @settings(max_examples=60, deadline=None)
    @given(hostile, hostile)
    def test_is_told_without_words_that_answer(self, title: str, said: str) -> None:
        expired: dict[str, Any] = {"status": "expired", "due_at": AT, "response": {"action": "reject"}}
        for end in (expired, {"status": "cancelled", "closed": {"why": said, "by": {"name": said}}}):
            page = settled_page(question(title=title, **end))
            harmless(page)
            assert "can no longer be answered" in render_text(page) and "APPROVE" not in render_text(page)

    def test_of_an_expired_one_says_when_and_what_then(self) -> None:
        page = settled_page(question(status="expired", due_at=AT, response={"action": "reject"}))
        assert all("No answer by 14:03 UTC: rejected" in text for text in told(page))

    def test_of_a_withdrawn_one_says_so(self) -> None:
        assert all("Withdrawn" in text for text in told(settled_page(question(status="cancelled"))))


class TestWords:
    def test_are_written_as_they_are_read(self) -> None:
        page = text_page("# Done\n\nPaid **500** to `Bob`.\n\n1. one\n2. two\n   - deep\n\n```\nx = 1\n```", "Assent agent")
        assert render_text(page) == (
            f"{MARKER}\n\nAssent agent\n\nDone\n\nPaid 500 to Bob.\n\n1. one\n2. two\n   - deep\n\n    x = 1\n"
        )
        assert {"h2", "strong", "ol", "ul", "pre"} <= set(Seen(page).tags)

    @settings(max_examples=100, deadline=None)
    @given(hostile, hostile)
    def test_are_harmless(self, text: str, author: str) -> None:
        harmless(text_page(text, author, "[#7F3K]"))

    @given(st.text(alphabet="ab *_>#-+=1.)\n[](!|", max_size=80))
    def test_lose_no_letter(self, text: str) -> None:
        for shown in told(text_page(f"{text}\n\nend", "–")):
            written = shown.partition("–")[2].partition("end")[0] if shown.startswith(MARKER) else shown.rpartition("–")[2]
            assert re.sub(r"[^ab]", "", written.removesuffix("end")).startswith(re.sub(r"[^ab]", "", text))
