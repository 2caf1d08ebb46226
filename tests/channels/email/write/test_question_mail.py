"""Whatever a question is filled with, its mail says all of it or takes no approval, and nothing in it acts."""

import json
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import Question
from channels.email.grammar.answer_options import available_actions
from channels.email.write.envelope import Envelope, build_mail
from channels.email.write.notices import accepted, late, proposed, refused, unclear
from channels.email.write.page import MARKER, Page, render_html, render_text
from channels.email.write.question_mail import question_page, settled_page, subject_of, text_page
from channels.errors import Rejected
from tests.channels.slack.test_question_message import args, as_meant, call, forms, hostile, numbered, options

LINK = "https://assent.example/r/req_1"
AT = "2026-03-31T14:03:00.000Z"
MAX_HTML = 80_000
ALLOWED = {"confirmation": ["approve", "reject", "edit"], "checkpoint": ["continue", "stop", "revise", "skip"]}
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"]
HEADERS += ["MIME-Version", "Content-Type"]
CITIES, SIZES = [{"label": "Lisbon"}, {"label": "Porto"}], [{"label": "M"}]
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td", "th", "h1", "a", "br"),
    *("p", "em", "strong", "s", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "h2", "h3", "h4", "h5", "h6"),
}


def question(type: str = "confirmation", **more: Any) -> Question:
    asked: dict[str, Any] = {key: more.pop(key) for key in ("decidable", "topic") if key in more}
    if isinstance(more.get("context"), str):
        asked["context"] = more.pop("context")
    request = {"id": "req_1", "session_id": "ses_01k7f3k", "type": type, "status": "pending", "version": 1, "title": "Pay?"}
    request |= {"prompt": "", "due_at": None, "requested_by": "Agent", "on_timeout": "reject"}
    return Question({**request, "allowed_actions": ALLOWED.get(type, ["submit", "decline"]), **more}, LINK, **asked)


def answered(asked: Question, action: str, **more: Any) -> Question:
    response = {"action": action, "by": {"id": "usr_1", "name": "Dana"}, "via": "slack", "at": AT, **more}
    return Question({**asked.request, "status": "answered", "response": response}, LINK)


class Seen(HTMLParser):
    """The elements of a page, where it leads, and its text."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.leads: list[str] = []
        self.acts: list[str] = []
        self.text = ""
        self.feed(render_html(page))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.leads += [value or "" for name, value in attrs if name in ("href", "src", "background", "action")]
        self.acts += [name for name, value in attrs if name.startswith("on") or "url(" in (value or "")]

    def handle_data(self, data: str) -> None:
        self.text += data


def told(page: Page) -> list[str]:
    """The page as each reader gets it, which must be the same."""
    return [render_text(page), Seen(page).text]


def harmless(page: Page) -> None:
    seen = Seen(page)
    assert set(seen.tags) <= TAGS, set(seen.tags) - TAGS
    assert set(seen.leads) <= {LINK} and seen.acts == []
    assert seen.tags.count("h1") == 1
    assert len(render_html(page).encode()) < MAX_HTML
    assert render_text(page).splitlines()[0] == MARKER
    for text in told(page):
        # We isolate a name that is written right to left; whatever else turns the text round is somebody else's.
        text = re.sub("\u2068([^\u2066-\u2069]*)\u2069", r"\1", text)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\u3164\x00-\x08\x7f]", text)


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
            "What led to this:\n\n"
            "| Dana: refund order 8123\n\n"
            "Reply with one of these as the first line:\n\n"
            "  APPROVE\n"
            "  REJECT <why, if you like>\n\n"
            "To approve with changes, write a line for each argument to change below the first; all else stays as it is, "
            "and blanks around a value do not count. Such as:\n\n"
            "  APPROVE\n"
            "  order_id: 8123\n\n"
            f"Open in Assent: {LINK}\n\n"
            "Answer by 21 November 2026, 15:10 UTC; without an answer: rejected.\n\n"
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
                ["may be left out", "seats:"],
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
            assert "The risk is too high to approve it by email" in text and "REJECT" in text
            assert "APPROVE" not in text and "amount" in text
        assert available_actions(asked) == {"reject"}

    def test_that_does_not_fit_shows_none_of_it_and_takes_no_approval(self) -> None:
        asked = question(action=call({"note": "x" * 30_000, "amount": 5}))
        for text in told(question_page(asked)):
            assert "too much for a mail" in text and "amount" not in text and "APPROVE" not in text
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
            assert "cannot be answered any more" in render_text(page) and "APPROVE" not in render_text(page)

    def test_of_an_expired_one_says_when_and_what_then(self) -> None:
        page = settled_page(question(status="expired", due_at=AT, response={"action": "reject"}))
        assert all("No answer by 14:03 UTC: rejected" in text for text in told(page))

    def test_of_a_withdrawn_one_says_so(self) -> None:
        assert all("Withdrawn" in text for text in told(settled_page(question(status="cancelled"))))


class TestNotice:
    def text(self, markdown: str) -> str:
        page = text_page(markdown, "Assent")
        harmless(page)
        return render_text(page)

    def test_of_a_late_answer_says_who_decided_where_and_when(self) -> None:
        told_ = self.text(late(answered(question(), "approve"), "APPROVE"))
        assert "Already approved by Dana in Slack at 14:03 UTC. Nothing was changed." in told_

    def test_of_an_answer_that_came_too_late_gives_the_text_back(self) -> None:
        expired = question(status="expired", due_at=AT, response={"action": "reject"})
        told_ = self.text(late(expired, "APPROVE\nand *thanks*"))
        assert "expired at 14:03 UTC; your answer was not used" in told_ and "> APPROVE\n> and *thanks*" in told_
        assert "was withdrawn; your answer was not used" in self.text(late(question(status="cancelled"), "APPROVE"))

    def test_of_what_was_taken_quotes_it(self) -> None:
        asked = question(action=call({"amount": 120, "to": "Bob"}))
        edited = self.text(accepted(answered(asked, "edit", values={"amount": 100, "to": "Bob"})))
        assert "Approved with changes. This was taken as your answer to “Pay?”." in edited
        assert "- amount: 120 → 100" in edited and "Bob" not in edited
        assert "> too dear" in self.text(accepted(answered(asked, "reject", feedback="too dear")))
        chosen = question("choice", options=numbered(CITIES))
        assert "- Porto" in self.text(accepted(answered(chosen, "submit", values={"choice": "v1"})))
        filled = question("form", fields=[{"name": "seats", "type": "integer"}])
        assert "- seats: 3" in self.text(accepted(answered(filled, "submit", values={"seats": 3})))

    def test_of_an_unclear_one_lists_the_words(self) -> None:
        told_ = self.text(unclear(question(action=call({"amount": 5})), "it asks a question"))
        assert "it asks a question" in told_ and "    APPROVE\n" in told_ and LINK in told_ and "Nothing was changed." in told_

    def test_of_errors_lists_each_field(self) -> None:
        errors = (("seats", "must be a whole number"), ("email", "is required"))
        told_ = self.text(
            refused("Some fields need another look.", errors, question("form", fields=[{"name": "a", "type": "text"}]))
        )
        assert "- seats must be a whole number\n- email is required" in told_ and "    a:" in told_

    def test_of_a_reading_asks_for_a_yes(self) -> None:
        told_ = self.text(proposed(question(), "reject", None, "too dear"))
        assert "I read your mail as: rejected" in told_ and "Reply YES" in told_ and "> too dear" in told_

    @settings(max_examples=100, deadline=None)
    @given(hostile, hostile, args)
    def test_of_anything_shows_it_and_obeys_none_of_it(self, title: str, said: str, arguments: dict[str, Any]) -> None:
        asked = question(title=title, action=call(arguments))
        fields = question("form", title=title, fields=[{"name": said, "type": "text", "value": said}])
        for text in (
            accepted(answered(asked, "edit", values={said: said}, feedback=said)),
            accepted(answered(fields, "submit", values={said: said})),
            late(question(title=title, status="expired", due_at=AT, response={"action": "reject"}), said),
            unclear(fields, said),
            refused(said, ((said, said),), asked),
            proposed(asked, "edit", {said: said}, said),
        ):
            page = text_page(text, said)
            harmless(page)
            assert not {"h2", "em", "s", "ol", "hr"} & set(Seen(page).tags)


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


def sent(subject: str = "Pay?", to: str = "dana@example.org", **more: Any) -> EmailMessage:
    page = text_page("Hello", "Assent")
    raw = build_mail(Envelope("agent@example.org", to, subject, f"<{'x' * 90}@assent.example>", **more), page)
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


class TestEnvelope:
    @settings(max_examples=100, deadline=None)
    @given(hostile)
    def test_has_the_headers_we_wrote_and_no_other(self, topic: str) -> None:
        mail = sent(subject_of(topic + "\r\nBcc: eve@evil.example", "ses_01k7f3k"))
        assert sorted(mail.keys()) == sorted(HEADERS)
        assert mail["Subject"].startswith("[Action needed]") and mail["Subject"].endswith("[#7F3K]")

    def test_keeps_long_ids_as_they_are(self) -> None:
        references = tuple(f"<{n:090}@assent.example>" for n in range(40))
        mail = sent(references=references, in_reply_to=references[-1])
        assert mail["Message-ID"] == f"<{'x' * 90}@assent.example>"
        assert mail["In-Reply-To"] == references[-1]
        assert mail["References"].split() == [references[0], *references[-11:]]

    def test_says_that_a_machine_wrote_it(self) -> None:
        mail = sent(reply_to="agent+req_1.k@example.org")
        assert mail["Auto-Submitted"] == "auto-generated" and mail["X-Auto-Response-Suppress"] == "All"
        assert mail["From"] == "Assent <agent@example.org>" and mail["Reply-To"] == "Assent <agent+req_1.k@example.org>"

    def test_has_the_plain_text_first(self) -> None:
        assert [part.get_content_type() for part in sent().iter_parts()] == ["text/plain", "text/html"]

    def test_reaches_a_domain_in_any_letters(self) -> None:
        assert sent(to="dana@exämple.org")["To"] == "dana@xn--exmple-cua.org"

    @pytest.mark.parametrize("address", ["dänä@example.org", "dana@" + "a" * 70 + ".org", "a b@x..y", "", "dana\r\nBcc: e@x.org"])
    def test_refuses_an_address_it_cannot_write_to(self, address: str) -> None:
        with pytest.raises(Rejected):
            sent(to=address)
