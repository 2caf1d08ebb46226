"""Instants as text for programs and for people."""

import pytest

from backend.timestamps import for_people, from_text, to_text

NOW = from_text("2026-03-03T16:20:00.000Z")


class TestInstant:
    def test_is_read_back_as_it_was_written(self) -> None:
        assert to_text(from_text("2026-11-21T02:00:00.123Z")) == "2026-11-21T02:00:00.123Z"

    @pytest.mark.parametrize(
        ("at", "said"),
        [
            ("2026-03-03T14:03:59.999Z", "today at 14:03 UTC"),
            ("2026-03-02T23:59:00.000Z", "yesterday at 23:59 UTC"),
            ("2026-02-09T08:05:00.000Z", "on 9 February at 08:05 UTC"),
            ("2025-12-31T00:00:00.000Z", "on 31 December 2025 at 00:00 UTC"),
            ("2026-03-04T00:00:00.000Z", "on 4 March at 00:00 UTC"),
        ],
    )
    def test_is_told_to_people_by_day_and_minute(self, at: str, said: str) -> None:
        assert for_people(from_text(at), NOW) == said
