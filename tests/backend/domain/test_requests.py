"""A question must be one somebody can answer, and silence never means go ahead unless the asker wrote so."""

from typing import Any

import pytest

from backend.domain.answers import ACTIONS
from backend.domain.requests import check_body, timeout_answer
from backend.domain.states import FeedbackType
from backend.errors import Invalid

C, CH, T, F, CP = FeedbackType.CONFIRMATION, FeedbackType.CHOICE, FeedbackType.TEXT, FeedbackType.FORM, FeedbackType.CHECKPOINT
FIELD = {"name": "n", "type": "integer", "description": "", "required": True, "value": None}
BODIES: dict[FeedbackType, dict[str, Any]] = {
    C: {"action": {"tool": "x", "args": {"a": 1}}},
    CH: {"options": [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]},
    T: {},
    F: {"fields": [FIELD]},
    CP: {"checkpoint": "after_planning"},
}


def body(type: FeedbackType, **more: Any) -> dict[str, Any]:
    return {"title": "?", "allowed_actions": list(ACTIONS[type]), **BODIES[type], **more}


class TestSilence:
    @pytest.mark.parametrize(("type", "action"), [(C, "reject"), (CH, "decline"), (T, "decline"), (F, "decline"), (CP, "stop")])
    def test_never_means_go_ahead_by_default(self, type: FeedbackType, action: str) -> None:
        assert timeout_answer(type, body(type)).action == action

    @pytest.mark.parametrize(
        ("type", "wish", "action", "values"),
        [
            (C, "reject", "reject", None),
            (C, {"action": "approve"}, "approve", None),
            (CH, {"action": "submit", "values": {"choice": "b"}}, "submit", {"choice": "b"}),
            (F, {"action": "submit", "values": {"n": "7"}}, "submit", {"n": 7}),
            (CP, "skip", "skip", None),
            (CP, {"action": "continue"}, "continue", None),
            (T, {"action": "decline"}, "decline", None),
        ],
    )
    def test_means_what_the_asker_wrote(self, type: FeedbackType, wish: Any, action: str, values: Any) -> None:
        answer = timeout_answer(type, body(type, on_timeout=wish))
        assert (answer.action, answer.values) == (action, values)

    @pytest.mark.parametrize(
        ("type", "wish"),
        [
            (C, "approve"),
            (C, "edit"),
            (C, {"action": "edit", "values": {"a": 2}}),
            (C, "skip"),
            (CH, "submit"),
            (CH, {"action": "submit"}),
            (CH, {"action": "submit", "values": {"choice": "z"}}),
            (T, "submit"),
            (T, {"action": "submit"}),
            (F, "submit"),
            (F, {"action": "submit", "values": {}}),
            (F, {"action": "submit", "values": {"n": "many"}}),
            (CP, "continue"),
            (CP, "revise"),
            (CP, {"action": "revise"}),
            (CP, "reject"),
        ],
    )
    def test_cannot_mean_what_nobody_could_have_answered(self, type: FeedbackType, wish: Any) -> None:
        with pytest.raises(Invalid):
            check_body(type, body(type, on_timeout=wish))


class TestQuestion:
    @pytest.mark.parametrize("type", FeedbackType)
    def test_of_every_type_can_be_asked(self, type: FeedbackType) -> None:
        check_body(type, body(type))

    @pytest.mark.parametrize(
        ("type", "more", "named"),
        [
            (CH, {"options": []}, "options"),
            (CH, {"options": None}, "options"),
            (CH, {"options": [{"value": "a", "label": "A"}, {"value": "a", "label": "B"}]}, "options"),
            (F, {"fields": []}, "fields"),
            (F, {"fields": [FIELD, FIELD]}, "fields"),
            (F, {"fields": [{**FIELD, "value": "many"}]}, "fields.n"),
            (F, {"fields": [{**FIELD, "value": 10**400, "type": "number"}]}, "fields.n"),
            (F, {"fields": [{**FIELD, "type": "enum"}]}, "fields.n"),
            (CP, {"checkpoint": None}, "checkpoint"),
            (T, {"allowed_actions": []}, "allowed_actions"),
            (C, {"allowed_actions": ["approve", "submit"]}, "allowed_actions"),
            (C, {"allowed_actions": ["edit"], "action": None}, "allowed_actions"),
        ],
    )
    def test_nobody_could_answer_is_refused(self, type: FeedbackType, more: dict[str, Any], named: str) -> None:
        with pytest.raises(Invalid) as caught:
            check_body(type, body(type, **more))
        assert named in [error.field for error in caught.value.errors]
