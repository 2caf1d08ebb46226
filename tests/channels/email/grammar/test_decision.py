"""What a reply decides, and above all what it does not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.grammar.decision import (
    InvalidValues,
    LinkRequest,
    MailDecision,
    ProposalConfirmed,
    UnclearReply,
    link_request_of,
)
from channels.email.grammar.form_values import AMBIGUOUS_NAME
from tests.channels.email.grammar.sample_requests import CHECKPOINT, CHOICE, CHOICES, CONFIRMATION, FORM, TEXT, asked, understand


class TestConfirmation:
    @pytest.mark.parametrize(
        "text",
        [
            "approve",
            "APPROVE",
            "Approve.",
            "approved",
            "I approve",
            "please approve",
            "Approve, thanks",
            "*APPROVE*",
            '"approve"',
            "\n\n  approve  \n",
            "approve\u00a0",
            "\u200bapprove",
            "ＡＰＰＲＯＶＥ",
            "approve\n\nThanks,\nDana",
            "approve\n\nBest regards\nDana Lee\n+1 555 0100",
            "approve\nMit freundlichen Grüßen\nDana Lee\nAbteilung Einkauf",
            "Approve!",
        ],
    )
    def test_is_approved_by_the_exact_word(self, text: str) -> None:
        assert understand(text, CONFIRMATION) == MailDecision("approve")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "ok",
            "sure",
            "yes",
            "go ahead",
            "approve?",
            "approve? not sure",
            "approve if Bob agrees",
            "approve but only 100",
            "not approve",
            "don't approve",
            "approve\nno wait",
            "approve\n\nreject",
            "approve\nThanks,\nbut not before Friday",
            "approve\nThanks\nonly half of it",
            "approve\n- but only under 100",
            "approve, unless it is for Bob",
            "approvе",
            "app\u200brove",
            "\u202eevorppa",
            "approve\u202e",
            "аpprove",
            "approve reject",
            "approve / reject",
            "approve\n\nSee you tomorrow\nDana",
            "> approve",
            "approve the other one",
            "aprove",
            "approved by whom",
            "Hello,\napprove",
            "I do not approve",
            "Re: approve",
            "approve\nWhat is this for?",
            "APPROVE\nREJECT <reason>",
            "approve ... just kidding",
            "approve\n\nBest\nBob said no",
            "disapprove",
            "ap prove",
            "approve\nWarte noch",
            "approve\nNope",
            "approve\nNein",
            "approve\nDenied",
            "approve\nKidding",
            "approve\nBob",
            "approve\nRegards\nnext week",
            "approve\nThanks\nHalf of it",
            "approve\nDana\nHalf of it",
            "approve\n\nDana\n\nNope",
            "approve\n但是先等一下",
            "approve\nThanks\njust half of it",
            "approve\nThanks\nHALF OF IT",
            "approve\nThanks\nMax 50 EUR",
            "approve\n\nMonday",
            "approve\n\nHalf",
        ],
    )
    def test_is_not_approved_by_anything_else(self, text: str) -> None:
        assert isinstance(understand(text, CONFIRMATION), UnclearReply)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("reject", None),
            ("Reject.", None),
            ("REJECT too expensive", "too expensive"),
            ("reject: no budget", "no budget"),
            ("reject - not now", "not now"),
            ("reject\nToo expensive\nand late", "Too expensive\nand late"),
            ("rejected, wrong amount", "wrong amount"),
        ],
    )
    def test_is_rejected_with_or_without_a_reason(self, text: str, reason: str | None) -> None:
        assert understand(text, CONFIRMATION) == MailDecision("reject", feedback=reason)

    @pytest.mark.parametrize(
        "text", ["reject?", "reject if over 100", "reject... no wait, approve", "reject\nactually approve", "reject or approve"]
    )
    def test_is_not_rejected_by_half(self, text: str) -> None:
        assert isinstance(understand(text, CONFIRMATION), UnclearReply)

    def test_is_changed_by_lines_under_the_word(self) -> None:
        edited = understand('APPROVE\namount: 100\nurgent: yes\nrate: 2.5\ntags: ["b"]\n\nThanks,\nDana', CONFIRMATION)
        assert edited == MailDecision("edit", {"amount": 100, "rate": 2.5, "urgent": True, "tags": ["b"]})

    def test_is_changed_only_where_a_line_says_so(self) -> None:
        proposed = {"amount": 500, "user": 725653563933458432, "note": " as is "}
        request = asked("confirmation", action={"tool": "pay", "args": proposed, "risk": "medium"})
        assert understand("APPROVE\namount: 501", request) == MailDecision("edit", {"amount": 501})

    def test_is_of_the_kind_the_tool_declares(self) -> None:
        schema = {"properties": {"amount": {"type": "number"}}}
        request = asked("confirmation", action={"tool": "pay", "args": {"amount": 500}, "schema": schema})
        assert understand("APPROVE\namount: 499.50", request) == MailDecision("edit", {"amount": 499.5})

    @pytest.mark.parametrize(
        ("line", "name"),
        [
            ("amount: lots", "amount"),
            ("amount: 1.5", "amount"),
            ("amount: 1.000", "amount"),
            ("amount: 0x10", "amount"),
            ("amount:", "amount"),
            ("rate: 1.000", "rate"),
            ("urgent: perhaps", "urgent"),
            ("tags: [", "tags"),
            ("amuont: 1", "amuont"),
        ],
    )
    def test_is_not_changed_by_a_wrong_line(self, line: str, name: str) -> None:
        wrong = understand(f"APPROVE\nto: Eve\n{line}", CONFIRMATION)
        assert isinstance(wrong, InvalidValues) and [error[0] for error in wrong.errors] == [name]

    def test_is_changed_only_where_that_is_allowed(self) -> None:
        assert isinstance(
            understand("APPROVE\namount: 100", {**CONFIRMATION, "allowed_actions": ["approve", "reject"]}), UnclearReply
        )

    @pytest.mark.parametrize("names", [("Amount", "amount"), ("amount", "amount."), ("a  b", "a b")])
    def test_of_an_argument_that_is_read_like_another_changes_neither(self, names: tuple[str, str]) -> None:
        alike = asked("confirmation", action={"tool": "pay", "args": dict.fromkeys(names, 1), "risk": "low"})
        for name in names:
            assert understand(f"approve\n{name}: 5", alike) == InvalidValues(((f"{name}: 5", AMBIGUOUS_NAME),))


class TestChoice:
    @pytest.mark.parametrize(
        ("text", "value"),
        [("1", "s"), ("2.", "m"), ("#2", "m"), ("option 2", "m"), ("Medium", "m"), ("medium.", "m"), ("s", "s"), ("10", "10")],
    )
    def test_is_a_number_or_the_exact_text(self, text: str, value: str) -> None:
        assert understand(text, CHOICE) == MailDecision("submit", {"choice": value})

    @pytest.mark.parametrize("text", ["1,3", "1 and 2", "1, 2 & 3"])
    def test_is_several_where_several_may_be_chosen(self, text: str) -> None:
        assert isinstance(understand(text, CHOICES), MailDecision)
        assert isinstance(understand(text, CHOICE), UnclearReply)

    @pytest.mark.parametrize("text", ["1 or 2", "large", "1?", "not 1", "1\nno, 2", "1\n2", "1.5", "-1", "the first"])
    def test_is_nothing_else(self, text: str) -> None:
        assert isinstance(understand(text, CHOICE), UnclearReply)

    def test_of_a_number_too_high_is_an_error(self) -> None:
        assert understand("7", CHOICE) == InvalidValues((("choice", "must be a number from 1 to 3"),))

    def test_of_a_number_that_is_also_another_option_s_text_is_unclear(self) -> None:
        options = [{"value": "2", "label": "2"}, {"value": "1", "label": "1"}]
        assert isinstance(understand("1", asked("choice", options=options)), UnclearReply)

    def test_may_be_declined(self) -> None:
        assert understand("decline: none of them", CHOICE) == MailDecision("decline", feedback="none of them")


class TestText:
    def test_is_all_that_was_written(self) -> None:
        assert understand("Tell them\n\nnext week?", TEXT) == MailDecision("submit", feedback="Tell them\n\nnext week?")

    def test_is_declined_only_by_the_word_as_it_is_shown(self) -> None:
        assert understand("DECLINE", TEXT) == MailDecision("decline")
        assert isinstance(understand("decline", TEXT), UnclearReply)
        assert understand("Decline the offer", TEXT) == MailDecision("submit", feedback="Decline the offer")

    def test_that_may_be_another_s_is_unclear(self) -> None:
        assert isinstance(understand("Tell them", TEXT, certain=False), UnclearReply)

    def test_that_is_empty_is_unclear(self) -> None:
        assert isinstance(understand(" \n\u200b\n", TEXT), UnclearReply)


class TestCheckpoint:
    @pytest.mark.parametrize("action", ["continue", "stop", "skip"])
    def test_is_one_word(self, action: str) -> None:
        assert understand(f"{action.upper()}.", CHECKPOINT) == MailDecision(action)
        assert isinstance(understand(f"{action} or not", CHECKPOINT), UnclearReply)

    def test_is_sent_back_with_what_to_change(self) -> None:
        assert understand("revise: shorter\nand if possible in French", CHECKPOINT) == MailDecision(
            "revise", feedback="shorter\nand if possible in French"
        )
        assert isinstance(understand("revise", CHECKPOINT), UnclearReply)
        assert isinstance(understand("revise?", CHECKPOINT), UnclearReply)

    def test_is_not_sent_back_with_our_own_example(self) -> None:
        assert isinstance(understand("REVISE <what to change>", CHECKPOINT), UnclearReply)
        assert understand("REJECT <why, if you like>", CONFIRMATION) == MailDecision("reject")


class TestYes:
    def test_confirms_only_what_was_proposed(self) -> None:
        assert understand("YES", CONFIRMATION, proposed=True) == ProposalConfirmed()
        assert isinstance(understand("YES", CONFIRMATION), UnclearReply)
        assert isinstance(understand("yes, but later", CONFIRMATION, proposed=True), UnclearReply)

    def test_is_a_text_s_answer_where_nothing_was_proposed(self) -> None:
        assert understand("yes", TEXT) == MailDecision("submit", feedback="yes")


class TestLink:
    @pytest.mark.parametrize("text", ["link ABCD-1234", "Link: ABCD-1234", "\n link  ABCD-1234.\n\nDana"])
    def test_is_a_first_line(self, text: str) -> None:
        assert link_request_of(text) == LinkRequest("ABCD-1234")

    @pytest.mark.parametrize("text", ["", "linked", "hello\nlink ABCD-1234", "link ABCD please", "link"])
    def test_is_nothing_else(self, text: str) -> None:
        assert link_request_of(text) is None


REQUESTS = st.sampled_from([CONFIRMATION, CHOICE, CHOICES, FORM, CHECKPOINT, TEXT])


ACCEPTED = ("approve", "reject", "i approve", "i reject", "please", "continue", "stop", "skip", "revise", "yes", "decline")


class TestAnyText:
    @given(st.text(max_size=400), REQUESTS, st.booleans(), st.booleans())
    def test_leads_to_a_result(self, text: str, request: dict[str, Any], certain: bool, proposed: bool) -> None:
        assert understand(text, request, certain=certain, proposed=proposed) is not None

    @given(st.text(max_size=200), st.sampled_from([CONFIRMATION, CHECKPOINT]))
    def test_without_an_accepted_word_first_never_decides(self, text: str, request: dict[str, Any]) -> None:
        if not any(word in text.casefold() for word in ACCEPTED):
            assert isinstance(understand(text, request), UnclearReply)

    @given(st.text(min_size=1, max_size=80).filter(lambda text: text.strip(" \t\n.!,;:") != ""))
    def test_under_the_word_never_approves_what_a_person_took_back(self, text: str) -> None:
        assert isinstance(understand(f"approve\nwait, {text}", CONFIRMATION), UnclearReply)
