"""The initial value of an input, and the kind of input for each argument."""

from typing import Any

import pytest

from channels.slack.form_inputs import entries_of, fields_of_args
from tests.channels.slack.payload_samples import calling


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
