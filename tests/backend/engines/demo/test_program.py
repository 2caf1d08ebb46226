from typing import Any, ClassVar

import pytest

from backend.domain.steps import CallTool, Reply
from backend.engines.contract import Entry, Thread
from backend.engines.demo.commands import OpenQuestion, parse_command
from backend.engines.demo.program import DemoFailure, DemoText, answer, decide, read_answer, summarize, write_reply
from backend.engines.demo.reply_text import HELP
from tests.support.thread_builders import agent, call, note, question, result, thread, user
from tests.support.thread_builders import answer as answered

PAYMENT = {"execution_id": "x1", "amount": 500, "to": "Bob"}
PAY = (user("pay 500 to Bob"), call("make_payment", amount=500, to="Bob"))


def said(*entries: Entry, **settings: Any) -> str:
    whole = thread(*entries, **settings)
    assert decide(whole) == Reply()
    return write_reply(whole).text


def step_of(message: str) -> object:
    command = parse_command(message)
    assert isinstance(command, OpenQuestion)
    return command.step


class TestDeciding:
    @pytest.mark.parametrize(
        "message", ["pay 500 to Bob", "calc 1+1", "search x", "google x", "ask what?", "choose a, b", "form a, b"]
    )
    def test_takes_the_step_that_the_message_asks_for(self, message: str) -> None:
        assert decide(thread(user(message))) == step_of(message)

    @pytest.mark.parametrize("message", ["hello", "stream 20", "pay nonsense"])
    def test_replies_where_there_is_nothing_to_do(self, message: str) -> None:
        assert decide(thread(user(message))) == Reply()

    def test_replies_to_nobody(self) -> None:
        assert decide(thread()) == Reply()

    def test_fails_when_told_to(self) -> None:
        for function in (decide, write_reply):
            with pytest.raises(DemoFailure):
                function(thread(user("fail")))

    def test_takes_the_newest_message_first_and_then_the_one_before(self) -> None:
        both = (user("calc 1+1"), user("calc 2+2"))
        assert decide(thread(*both)) == step_of("calc 2+2")
        done = (call("calculate", expression="2+2"), result("succeeded", {"expression": "2+2", "value": 4}, "calculate"))
        assert decide(thread(user("ask why?"), user("calc 2+2"), *done)) == step_of("ask why?")

    def test_honours_a_message_that_joined_while_a_question_was_open(self) -> None:
        asked = (user("ask why?"), question("text", "why?"), user("calc 1+1"), answered("text", feedback="because"))
        assert decide(thread(*asked)) == step_of("calc 1+1")
        computed = (call("calculate", expression="1+1"), result("succeeded", {"expression": "1+1", "value": 2}, "calculate"))
        text = said(*asked, *computed)
        assert "> because" in text
        assert "`1+1` = **2**" in text

    @pytest.mark.parametrize("joined", [(), ("pay 30 to Carol",)])
    def test_makes_each_of_several_payments_once(self, joined: tuple[str, ...]) -> None:
        entries = [user("pay 10 to Ann"), user("pay 20 to Bob")]
        proposed = []
        for _ in range(2 + len(joined)):
            step = decide(thread(*entries))
            assert isinstance(step, CallTool)
            proposed.append(step.args["to"])
            meanwhile = [user(text) for text in joined if user(text) not in entries]
            entries += [*meanwhile, call("make_payment", **step.args), result("succeeded", step.args)]
        assert sorted(proposed) == ["Ann", "Bob", "Carol"][: 2 + len(joined)]
        assert decide(thread(*entries)) == Reply()

    def test_does_not_propose_again_what_a_person_edited(self) -> None:
        edited = (*PAY, note("A person changed the call."), result("succeeded", {**PAYMENT, "amount": 300}))
        assert "**Paid:** 300 to Bob" in said(*edited)
        assert "changed the call" in said(*edited)

    def test_asks_the_same_thing_again_when_asked_again(self) -> None:
        assert decide(thread(*PAY, result("rejected"), user("pay 500 to Bob"))) == step_of("pay 500 to Bob")


class TestEarlierRuns:
    @pytest.mark.parametrize("message", ["pay 500 to Bob", "fail", "plan x", "ask why?"])
    def test_are_never_taken_up_again(self, message: str) -> None:
        assert decide(thread(user(message), user("hello"), start=1)) == Reply()
        assert decide(thread(user(message), agent("done"), user("hello"))) == Reply()
        assert decide(thread(user(message), note("The person cancelled this work."), user("hello"))) == Reply()

    def test_are_not_spoken_of(self) -> None:
        assert write_reply(thread(*PAY, result("succeeded", PAYMENT), user("hello"), start=3)).text == HELP


class TestStatingTheOutcome:
    @pytest.mark.parametrize(
        ("status", "value", "parts"),
        [
            ("succeeded", PAYMENT, ["**Paid:**", "500 to Bob"]),
            ("succeeded", {**PAYMENT, "amount": 1200.5}, ["1,200.50 to Bob"]),
            ("rejected", "Too much.", ["**Rejected:**", "500 to Bob", "nothing was done", "Too much."]),
            ("expired", None, ["**Expired:**", "500 to Bob", "nothing was done"]),
            ("cancelled", None, ["**Cancelled:**", "500 to Bob"]),
            ("failed", "The disk is full.", ["**Failed:**", "500 to Bob", "The disk is full."]),
            ("unknown", None, ["**Unknown:**", "500 to Bob", "not known"]),
        ],
    )
    def test_of_a_payment(self, status: str, value: Any, parts: list[str]) -> None:
        text = said(*PAY, result(status, value))
        assert [part for part in parts if part not in text] == []
        assert ("Paid" in text) == (status == "succeeded")

    def test_of_a_call_cut_off_that_a_person_decided_about(self) -> None:
        cut = (*PAY, result("unknown", "The process ended while it ran."))
        again = said(*cut, result("succeeded", PAYMENT))
        assert "**Paid:** 500 to Bob" in again
        assert "Unknown" not in again
        for status in ("rejected", "expired"):
            text = said(*cut, result(status))
            assert "**Unknown:**" in text
            assert "It was not run again." in text
            assert "nothing was done" not in text

    def test_of_a_call_the_platform_refused(self) -> None:
        text = said(*PAY, note("Nobody may be paid today."))
        assert text == "**Refused:** Nobody may be paid today."

    def test_of_a_calculation(self) -> None:
        done = result("succeeded", {"expression": "6*7", "value": 42}, "calculate")
        assert said(user("calc 6*7"), call("calculate", expression="6*7"), done) == "`6*7` = **42**"

    def test_of_a_search_with_links_that_are_links(self) -> None:
        hits = [
            {"title": "Cats [cute]", "url": "https://cats.example", "snippet": "All\nabout cats"},
            {"title": "x", "url": "javascript:alert(1)", "snippet": ""},
        ]
        text = said(user("search cats"), call("web_search", query="cats"), result("succeeded", hits, "web_search"))
        assert "[Cats (cute)](https://cats.example): All about cats" in text
        assert "javascript" not in text

    def test_of_a_search_without_a_network(self) -> None:
        done = result("failed", "The search could not be reached; there may be no network.", "web_search")
        assert "could not be reached" in said(user("search cats"), call("web_search", query="cats"), done)

    @pytest.mark.parametrize(
        ("message", "type", "given", "parts"),
        [
            ("ask why?", "text", {"action": "submit", "feedback": "so\nthere"}, ["“why?”", "> so\n> there"]),
            ("ask why?", "text", {"action": "decline"}, ["**Declined:**"]),
            ("ask why?", "text", {"status": "expired"}, ["**Expired:**", "“why?”"]),
            ("ask why?", "text", {"status": "cancelled"}, ["**Cancelled:**"]),
            ("choose a, b", "choice", {"action": "submit", "values": {"choice": "b"}}, ["You chose **b**"]),
            ("choose a, b", "choice", {"action": "submit", "values": {"choice": ["a", "b"]}}, ["You chose **a, b**"]),
            (
                "form n:integer, ok:boolean",
                "form",
                {"action": "submit", "values": {"n": 3, "ok": True}},
                ["**n:** 3", "**ok:** true"],
            ),
        ],
    )
    def test_of_a_question(self, message: str, type: str, given: dict[str, Any], parts: list[str]) -> None:
        text = said(user(message), question(type, "why?"), answered(type, **given))
        assert [part for part in parts if part not in text] == []


class TestSpeaking:
    def test_explains_itself_to_everybody_else(self) -> None:
        assert said(user("hello 👋")) == HELP
        assert "not an AI" in HELP

    def test_explains_what_it_did_not_understand(self) -> None:
        assert "pay 250 to Alice" in said(user("pay Bob"))

    @pytest.mark.parametrize("count", [1, 2, 37, 38, 500])
    def test_streams_exactly_so_many_words_a_hundred_a_second(self, count: int) -> None:
        spoken = write_reply(thread(user(f"stream {count}")))
        assert len(spoken.text.split()) == count
        assert spoken.pace == 100

    def test_is_the_same_every_time(self) -> None:
        whole = thread(*PAY, result("rejected", "no"))
        assert write_reply(whole) == write_reply(whole)


class TestSummarizing:
    def test_keeps_a_line_an_entry(self) -> None:
        lines = summarize(thread(*PAY, result("rejected", "Too much."))).splitlines()
        assert [line.partition(":")[0] for line in lines] == ["user", "call", "result"]
        assert "Too much." in lines[2]

    def test_says_how_much_is_older_than_what_it_keeps(self) -> None:
        assert summarize(thread(*[user("x")] * 100)).startswith("(40 earlier entries)")

    def test_of_nothing_says_so(self) -> None:
        assert answer("summarize", Thread(())) == DemoText("Nothing has happened yet.")


class TestReadingAnAnswer:
    confirmation: ClassVar[dict[str, Any]] = {"type": "confirmation", "allowed_actions": ["approve", "reject", "edit"]}
    choice: ClassVar[dict[str, Any]] = {
        "type": "choice",
        "allowed_actions": ["submit"],
        "options": [{"value": "t", "label": "Tea"}, {"value": "c", "label": "Coffee"}],
    }
    checkpoint: ClassVar[dict[str, Any]] = {"type": "checkpoint", "allowed_actions": ["continue", "stop", "revise", "skip"]}

    @pytest.mark.parametrize(
        ("request_", "message", "action", "certain"),
        [
            (confirmation, "Yes!", "approve", True),
            (confirmation, "no", "reject", True),
            (confirmation, "No, far too much", "reject", False),
            (confirmation, "yes, if it is cheaper", "unclear", False),
            (confirmation, "what is this?", "unclear", False),
            (confirmation, "", "unclear", False),
            ({"type": "confirmation", "allowed_actions": ["reject"]}, "yes", "unclear", False),
            (choice, "coffee", "submit", True),
            (choice, "2", "submit", True),
            (choice, "3", "unclear", False),
            (checkpoint, "Continue", "continue", True),
            (checkpoint, "revise: shorter", "revise", True),
            (checkpoint, "hm", "unclear", False),
        ],
    )
    def test_is_sure_only_of_what_is_plain(self, request_: dict[str, Any], message: str, action: str, certain: bool) -> None:
        reading = read_answer(request_, message)
        assert (reading.action, reading.certain) == (action, certain)

    def test_gives_the_option_or_the_words(self) -> None:
        assert read_answer(self.choice, "tea").values == {"choice": "t"}
        assert read_answer({**self.choice, "multiple": True}, "1").values == {"choice": ["t"]}
        assert read_answer({"type": "text", "allowed_actions": ["submit"]}, " because ").feedback == "because"
        assert read_answer(self.checkpoint, "revise: shorter").feedback == "shorter"


class TestAProposal:
    def test_gives_its_reason(self) -> None:
        step = decide(thread(user("pay 500 to Bob")))
        assert isinstance(step, CallTool)
        assert step.reason == "You asked me to pay 500 to Bob."
