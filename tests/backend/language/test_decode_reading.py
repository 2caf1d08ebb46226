"""What a model's reading of an answer may look like."""

import pytest

from backend.domain.answers import Reading
from backend.engines.model_answer import UnreadableAnswer
from backend.language.decode_reading import decode_reading


class TestAReading:
    def test_takes_values_as_object_or_text(self) -> None:
        expected = Reading("submit", {"choice": "a"}, "", certain=True)
        assert decode_reading('{"action": "submit", "values": {"choice": "a"}, "certain": true}') == expected
        assert (
            decode_reading('{"action": "submit", "values": "{\\"choice\\": \\"a\\"}", "feedback": "", "certain": true}')
            == expected
        )

    def test_without_certainty_is_refused(self) -> None:
        with pytest.raises(UnreadableAnswer, match="certain"):
            decode_reading('{"action": "approve"}')

    def test_in_its_wrapping_is_read_and_two_that_differ_are_refused(self) -> None:
        written = '{"action": "approve", "values": {}, "certain": true,}'
        assert decode_reading(f"<think>Yes?</think>Here: {written}").action == "approve"
        with pytest.raises(UnreadableAnswer, match="several"):
            decode_reading(f"{written} or {written.replace('approve', 'reject')}")
