"""Whatever a question contains, its message stays within Slack's limits, hides nothing and mentions nobody."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import Question
from channels.slack.form_inputs import can_edit, can_fill
from channels.slack.modals import modal_of
from channels.slack.question_message import message_of
from tests.channels.slack.block_limits import broken, texts

AT = "2026-03-31T14:03:00Z"
LINK = "https://assent.example/requests/req_1"
HOSTILE = ["<!channel>", "<@U123>", "<https://evil.tld|https://bank.example>", "&lt;!here&gt;", "*_~`", "```", "x" * 10_000]
HOSTILE += ["\u202egnp.exe", "a\u200bb", "\n" * 3000, " " * 3000, "😀" * 5000, "\ud83d", "", " "]
HOSTILE += ["https://evil.tld", "\u3164", "`<`" * 900]
long = st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=20), st.integers(20, 600))
hostile = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60), long)
brief = st.one_of(st.sampled_from([text for text in HOSTILE if len(text) < 60]), st.text(max_size=30))
value = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), brief, hostile)
args = st.one_of(
    st.dictionaries(brief, st.one_of(value, st.lists(brief, max_size=3), st.dictionaries(brief, brief, max_size=3)), max_size=8),
    st.integers(30, 200).map(lambda n: {f"field {i}": i for i in range(n)}),
)
option = st.builds(lambda label, more: {"label": label, "description": more}, brief | hostile, brief)
options = st.one_of(
    st.lists(option, min_size=1, max_size=8), st.builds(lambda each, times: [each] * times, option, st.integers(90, 120))
)
TYPES = ["text", "long_text", "number", "integer", "boolean", "enum", "multi_enum", "date", "datetime", "email", "url"]


def question(type: str = "confirmation", **more: Any) -> Question:
    asked = {key: more.pop(key) for key in ("decidable", "context") if key in more and not isinstance(more[key], dict)}
    allowed = {"confirmation": ["approve", "reject", "edit"], "checkpoint": ["continue", "stop", "revise", "skip"]}
    request = {"id": "req_1", "type": type, "status": "pending", "version": 1, "title": "Pay?", "prompt": "", "due_at": None}
    request |= {"requested_by": "Agent", "allowed_actions": allowed.get(type, ["submit", "decline"]), "on_timeout": "reject"}
    return Question({**request, **more}, LINK, **asked)


def call(arguments: dict[str, Any], risk: str = "low") -> dict[str, Any]:
    return {"tool": "make_payment", "args": arguments, "risk": risk, "digest": "d"}


def verbs(message: dict[str, Any]) -> list[str]:
    return [element["action_id"] for block in message["blocks"] if block["type"] == "actions" for element in block["elements"]]


def shown(message: dict[str, Any]) -> str:
    return "\n".join(texts(message["blocks"]))


def as_meant(text: str) -> str:
    """What a person can make out of a shown text: counted blanks and named characters put back."""
    text = re.sub(r"⟨(\d+) spaces⟩", lambda run: " " * int(run[1]), text)
    return re.sub(r"⟨U\+([0-9A-F]+)⟩", lambda one: chr(int(one[1], 16)), text)


def numbered(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"value": f"v{n}", **item} for n, item in enumerate(items)]


@st.composite
def forms(draw: st.DrawFn) -> list[dict[str, Any]]:
    kinds = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=6)) * draw(st.sampled_from([1, 1, 1, 10]))
    fields: list[dict[str, Any]] = []
    for n, kind in enumerate(kinds[:60]):
        field = {"name": f"{draw(brief)}{n}", "type": kind, "required": draw(st.booleans()), "description": draw(brief)}
        if kind in ("enum", "multi_enum"):
            field["options"] = numbered(draw(options))
        elif kind in ("text", "long_text"):
            field["value"] = draw(st.none() | hostile)
        fields.append(field)
    return fields


class TestMessage:
    @settings(max_examples=150, deadline=None)
    @given(hostile, hostile, hostile, args, st.sampled_from(["low", "high"]), st.booleans())
    def test_of_a_confirmation_keeps_every_limit_and_hides_no_argument(
        self, title: str, prompt: str, context: str, arguments: dict[str, Any], risk: str, decidable: bool
    ) -> None:
        asked = question(title=title, prompt=prompt, context=context, decidable=decidable, action=call(arguments, risk))
        message = message_of(asked)
        assert broken(message) == []
        if "approve" in verbs(message):
            assert decidable
            seen = as_meant(shown(message))
            for name, given in arguments.items():
                assert as_meant(json.dumps(given, ensure_ascii=False)) in seen, (name, given)
        else:
            assert verbs(message) == []
            assert LINK in shown(message)

    @settings(max_examples=100, deadline=None)
    @given(hostile, options, st.booleans())
    def test_of_a_choice_keeps_every_limit_and_shows_every_option(self, title: str, items: list[Any], multiple: bool) -> None:
        message = message_of(question("choice", title=title, options=numbered(items), multiple=multiple))
        assert broken(message) == []
        if verbs(message):
            seen = as_meant(shown(message))
            assert all(as_meant(item["label"]).strip() in seen for item in items)

    @settings(max_examples=60, deadline=None)
    @given(hostile, hostile, forms())
    def test_of_a_form_and_its_window_keep_every_limit(self, title: str, prompt: str, fields: list[dict[str, Any]]) -> None:
        asked = question("form", title=title, prompt=prompt, fields=fields)
        assert broken(message_of(asked)) == []
        assert can_fill(asked.request) == ("fill" in verbs(message_of(asked)))
        if can_fill(asked.request):
            assert broken(modal_of("fill", asked, {"channel": "D1", "ts": "1.2"})) == []

    @settings(max_examples=60, deadline=None)
    @given(hostile, hostile, st.sampled_from(["text", "checkpoint"]))
    def test_of_the_others_keeps_every_limit(self, title: str, words: str, type: str) -> None:
        asked = question(type, title=title, prompt=words, context={"artifact": words}, checkpoint="c", decidable=True)
        assert broken(message_of(asked)) == []
        for verb in ("write",) if type == "text" else ("revise", "details"):
            assert broken(modal_of(verb, asked, {"channel": "D1", "ts": "1.2"})) == []

    @settings(max_examples=60, deadline=None)
    @given(hostile, hostile, args)
    def test_s_windows_keep_every_limit(self, title: str, prompt: str, arguments: dict[str, Any]) -> None:
        asked = question(title=title, prompt=prompt, action=call(arguments), context={"notes": prompt})
        for verb in ("reject", "details", *(["edit"] if can_edit(asked.request) else [])):
            assert broken(modal_of(verb, asked, {"channel": "D1", "ts": "1.2"})) == []

    @settings(max_examples=60, deadline=None)
    @given(hostile, hostile, st.sampled_from(["confirmation", "choice", "text", "form", "checkpoint"]))
    def test_of_any_end_keeps_every_limit_and_has_no_button(self, title: str, said: str, type: str) -> None:
        response = {"action": "submit", "feedback": said, "by": {"id": "p", "name": said}, "via": "chat", "at": AT}
        for end in (
            {"status": "answered", "response": response},
            {"status": "answered", "response": {**response, "action": "edit", "values": {said: said}}, "action": call({said: 1})},
            {"status": "expired", "response": None, "due_at": AT},
            {"status": "cancelled", "closed": {"why": said, "by": {"name": said}}},
        ):
            message = message_of(question(type, title=title, **end))
            assert broken(message) == []
            assert verbs(message) == []

    @settings(max_examples=100, deadline=None)
    @given(hostile, hostile, args)
    def test_calls_nobody_and_links_nowhere_but_to_the_app(self, title: str, words: str, arguments: dict[str, Any]) -> None:
        asked = question(title=title, prompt=words, context=words, requested_by=words, action=call(arguments))
        message = message_of(asked)
        marked = [message["text"], *_marked(message["blocks"])]
        for text in marked:
            assert re.findall(r"<(?!!date\^)[^>]*>", text.replace(f"<{LINK}|Open in app>", "")) == []


def _marked(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["text"]] if part.get("type") == "mrkdwn" else []
        return own + [text for each in part.values() for text in _marked(each)]
    return [text for each in part for text in _marked(each)] if isinstance(part, list) else []


class TestButtons:
    def test_of_low_risk_are_primary_and_of_high_risk_ask_once_more(self) -> None:
        low, high = (message_of(question(action=call({"a": 1}, risk)))["blocks"][-2]["elements"][0] for risk in ("low", "high"))
        assert (low.get("style"), "confirm" in low) == ("primary", False)
        assert (high.get("style"), "confirm" in high) == (None, True)

    def test_carry_ids_only(self) -> None:
        message = message_of(question("choice", options=[{"value": "secret", "label": "Tea"}], multiple=False))
        assert [element["value"] for element in message["blocks"][-2]["elements"]] == ["req_1 1 0", "req_1 1"]

    @pytest.mark.parametrize("arguments", [{"to": "x" * 3000}, {str(n): n for n in range(41)}, {"a": "b" * 2000, "c": "d" * 600}])
    def test_are_replaced_by_the_link_where_the_arguments_do_not_fit(self, arguments: dict[str, Any]) -> None:
        message = message_of(question(action=call(arguments)))
        assert verbs(message) == [] and "do not fit" in shown(message)

    def test_are_replaced_by_the_link_where_the_channel_may_not_decide(self) -> None:
        message = message_of(question(action=call({"a": 1}, "high"), decidable=False))
        assert verbs(message) == [] and "too high" in shown(message)


def answered(action: str, via: str = "slack", **more: Any) -> dict[str, Any]:
    return {"status": "answered", "response": {"action": action, "via": via, "by": {"id": "p", "name": "Dana"}, "at": AT, **more}}


EDITED = "*Approved with changes* by Dana in Slack at <!date^1774965780^{time}|2026-03-31 14:03 UTC> – amount: 120 → 100"
TEA = {"options": [{"value": "t", "label": "Tea"}]}


class TestOutcome:
    @pytest.mark.parametrize(
        ("type", "more", "line"),
        [
            ("confirmation", answered("approve"), "*Approved* by Dana in Slack at"),
            ("confirmation", answered("approve", "chat"), "by Dana in the web app at"),
            ("confirmation", answered("reject", feedback="wrong"), "“wrong”"),
            ("confirmation", answered("edit", values={"amount": 100}) | {"action": call({"amount": 120})}, EDITED),
            ("choice", answered("submit", values={"choice": "t"}) | TEA, "– Tea"),
            ("checkpoint", {"status": "expired", "response": {"action": "skip"}, "due_at": AT}, "*No answer by"),
            ("text", {"status": "cancelled", "closed": {"why": "the run ended"}}, "*Cancelled* – the run ended"),
        ],
    )
    def test_says_who_where_and_what(self, type: str, more: dict[str, Any], line: str) -> None:
        assert line in shown(message_of(question(type, **more)))
