"""Forms filled in by mail, line by line."""

import pytest

from channels.email.grammar.decision import (
    InvalidValues,
    MailDecision,
    UnclearReply,
)
from tests.channels.email.grammar.sample_requests import FORM, understand


class TestForm:
    def test_is_filled_in_line_by_line(self) -> None:
        text = (
            "Name: Dana\nSEATS : 4\nvegan: no\nsize: medium\nextras: small, 10\nday: 2026-03-31\n"
            "contact: dana@example.org<mailto:dana@example.org>\nnote: first\nsecond\n"
        )
        assert understand(text, FORM) == MailDecision(
            "submit",
            {
                "name": "Dana",
                "seats": 4,
                "vegan": False,
                "size": "m",
                "extras": ["s", "10"],
                "day": "2026-03-31",
                "contact": "dana@example.org",
                "note": "first\nsecond",
            },
        )

    def test_says_every_error_at_once(self) -> None:
        wrong = understand("seats: many\nvegan: perhaps\nsize: huge\nday: soon\ncolour: red", FORM)
        assert isinstance(wrong, InvalidValues) and {name for name, _ in wrong.errors} == {
            "seats",
            "vegan",
            "size",
            "day",
            "colour",
            "name",
        }

    @pytest.mark.parametrize(
        "text", ["Dana, four seats", "hello\nname: Dana\nseats: 4", "name: Dana\nseats: 4\nI am not sure about the seats"]
    )
    def test_of_other_lines_is_unclear(self, text: str) -> None:
        assert isinstance(understand(text, FORM), UnclearReply)

    def test_with_a_line_twice_is_wrong(self) -> None:
        assert understand("name: Dana\nseats: 4\nseats: 5", FORM) == InvalidValues((("seats", "is given twice"),))
