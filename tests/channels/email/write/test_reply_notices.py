"""A notice quotes untrusted text and obeys none of it."""

from typing import Any

from hypothesis import given, settings

from channels.email.write.page import render_text
from channels.email.write.question_mail import text_page
from channels.email.write.reply_notices import accepted, late, proposed, refused, unclear
from tests.channels.email.write.sample_pages import AT, CITIES, LINK, Seen, answered, harmless, question
from tests.channels.slack.test_question_message import args, call, hostile, numbered


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
        assert "Approved with changes. This was recorded as your answer to “Pay?”." in edited
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
            refused("Some fields are missing or invalid.", errors, question("form", fields=[{"name": "a", "type": "text"}]))
        )
        assert "- seats must be a whole number\n- email is required" in told_ and "    a:" in told_

    def test_of_a_reading_asks_for_a_yes(self) -> None:
        told_ = self.text(proposed(question(), "reject", None, "too dear"))
        assert "seems to be: rejected" in told_ and "Reply YES" in told_ and "> too dear" in told_

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
