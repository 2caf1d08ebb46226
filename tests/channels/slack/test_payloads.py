"""What Slack's payloads mean, and which of them mean nothing (A47)."""

import json
from typing import Any

import pytest

from channels.slack.form_inputs import entries_of, fields_of_args
from channels.slack.payloads import (
    UnreadablePayload,
    access_lost_of,
    answer_of_click,
    answer_of_submission,
    click_of,
    errors_of,
    link_code_in_message,
    message_of_event,
    submission_of,
)

BOT = "U0BOT"


def clicked(verb: str, value: str = "req_1 3", **more: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": "T1"},
        "container": {"channel_id": "D1", "message_ts": "1.2"},
        "trigger_id": "t",
        "actions": [{"action_id": verb, "value": value, "action_ts": "9.9"}],
        **more,
    }


def sent(verb: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    metadata = json.dumps({"verb": verb, "token": "req_1 3", "channel": "D1", "ts": "1.2"})
    view = {
        "id": "V1",
        "hash": "h",
        "type": "modal",
        "callback_id": "answer",
        "private_metadata": metadata,
        "state": {"values": values},
    }
    return {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T1"}, "view": view, **more}


def event(text: str = "hello", **more: Any) -> dict[str, Any]:
    said = {"type": "message", "user": "U1", "text": text, "channel": "D1", "channel_type": "im", "ts": "1.5", **more}
    return {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": said}


def entered(**fields: Any) -> dict[str, Any]:
    return {f"field {place}": {"value": given} for place, given in enumerate(fields.values())}


class TestClick:
    def test_names_the_person_the_request_and_itself(self) -> None:
        click = click_of(clicked("approve"))
        assert (click.account, click.request_id, click.version, click.verb) == ("T1/U1", "req_1", 3, "approve")
        assert click.event_id == "click D1/1.2 9.9 U1" == click_of(clicked("approve")).event_id

    def test_in_an_organisation_is_the_organisation_s(self) -> None:
        payload = clicked("approve", team=None, enterprise={"id": "E1"}, user={"id": "U1"})
        assert click_of(payload).account == "E1/U1"

    def test_on_an_option_is_that_option(self) -> None:
        said = answer_of_click(click_of(clicked("choose 1", "req_1 3 1")), {"options": [{"value": "a"}, {"value": "b"}]})
        assert said is not None and (said.action, said.values) == ("submit", {"choice": "b"})

    @pytest.mark.parametrize(("multiple", "choice"), [(False, "b"), (True, ["b"])])
    def test_on_submit_takes_what_is_selected(self, multiple: bool, choice: Any) -> None:
        chosen = {"selected_options": [{"value": "1"}]} if multiple else {"selected_option": {"value": "1"}}
        click = click_of(clicked("submit", state={"values": {"b": {"selected": chosen}}}))
        said = answer_of_click(click, {"options": [{"value": "a"}, {"value": "b"}], "multiple": multiple})
        assert said is not None and said.values == {"choice": choice}

    @pytest.mark.parametrize("value", ["req_1 3 7", "req_1 3"])
    def test_on_no_option_is_no_answer(self, value: str) -> None:
        assert answer_of_click(click_of(clicked("choose 7", value)), {"options": [{"value": "a"}]}) is None

    @pytest.mark.parametrize(
        "value", ["", "req_1", "req_1 x", "req_1 3 x", "req_1 3 1 1", "req_1 -1", "req_1 ٣", "req_1 99999999999"]
    )
    def test_with_another_value_is_not_ours(self, value: str) -> None:
        with pytest.raises(UnreadablePayload):
            click_of(clicked("approve", value))

    @pytest.mark.parametrize("part", ["actions", "container", "user", "trigger_id"])
    def test_without_a_part_is_not_slack_s(self, part: str) -> None:
        for payload in ({k: v for k, v in clicked("approve").items() if k != part}, clicked("approve") | {part: None}):
            if part == "trigger_id" and part in payload:
                continue
            with pytest.raises(UnreadablePayload):
                click_of(payload)


FIELDS: list[dict[str, Any]] = [
    {"name": "n", "type": "integer"},
    {"name": "x", "type": "number"},
    {"name": "ok", "type": "boolean"},
    {"name": "one", "type": "enum", "options": [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]},
    {"name": "many", "type": "multi_enum", "options": [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]},
    {"name": "day", "type": "date"},
    {"name": "at", "type": "datetime"},
    {"name": "why", "type": "long_text"},
]
FILLED = entered(
    n={"value": "7"},
    x={"value": "1.5"},
    ok={"selected_option": {"value": "1"}},
    one={"selected_option": {"value": "1"}},
    many={"selected_options": [{"value": "0"}, {"value": "1"}]},
    day={"selected_date": "2026-03-31"},
    at={"selected_date_time": 1774965780},
    why={"value": "because"},
)


class TestInput:
    """What Slack takes as an initial value, it is given in that form; the rest is left to the person, or written as JSON."""

    @pytest.mark.parametrize(
        ("field", "initial"),
        [
            ({"type": "date", "value": "20260331"}, {"initial_date": "2026-03-31"}),
            ({"type": "datetime", "value": "2026-03-31T14:03"}, {"initial_date_time": 1774965780}),
            ({"type": "datetime", "value": "1899-01-01T00:00"}, {}),
            ({"type": "integer", "value": 7}, {"initial_value": "7"}),
            ({"type": "text", "value": ""}, {}),
        ],
    )
    def test_begins_with_the_suggested_value(self, field: dict[str, Any], initial: dict[str, Any]) -> None:
        element = entries_of([{"name": "x", **field}])[0]["element"]
        assert {name: value for name, value in element.items() if name.startswith("initial")} == initial

    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            (7, "integer"), (-0.5, "number"), (1e21, "number"), (10**20, "integer"), (True, "boolean"), ([1], "json"),
            ("a\r\nb", "json"), ("a\nb", "long_text"),
        ],
    )  # fmt: skip
    def test_of_an_argument_is_of_its_kind(self, value: Any, kind: str) -> None:
        assert fields_of_args(calling(x=value))[0]["type"] == kind

    def test_of_an_argument_is_of_the_kind_its_tool_declares(self) -> None:
        schema = {"properties": {"x": {"type": "number"}}}
        assert fields_of_args({"action": {"args": {"x": 500}, "schema": schema}})[0]["type"] == "number"

    @pytest.mark.parametrize("value", [725653563933458432, 1e21, 1e-9, 9007199254740993])
    def test_is_text_where_slack_would_write_the_number_differently(self, value: float) -> None:
        element = entries_of(fields_of_args(calling(x=value)))[0]["element"]
        assert (element["type"], element["initial_value"]) == ("plain_text_input", str(value))


def calling(**args: Any) -> dict[str, Any]:
    return {"action": {"args": args}}


class TestSubmission:
    def test_of_a_form_holds_each_field_in_its_own_type(self) -> None:
        said, errors = answer_of_submission(submission_of(sent("fill", FILLED)), {"fields": FIELDS})
        assert errors == {} and (said.action, said.version) == ("submit", 3)
        assert said.values == {
            "n": 7,
            "x": 1.5,
            "ok": False,
            "one": "b",
            "many": ["a", "b"],
            "day": "2026-03-31",
            "at": "2026-03-31T14:03:00+00:00",
            "why": "because",
        }

    def test_of_a_form_leaves_out_what_is_empty(self) -> None:
        empty = entered(n={"value": None}, x={}, ok={"selected_option": None}, one={}, many={"selected_options": []})
        said, errors = answer_of_submission(submission_of(sent("fill", empty)), {"fields": FIELDS})
        assert (said.values, errors) == ({}, {})

    def test_of_a_form_says_what_cannot_be_read_beside_it(self) -> None:
        wrong = entered(n={"value": "seven"}, x={"value": "much"}, ok={"selected_option": {"value": "9"}})
        _, errors = answer_of_submission(submission_of(sent("fill", wrong)), {"fields": FIELDS})
        assert errors == {
            "field 0": 'Must be a whole number in plain digits such as 1200; "seven" is not',
            "field 1": 'Must be a number such as 1200 or 12.5; "much" is not',
            "field 2": "Choose one of the options",
        }

    def test_of_edited_arguments_says_only_what_was_changed(self) -> None:
        request = calling(amount=120, id=725653563933458432, rate=0.1, to="Vera", note="x", tags=["a"], none=None)
        entries = entered(
            amount={"value": "100"}, id={"value": "725653563933458432"}, rate={"value": "0.1"}, to={"value": "Vera"},
            note={"value": None}, tags={"value": '[\n  "a"\n]'}, none={"value": "null"},
        )  # fmt: skip
        said, errors = answer_of_submission(submission_of(sent("edit", entries)), request)
        assert (errors, said.action, said.values) == ({}, "edit", {"amount": 100, "note": ""})

    def test_of_edited_arguments_keeps_text_as_it_was_typed(self) -> None:
        for text in (" Vera ", "   ", "a\n\n b\n"):
            said, _ = answer_of_submission(submission_of(sent("edit", entered(to={"value": text}))), calling(to="Bob"))
            assert said.values == {"to": text}

    def test_of_edited_arguments_that_were_left_alone_approves_them(self) -> None:
        said, errors = answer_of_submission(submission_of(sent("edit", entered(n={"value": "1"}))), calling(n=1))
        assert (errors, said.action, said.values) == ({}, "approve", None)

    @pytest.mark.parametrize("given", [{"value": None}, {"value": " "}, {"value": "1.000"}, {"value": "0x10"}])
    def test_of_edited_arguments_leaves_no_number_out(self, given: dict[str, Any]) -> None:
        _, errors = answer_of_submission(submission_of(sent("edit", entered(n=given))), calling(n=500))
        assert list(errors) == ["field 0"]

    def test_of_a_form_takes_a_suggestion_nobody_touched(self) -> None:
        fields = [{"name": "n", "type": "number", "value": 1.234}]
        said, errors = answer_of_submission(submission_of(sent("fill", entered(n={"value": "1.234"}))), {"fields": fields})
        assert (errors, said.values) == ({}, {"n": 1.234})

    def test_of_broken_json_is_an_error(self) -> None:
        request = {"action": {"args": {"tags": ["a"]}}}
        _, errors = answer_of_submission(submission_of(sent("edit", entered(tags={"value": "[a"}))), request)
        assert errors == {"field 0": "Must be JSON"}

    @pytest.mark.parametrize(("verb", "action"), [("write", "submit"), ("reject", "reject"), ("revise", "revise")])
    def test_of_words_is_those_words(self, verb: str, action: str) -> None:
        said, _ = answer_of_submission(submission_of(sent(verb, {"said": {"value": {"value": "wrong amount"}}})), {})
        assert (said.action, said.feedback) == (action, "wrong amount")

    def test_again_with_other_values_is_another_event_and_the_same_values_the_same(self) -> None:
        one, same, other = (submission_of(sent("write", {"said": {"value": {"value": text}}})).event_id for text in "aab")
        assert one == same != other

    def test_refused_is_shown_beside_the_field(self) -> None:
        done = submission_of(sent("fill", {}))
        assert errors_of(done, {"fields": FIELDS}, (("x", "is required"), ("odd", "is no field")), "No.") == {
            "field 1": "Is required",
            "field 0": "odd: is no field",
        }
        assert errors_of(submission_of(sent("write", {})), {}, (), "Too late.") == {"said": "Too late."}

    @pytest.mark.parametrize("metadata", ["", "{", "[]", "{}", '{"verb":"fill","token":"x","channel":"D","ts":"1"}'])
    def test_of_a_foreign_window_is_not_ours(self, metadata: str) -> None:
        payload = sent("fill", {})
        payload["view"]["private_metadata"] = metadata
        with pytest.raises(UnreadablePayload):
            submission_of(payload)


class TestMessage:
    def test_in_a_direct_message_is_for_us_and_opens_a_conversation(self) -> None:
        said = message_of_event(event("a &lt;b&gt; <https://x.example|x.example> <@U7|ann>"), BOT)
        assert said is not None and (said.account, said.place) == ("T1/U1", "T1/D1/1.5")
        assert said.content == "a <b> https://x.example @ann"
        assert said.thread == {"team": "T1", "channel": "D1", "thread_ts": "1.5"}

    def test_is_one_whatever_slack_calls_the_event_that_brings_it(self) -> None:
        mention = event("<@BOT> pay", channel="C1", channel_type="channel", type="app_mention")
        again = {**mention, "event_id": "Ev2"}
        shared = {**mention, "event_id": "Ev3", "team_id": "T2", "event": {**mention["event"], "user_team": "T1"}}
        found = [message_of_event(body, BOT) for body in (mention, again, shared)]
        assert {said.event_id for said in found if said} == {"message T1/C1/1.5"} and None not in found
        other = message_of_event(event("pay", ts="1.6"), BOT)
        assert other is not None and other.event_id == "message T1/D1/1.6"

    def test_in_a_thread_goes_on_with_it(self) -> None:
        said = message_of_event(event(thread_ts="1.1"), BOT)
        assert said is not None and said.place == "T1/D1/1.1"

    def test_that_mentions_us_is_for_us_once(self) -> None:
        channel = {"channel": "C1", "channel_type": "channel", "thread_ts": "1.1"}
        mention = message_of_event(event(f"<@{BOT}> pay Vera", type="app_mention", channel="C1", channel_type=None), BOT)
        assert mention is not None and mention.content == "pay Vera"
        assert message_of_event(event(f"<@{BOT}> pay Vera", **channel), BOT) is None
        assert message_of_event(event("just talk", **channel), BOT) is not None  # may answer a question that waits there

    @pytest.mark.parametrize(
        "more",
        [
            {"bot_id": "B1"},
            {"user": BOT},
            {"user": "USLACKBOT"},
            {"user": None},
            {"subtype": "bot_message"},
            {"subtype": "message_changed"},
            {"subtype": "message_deleted"},
            {"subtype": "channel_join"},
            {"channel_type": "channel", "channel": "C1"},
        ],
    )
    def test_of_a_bot_a_change_or_small_talk_is_nothing(self, more: dict[str, Any]) -> None:
        assert message_of_event(event(**more), BOT) is None

    @pytest.mark.parametrize("text", ["link ABCD-1234", "Link  abcd1234 ", "link: `ABCD1234`", "LINK *ABCD1234*"])
    def test_may_be_a_code_where_nobody_else_reads_it(self, text: str) -> None:
        private, public = event(text), event(f"<@{BOT}> {text}", type="app_mention", channel="C1", channel_type=None)
        for body, there in ((private, True), (public, False)):
            said = message_of_event(body, BOT)
            assert said is not None and (link_code_in_message(said, body) is not None) == there

    def test_about_a_link_is_not_a_code(self) -> None:
        body = event("link this to the ticket")
        said = message_of_event(body, BOT)
        assert said is not None and link_code_in_message(said, body) is None


class TestGoodbye:
    @pytest.mark.parametrize(
        ("said", "account"),
        [
            ({"type": "app_uninstalled"}, "T1/"),
            ({"type": "tokens_revoked", "tokens": {"bot": ["U0BOT"]}}, "T1/"),
            ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}, None),
            ({"type": "user_change", "user": {"id": "U1", "team_id": "T1", "deleted": True}}, "T1/U1"),
            ({"type": "user_change", "user": {"id": "U1", "team_id": "T1", "deleted": False}}, None),
        ],
    )
    def test_is_heard(self, said: dict[str, Any], account: str | None) -> None:
        gone = access_lost_of({"team_id": "T1", "event": said})
        assert (gone.account if gone else None) == account
