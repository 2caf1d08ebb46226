"""Numbers that people type, and JSON that programs send, are parsed exactly or refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.db.transaction import dumps
from backend.domain.answers import check_field
from backend.domain.steps import Field
from channels.email.grammar.form_values import values_of as mailed
from channels.exact_numbers import normalize_number, read_integer, read_json, read_number
from channels.slack.form_inputs import values_of as entered

# The same rows hold the web app's reader: frontend/src/lib/exact-json.test.ts.
ROWS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "support" / "number_cases.json").read_text())
READ = {"integer": read_integer, "number": read_number}


def named(row: dict[str, Any]) -> str:
    return f"{row['kind']} {row['text']!a}"[:60]


table = pytest.mark.parametrize("row", ROWS, ids=named)


def expected(row: dict[str, Any]) -> tuple[str, str]:
    return row.get("value", ""), row.get("refused", "")


class TestTable:
    @table
    def test_holds_the_reader(self, row: dict[str, Any]) -> None:
        try:
            result = json.dumps(READ[row["kind"]](row["text"])), ""
        except ValueError as error:
            result = "", str(error)
        assert result == expected(row)

    @table
    def test_holds_what_a_program_sends_as_text(self, row: dict[str, Any]) -> None:
        try:
            result = json.dumps(check_field(Field("n", row["kind"]), row["text"])), ""
        except ValueError as error:
            result = "", str(error)
        assert result == expected(row)

    @table
    def test_holds_a_window_in_slack(self, row: dict[str, Any]) -> None:
        values, errors = entered([{"name": "n", "type": row["kind"]}], {"field 0": {"value": {"value": row["text"]}}})
        if not row["text"].strip(" \t\r\n"):
            assert (values, errors) == ({}, {})  # left empty: the form says whether that is possible
            return
        value, refused = expected(row)
        assert values == ({"n": json.loads(value)} if value else {})
        assert [each.lower() for each in errors.values()] == ([refused.lower()] if refused else [])

    @pytest.mark.parametrize("row", [row for row in ROWS if "\n" not in row["text"].strip()], ids=named)
    def test_holds_a_line_of_a_mail(self, row: dict[str, Any]) -> None:
        values, errors = mailed([f"n: {row['text'].strip(chr(10))}"], [{"name": "n", "type": row["kind"]}])
        value, refused = expected(row)
        assert values == ({"n": json.loads(value)} if value else {})
        if row["text"].strip(" \t\r\n"):
            assert [said for _, said in errors] == ([refused] if refused else [])


class TestJson:
    @pytest.mark.parametrize(
        "text",
        ["725653563933458432", "-9007199254740993", "9" * 100, "1.0", "0.1", "1e+16", "1e-05", "-0.0", "0.30000000000000004"],
    )
    def test_keeps_a_number_as_it_is_written(self, text: str) -> None:
        assert json.dumps(read_json(text)) == text == dumps(read_json(text))

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("1e400", '"1e400" is too large'),
            ("1e-400", '"1e-400" has more digits'),
            ("9007199254740993.0", "the nearest is 9007199254740992.0"),
            ("0.1000000000000000055511151231257827", "the nearest is 0.1"),
            ("9" * 101, "has more than 100 digits"),
            ("9" * 10_000, "has more than 100 digits"),
            ("NaN", "NaN is not JSON"),
            ("-Infinity", "-Infinity is not JSON"),
            ('{"a": 1, "b": {"c": 1, "c": 1}}', '"c" appears twice'),
            ("[" * 100_000, "nested too deeply"),
            ("0x10", "Extra data"),
            ("01", "Extra data"),
            ("+1", "Expecting value"),
        ],
    )
    def test_that_is_not_exact_is_refused_with_the_reason(self, text: str, said: str) -> None:
        with pytest.raises(ValueError, match="^.*" + said):
            read_json(text)

    @given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**99), 10**99))
    def test_of_a_number_python_wrote_is_that_number(self, number: float) -> None:
        assert repr(read_json(repr(number))) == repr(number)
        assert dumps([number, {"n": number}]) == json.dumps([number, {"n": number}], separators=(",", ":"))

    def test_one_amount_has_one_form(self) -> None:
        assert [repr(normalize_number(number)) for number in (500.0, 500, -0.0, 0.5, 1e16)] == ["500", "500", "0", "0.5", "1e+16"]
