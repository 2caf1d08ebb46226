from decimal import Decimal

import pytest

from backend.domain.steps import AskChoice, AskForm, AskText, CallTool, Field, Option
from backend.engines.demo.commands import Command, Explain, Fail, OpenQuestion, Plan, StreamText, parse_amount, parse_command


def args_of(command: Command) -> object:
    assert isinstance(command, OpenQuestion)
    assert isinstance(command.step, CallTool)
    return command.step.tool, command.step.args


def fields_of(message: str) -> tuple[Field, ...]:
    command = parse_command(message)
    assert isinstance(command, OpenQuestion)
    assert isinstance(command.step, AskForm)
    return command.step.fields


class TestAMessage:
    @pytest.mark.parametrize(
        ("message", "expected"),
        [
            ("search cats and dogs", ("web_search", {"query": "cats and dogs"})),
            ("Search: cats", ("web_search", {"query": "cats"})),
            ("GOOGLE the weather", ("google_search", {"query": "the weather"})),
            ("calc 6 * 7", ("calculate", {"expression": "6 * 7"})),
            ("pay 250 to Alice", ("make_payment", {"amount": 250, "to": "Alice"})),
            ("Pay €1,200.50 TO Zoë 🎉", ("make_payment", {"amount": 1200.5, "to": "Zoë 🎉"})),
            ("💸 pay 5 EUR to 山田", ("make_payment", {"amount": 5, "to": "山田"})),
            ("pay 1 to Bob to be paid", ("make_payment", {"amount": 1, "to": "Bob to be paid"})),
        ],
    )
    def test_proposes_a_call(self, message: str, expected: object) -> None:
        assert args_of(parse_command(message)) == expected

    def test_asks_a_question(self) -> None:
        assert parse_command("ask What is your name?") == OpenQuestion(AskText("What is your name?"))

    def test_asks_a_choice_with_each_option_once(self) -> None:
        assert parse_command("choose tea, coffee ,, tea") == OpenQuestion(
            AskChoice("Which one shall it be?", (Option("tea", "tea"), Option("coffee", "coffee")))
        )

    def test_starts_a_plan_a_stream_or_a_failure(self) -> None:
        assert parse_command("plan a launch") == Plan("a launch")
        assert parse_command("stream 1,200") == StreamText(1200)
        assert parse_command("stream 20 words") == StreamText(20)
        assert parse_command(" Fail ") == Fail()

    @pytest.mark.parametrize("message", ["hello", "payroll is late", "", "🎉", "failing again", "what can you do?", "\ud800"])
    def test_is_otherwise_just_talk(self, message: str) -> None:
        assert parse_command(message) == Explain()

    @pytest.mark.parametrize(
        "message",
        [
            *("search", "google ", "calc", "pay", "ask", "choose", "form", "plan", "stream"),
            *("pay Bob", "pay lots to Bob", "pay -5 to Bob", "pay 0 to Bob", "pay 1.200 to Bob", "pay 5 to", "pay 1e9 to Bob"),
            *("choose tea", "stream many", "stream 0", "stream 999999999999", "stream ²"),
            *("form a, a", "form a:colour", "form a:enum", "form a:text(x)"),
        ],
    )
    def test_that_makes_no_sense_is_explained(self, message: str) -> None:
        command = parse_command(message)
        assert isinstance(command, Explain)
        assert "for example" in command.text or "Write" in command.text


class TestAFormsFields:
    def test_are_text_unless_they_say_otherwise(self) -> None:
        assert fields_of("form name, email, n:integer") == (Field("name"), Field("email"), Field("n", "integer"))

    def test_have_every_type_of_the_contract(self) -> None:
        plain = ("text", "long_text", "number", "integer", "boolean", "date", "datetime", "email", "url")
        assert [each.type for each in fields_of("form " + ", ".join(f"{name}_field:{name}" for name in plain))] == list(plain)

    def test_have_options_and_may_be_optional(self) -> None:
        small_large = (Option("S", "S"), Option("L", "L"))
        assert fields_of("form size:enum(S|L), tags?:multi_enum(S, L), note:long_text?") == (
            Field("size", "enum", options=small_large),
            Field("tags", "multi_enum", required=False, options=small_large),
            Field("note", "long_text", required=False),
        )


class TestAnAmount:
    @pytest.mark.parametrize(
        ("text", "amount"),
        [
            ("500", "500"),
            ("1,200.50", "1200.50"),
            ("€500", "500"),
            ("$1,000,000", "1000000"),
            ("500 EUR", "500"),
            ("12,50", "12.50"),
            ("1.200,50", "1200.50"),
            ("1 200", "1200"),
            ("1'200.05", "1200.05"),
            ("-5", "-5"),
        ],
    )
    def test_is_read_as_people_write_it(self, text: str, amount: str) -> None:
        assert parse_amount(text) == Decimal(amount)

    @pytest.mark.parametrize("text", ["", "abc", "1.200", "1,2,3", "1e5", "½", "0.125", "NaN", "Infinity", "٣"])
    def test_that_is_none_or_could_be_two_is_not_guessed(self, text: str) -> None:
        assert parse_amount(text) is None
