"""What clicks and submitted modals answer, and which of them are not ours (A47)."""

from typing import Any

import pytest

from channels.slack.interaction_payloads import answer_of_click, answer_of_submission, click_of, errors_of, submission_of
from channels.slack.payloads import UnreadablePayload
from tests.channels.slack.payload_samples import calling, clicked, entered, sent


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
