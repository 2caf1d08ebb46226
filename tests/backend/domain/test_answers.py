"""Whether an answer fits its question is decided in one place; this holds every field type and every action against it."""

import contextlib
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.answers import ACTIONS, MAX_TEXT, AnswerRules, check_answer, check_field
from backend.domain.states import FeedbackType
from backend.domain.steps import Field, FieldType, Option
from backend.errors import Invalid
from tests.support.thread_builders import HOSTILE

OPTIONS = (Option("a", "A"), Option("b", "B"), Option("c c", "C"))
TYPES: tuple[FieldType, ...] = get_args(FieldType)

GOOD: list[tuple[FieldType, Any, Any]] = [
    ("text", "hello", "hello"),
    ("text", " kept as written ", " kept as written "),
    ("long_text", "a\nb", "a\nb"),
    ("number", 1, 1),
    ("number", -0.5, -0.5),
    ("number", "1.50", 1.5),
    ("number", " 7 ", 7),
    ("number", "1e3", 1000),
    ("number", 5.0, 5),
    ("number", 9007199254740993, 9007199254740993),
    ("integer", 3, 3),
    ("integer", 2**53 + 1, 2**53 + 1),
    ("integer", "9" * 30, int("9" * 30)),
    ("integer", "-12", -12),
    ("boolean", True, True),
    ("boolean", "FALSE", False),
    ("enum", "b", "b"),
    ("multi_enum", ["a", "c c"], ["a", "c c"]),
    ("date", "2026-03-31", "2026-03-31"),
    ("datetime", "2026-03-31T14:00", "2026-03-31T14:00:00"),
    ("datetime", "2026-03-31T14:00:00+02:00", "2026-03-31T14:00:00+02:00"),
    ("email", " dana@example.org ", "dana@example.org"),
    ("url", "https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
]
BAD: list[tuple[FieldType, Any]] = [
    ("text", 1),
    ("text", ["a"]),
    ("text", "x" * (MAX_TEXT + 1)),
    ("long_text", {}),
    ("number", "one"),
    ("number", True),
    ("number", float("nan")),
    ("number", float("inf")),
    ("integer", 1.5),
    ("integer", "1.5"),
    ("integer", True),
    ("integer", 3.0),
    ("integer", "3.0"),
    ("integer", 10**100),
    ("boolean", 1),
    ("boolean", "yes"),
    ("enum", "A"),
    ("enum", ["a"]),
    ("enum", {"a": 1}),
    ("multi_enum", "a"),
    ("multi_enum", ["a", "a"]),
    ("multi_enum", ["a", "z"]),
    ("multi_enum", [["a"]]),
    ("date", "31.03.2026"),
    ("date", "2026-02-30"),
    ("date", 20260331),
    ("datetime", "tomorrow"),
    ("datetime", "2026-03-31T25:00"),
    ("email", "dana"),
    ("email", "dana@example"),
    ("email", "dana@example.org\nBcc: eve@example.org"),
    ("email", "Dana <dana@example.org>"),
    ("email", "a@b@example.org"),
    ("url", "javascript:alert(1)"),
    ("url", "data:text/html,x"),
    ("url", "file:///etc/passwd"),
    ("url", "https://"),
    ("url", "https://[::1"),
    ("url", "https://exa mple.org"),
]


def field(type: FieldType, **more: Any) -> Field:
    return Field("f", type, options=OPTIONS, **more)


class TestField:
    @pytest.mark.parametrize(("type", "given", "kept"), GOOD)
    def test_takes_what_spells_a_value_of_its_type(self, type: FieldType, given: Any, kept: Any) -> None:
        value = check_field(field(type), given)
        assert value == kept
        assert value.__class__ is kept.__class__

    @pytest.mark.parametrize(("type", "given"), BAD)
    def test_refuses_what_does_not(self, type: FieldType, given: Any) -> None:
        with pytest.raises(ValueError, match="must be"):
            check_field(field(type), given)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (10**400, "must be a number"),
            ("1e999", '"1e999" is too large'),
            ("0.1000000000000000055", "more digits than can be kept; the nearest is 0.1"),
            ("1.000", "write 1000, or 1.0000"),
        ],
    )
    def test_refuses_a_number_that_is_not_certain_to_the_digit(self, given: Any, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            check_field(field("number"), given)

    def test_tables_cover_every_type(self) -> None:
        assert {row[0] for row in GOOD} == {row[0] for row in BAD} == set(TYPES)

    @given(
        st.sampled_from(TYPES),
        st.one_of(
            st.text(max_size=60),
            st.integers(),
            st.floats(),
            st.booleans(),
            st.dates().map(str),
            st.datetimes(timezones=st.timezones() | st.none()).map(lambda moment: moment.isoformat()),
            st.emails(),
            st.sampled_from(["a", "b", "true", "http://a.b"]),
            st.lists(st.sampled_from(["a", "b", "c c", "z"])),
            st.none(),
            st.dictionaries(st.text(max_size=5), st.integers()),
            st.sampled_from(HOSTILE),
        ),
    )
    def test_a_value_it_took_is_taken_again_unchanged(self, type: FieldType, value: Any) -> None:
        try:
            once = check_field(field(type), value)
        except ValueError:
            return
        again = check_field(field(type), once)
        assert again == once
        assert again.__class__ is once.__class__

    @pytest.mark.parametrize("hostile", HOSTILE)
    def test_text_is_kept_letter_for_letter_however_hostile(self, hostile: str) -> None:
        assert check_field(field("text"), hostile) == hostile


def question(type: FeedbackType, **more: Any) -> AnswerRules:
    return AnswerRules(type, more.pop("allowed_actions", ACTIONS[type]), **more)


def errors_of(question: AnswerRules, action: str, values: Any = None, feedback: str | None = None) -> list[str]:
    with pytest.raises(Invalid) as caught:
        check_answer(question, action, values, feedback)
    return [error.field for error in caught.value.errors]


class TestForm:
    FORM = question(
        FeedbackType.FORM, fields=(Field("name"), Field("age", "integer", required=False), Field("pick", "enum", options=OPTIONS))
    )

    def test_names_every_field_that_does_not_fit(self) -> None:
        assert errors_of(self.FORM, "submit", {"age": "old", "extra": 1}) == ["extra", "name", "age", "pick"]

    def test_leaves_optional_blanks_out(self) -> None:
        answer = check_answer(self.FORM, "submit", {"name": "Dana", "age": "", "pick": "a"}, None)
        assert answer.values == {"name": "Dana", "pick": "a"}

    @pytest.mark.parametrize("blank", [None, "", []])
    def test_a_blank_is_not_an_answer_to_a_required_field(self, blank: Any) -> None:
        assert errors_of(self.FORM, "submit", {"name": blank, "pick": "a"}) == ["name"]

    def test_false_and_zero_are_answers(self) -> None:
        form = question(FeedbackType.FORM, fields=(Field("yes", "boolean"), Field("n", "integer")))
        assert check_answer(form, "submit", {"yes": False, "n": 0}, None).values == {"yes": False, "n": 0}

    def test_nothing_is_an_answer_where_nothing_is_required(self) -> None:
        form = question(FeedbackType.FORM, fields=(Field("name", required=False),))
        assert check_answer(form, "submit", None, None).values == {}


class TestChoice:
    ONE = question(FeedbackType.CHOICE, options=("a", "b"))
    MANY = question(FeedbackType.CHOICE, options=("a", "b"), multiple=True)

    def test_takes_a_value_or_a_list_as_asked(self) -> None:
        assert check_answer(self.ONE, "submit", {"choice": "a"}, None).values == {"choice": "a"}
        assert check_answer(self.MANY, "submit", {"choice": ["b", "a"]}, None).values == {"choice": ["b", "a"]}

    @pytest.mark.parametrize("picked", ["c", ["a"], None, 1, {"a": "b"}, "A", ""])
    def test_refuses_what_is_not_one_option(self, picked: Any) -> None:
        assert errors_of(self.ONE, "submit", {"choice": picked}) == ["choice"]

    @pytest.mark.parametrize("picked", ["a", [], ["a", "a"], ["a", "c"], [["a"]], None])
    def test_refuses_what_is_not_a_list_of_different_options(self, picked: Any) -> None:
        assert errors_of(self.MANY, "submit", {"choice": picked}) == ["choice"]


class TestAction:
    @pytest.mark.parametrize("type", FeedbackType)
    @given(action=st.text(max_size=20))
    def test_must_be_one_of_those_allowed(self, type: FeedbackType, action: str) -> None:
        if action not in ACTIONS[type]:
            assert errors_of(question(type), action) == ["action"]

    @pytest.mark.parametrize("type", FeedbackType)
    def test_another_type_s_action_is_refused(self, type: FeedbackType) -> None:
        for action in {action for actions in ACTIONS.values() for action in actions} - set(ACTIONS[type]):
            assert errors_of(question(type), action) == ["action"]

    def test_is_bound_by_what_the_asker_allowed(self) -> None:
        assert errors_of(question(FeedbackType.CONFIRMATION, allowed_actions=("reject",)), "approve") == ["action"]

    @pytest.mark.parametrize("words", [None, "", "  \n"])
    def test_words_are_needed_to_answer_a_text_and_to_revise(self, words: str | None) -> None:
        assert errors_of(question(FeedbackType.TEXT), "submit", feedback=words) == ["feedback"]
        assert errors_of(question(FeedbackType.CHECKPOINT), "revise", feedback=words) == ["feedback"]

    def test_words_have_a_limit(self) -> None:
        assert errors_of(question(FeedbackType.TEXT), "submit", feedback="x" * (MAX_TEXT + 1)) == ["feedback"]

    def test_an_edit_needs_arguments_to_edit_and_new_ones(self) -> None:
        assert errors_of(question(FeedbackType.CONFIRMATION), "edit", {"amount": 1}) == ["action"]
        editable = question(FeedbackType.CONFIRMATION, check_args=lambda values: {**values, "checked": True})
        assert errors_of(editable, "edit", {}) == ["values"]
        assert check_answer(editable, "edit", {"amount": 1}, None).values == {"amount": 1, "checked": True}

    @given(
        st.sampled_from(FeedbackType),
        st.text(max_size=10) | st.sampled_from([action for actions in ACTIONS.values() for action in actions]),
        st.dictionaries(st.text(max_size=5), st.text(max_size=5)),
        st.text(max_size=9),
    )
    def test_whatever_is_sent_is_an_answer_or_invalid(
        self, type: FeedbackType, action: str, values: dict[str, str], words: str
    ) -> None:
        asked = question(type, options=("a",), fields=(Field("f"),))
        if action not in asked.allowed_actions:
            assert errors_of(asked, action, values, words) == ["action"]
            return
        with contextlib.suppress(Invalid):
            assert check_answer(asked, action, values, words).action == action
