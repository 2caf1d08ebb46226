import contextlib
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.steps import AskChoice, AskForm, AskText, CallSeveral, CallTool, Field, Option, Reply, Review
from backend.engines.decode_step import decode_step, why_repeated
from backend.engines.model_answer import TEXT_LIMIT, UnreadableAnswer
from tests.support.thread_builders import call, result, thread, user
from tests.support.wrapped_answers import READ, REFUSED, Read, Refused

CHOICE = {
    "kind": "choice",
    "title": "Which?",
    "options": [{"value": "a", "label": "A"}, {"value": "b", "label": "B", "description": None}],
}
FORM = {
    "kind": "form",
    "title": "Fill in",
    "fields": [{"name": "n", "type": "integer", "required": True, "value": "3", "options": None}],
}

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


class TestAStep:
    @pytest.mark.parametrize(
        ("data", "step"),
        [
            ({"kind": "reply"}, Reply()),
            ({"kind": "text", "title": "Who?", "prompt": None}, AskText("Who?")),
            ({"kind": "tool", "tool": "pay", "args": {"amount": 5}, "reason": "so"}, CallTool("pay", {"amount": 5}, "so")),
            ({"kind": "tool", "tool": "pay", "args": '{"amount": 5, "to": null}'}, CallTool("pay", {"amount": 5, "to": None})),
            ({"kind": "tool", "tool": "now", "args": ""}, CallTool("now", {})),
            (CHOICE, AskChoice("Which?", (Option("a", "A"), Option("b", "B")))),
            (FORM, AskForm("Fill in", (Field("n", "integer", value=3),))),
            ({"kind": "checkpoint", "checkpoint": "draft", "title": "Look", "artifact": "# It"}, Review("draft", "Look", "# It")),
        ],
    )
    def test_is_read_from_bare_fenced_and_listed_json(self, data: dict[str, Any], step: Any) -> None:
        text = json.dumps(data)
        for written in (text, f"```json\n{text}\n```", f"\n```\n{text}\n```\n", f"[{text}]", f"  {text}\n"):
            assert decode_step(written) == step

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "empty"),
            ("   \n", "empty"),
            ("I am sorry, I cannot do that.", "no JSON object"),
            ("[]", "no JSON object"),
            ("42", "no JSON object"),
            ('{"kind": "dance"}', "kind|tag"),
            ("{}", "kind|tag"),
            ('{"kind": "text"}', "title"),
            ('{"kind": "text", "title": " "}', "title"),
            ('{"kind": "text", "title": 5}', "title"),
            ('{"kind": "tool", "args": {}}', "tool"),
            ('{"kind": "tool", "tool": "", "args": {}}', "tool"),
            ('{"kind": "tool", "tool": "x", "args": "{broken"}', "args"),
            ('{"kind": "tool", "tool": "x", "args": [1]}', "args"),
            ('{"kind": "choice", "title": "?", "options": []}', "options"),
            (
                '{"kind": "choice", "title": "?", "options": [{"value": "a", "label": "A"}, {"value": "a", "label": "B"}]}',
                "options",
            ),
            ('{"kind": "form", "title": "?", "fields": []}', "fields"),
            ('{"kind": "form", "title": "?", "fields": [{"name": "a", "type": "colour"}]}', "type"),
            ('{"kind": "form", "title": "?", "fields": [{"name": "a"}, {"name": "a"}]}', "fields"),
            ('{"kind": "form", "title": "?", "fields": [{"name": "a", "type": "enum"}]}', "options of a"),
            ('{"kind": "checkpoint", "title": "?", "checkpoint": ""}', "checkpoint"),
        ],
    )
    def test_is_refused_in_words_that_help(self, text: str, said: str) -> None:
        with pytest.raises(UnreadableAnswer, match=said):
            decode_step(text)

    def test_drops_a_suggestion_that_is_not_of_the_fields_type(self) -> None:
        step = decode_step('{"kind": "form", "title": "?", "fields": [{"name": "a", "type": "integer", "value": "many"}]}')
        assert isinstance(step, AskForm)
        assert step.fields[0].value is None


EXACT = '{"id":725653563933458432,"wide":[9007199254740993,-1,0.1,1e+16,1e-05,1.0,-0.0],"text":"\\u202e\\n"}'


class TestNumbers:
    @pytest.mark.parametrize("args", [EXACT, json.dumps(EXACT)], ids=["object", "text"])
    def test_are_read_as_they_are_written(self, args: str) -> None:
        step = decode_step(f'{{"kind": "tool", "tool": "x", "args": {args}}}')
        assert isinstance(step, CallTool)
        assert json.dumps(step.args, separators=(",", ":")) == EXACT

    @pytest.mark.parametrize(
        ("number", "said"),
        [
            ("1e400", '"1e400" is too large'),
            ("NaN", "NaN is not JSON"),
            ("0.1000000000000000055511151231257827", "the nearest is 0.1"),
            ("9" * 101, "more than 100 digits"),
            ('{"a":1,"a":2}', '"a" appears twice'),
            ('"\\ud800"', "half of a surrogate pair"),
            ('"\\u0000"', "NUL"),
            ("[" * 40 + "]" * 40, "nested deeper"),
        ],
    )
    @pytest.mark.parametrize("as_text", [False, True])
    def test_that_cannot_be_kept_are_refused_and_never_read_leniently(self, number: str, said: str, as_text: bool) -> None:
        args = f'{{"n": {number}}}'
        with pytest.raises(UnreadableAnswer, match=said):
            decode_step(f'{{"kind": "tool", "tool": "x", "args": {json.dumps(args) if as_text else args}}}')


class TestAnAnswerInItsWrapping:
    @pytest.mark.parametrize("case", READ, ids=lambda case: case.name)
    def test_is_the_step_that_was_meant_with_every_word_around_it(self, case: Read) -> None:
        step = decode_step(case.written)
        assert (step, step.beside) == (case.step, case.beside)

    @pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
    def test_is_refused_where_it_is_none_or_could_be_two(self, case: Refused) -> None:
        with pytest.raises(UnreadableAnswer, match=re.escape(case.why)):
            decode_step(case.written)

    @pytest.mark.parametrize(
        "text",
        ["[" * 100_000, '{"a":' * 20_000, "x" * (TEXT_LIMIT + 1), "{" * 65, '[{"' * 64, "{ " * 50_000, "</think>" * 10_000],
        ids=lambda text: text[:8],
    )
    def test_is_refused_where_it_is_too_large_or_too_deep(self, text: str) -> None:
        with pytest.raises(UnreadableAnswer):
            decode_step(text)

    @given(st.text(alphabet="{}[]\",:'\\/*#<>|thinkTruenull01.-e \n`“”", max_size=60))
    def test_is_a_step_or_refused_whatever_it_is(self, text: str) -> None:
        with contextlib.suppress(UnreadableAnswer):
            decode_step(text)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(-(10**29), 10**29) | TEXTS,
            lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
            max_leaves=20,
        )
    )
    def test_has_the_arguments_that_were_written(self, value: Any) -> None:
        call = {"kind": "tool", "tool": "x", "args": {"a": value}}
        for written in (json.dumps(call), f"So: {json.dumps(call, ensure_ascii=False, indent=1)}"):
            step = decode_step(written)
            assert isinstance(step, CallTool)
            assert json.dumps(step.args) == json.dumps(call["args"])


class TestProposingTheSameCallAgain:
    same = CallTool("pay", {"amount": 5})
    made = call("pay", amount=5)

    def test_is_refused_after_a_rejection(self) -> None:
        assert "rejected" in str(why_repeated(self.same, thread(user("pay"), self.made, result("rejected"))))

    def test_is_refused_among_several(self) -> None:
        several = CallSeveral((CallTool("pay", {"amount": 4}), self.same))
        assert "rejected" in str(why_repeated(several, thread(user("pay"), self.made, result("rejected"))))

    def test_is_refused_when_it_goes_round_in_circles(self) -> None:
        once = (self.made, result("failed"))
        assert why_repeated(self.same, thread(user("pay"), *once)) is None
        assert "2 times" in str(why_repeated(self.same, thread(user("pay"), *once, *once)))

    def test_is_allowed_when_the_person_asks_again_or_the_arguments_differ(self) -> None:
        assert why_repeated(self.same, thread(user("pay"), self.made, result("rejected"), user("pay now"))) is None
        assert why_repeated(CallTool("pay", {"amount": 4}), thread(user("pay"), self.made, result("rejected"))) is None
        assert why_repeated(self.same, thread(self.made, result("rejected"), start=2)) is None
