"""The published description of the WebSocket's frames, and that what was sent once is still described."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.api.http.app import create_app
from tests.support.frame_checks import check_frame

BEFORE = [json.loads(line) for line in (Path(__file__).parent / "frames_of_0_1.jsonl").read_text().splitlines()]
DELIVERY = {
    "type": "feedback_delivery",
    "session_id": "ses_1",
    "request_id": "req_1",
    "channel": "slack",
    "person_id": "usr_1",
    "status": "sent",
}


class TestDescription:
    def test_is_part_of_the_api_s(self) -> None:
        schemas = create_app(None, ()).openapi()["components"]["schemas"]  # type: ignore[arg-type]
        assert {"Frame", "DurableFrame", "PassingFrame", "ClientFrame", "InitialState"} <= set(schemas)
        assert schemas["FeedbackResolved"]["properties"]["request"] == {"$ref": "#/components/schemas/FeedbackRequest"}

    @pytest.mark.parametrize("frame", BEFORE, ids=lambda frame: f"{frame['type']}-{frame['seq']}")
    def test_holds_for_the_log_of_an_older_version(self, frame: dict[str, Any]) -> None:
        check_frame(frame)

    def test_was_given_every_durable_frame_of_that_version(self) -> None:
        assert len({frame["type"] for frame in BEFORE}) == 9


class TestCheck:
    """The tests' own check of every frame that a server sends them can fail."""

    def test_lets_through_what_is_described(self) -> None:
        check_frame(DELIVERY)

    @pytest.mark.parametrize(
        "odd",
        [
            {**DELIVERY, "type": "feedback_carried"},
            {**DELIVERY, "seq": 4},
            {**DELIVERY, "status": "on its way"},
            {**DELIVERY, "colour": "red"},
            {name: value for name, value in DELIVERY.items() if name != "person_id"},
            {**BEFORE[0], "request": {}},
            {
                "type": "initial_state",
                "session_id": "ses_1",
                "state_count": 1,
                "last_seq": 1,
                "outcome": "fresh",
                "state_messages": [{}],
            },
            {"type": "session_changed", "session_id": "ses_1", "change": "agent_status"},
        ],
    )
    def test_refuses(self, odd: dict[str, Any]) -> None:
        with pytest.raises(AssertionError):
            check_frame(odd)

    def test_refuses_a_part_nobody_described_deep_within(self) -> None:
        asked = next(frame for frame in BEFORE if frame["type"] == "request_confirmation")
        with pytest.raises(AssertionError, match="colour"):
            check_frame({**asked, "request": {**asked["request"], "deliveries": [{"colour": "red"}]}})
