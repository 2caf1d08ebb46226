from typing import get_args

import pytest

from backend.agents.baml_engine.shapes import answer_shape, lenient_reading, lenient_step, step_shapes
from backend.agents.decode import BRACKETS, read_step
from backend.domain.steps import AskText, CallTool, FieldType, Step


class TestTheShapesInAPrompt:
    def test_are_the_steps_of_the_domain(self) -> None:
        shapes = step_shapes()
        kinds = [member.__dataclass_fields__["kind"].default for member in get_args(Step)]
        assert all(f'kind: "{kind}"' in shapes for kind in kinds)
        assert shapes.count('kind: "') == len(kinds)

    def test_have_every_type_of_field(self) -> None:
        assert " or ".join(f'"{name}"' for name in get_args(FieldType)) in step_shapes()

    def test_are_those_of_a_reading(self) -> None:
        assert all(f"{name}:" in answer_shape() for name in ("action", "values", "feedback", "certain"))


class TestTheLenientParser:
    @pytest.mark.parametrize(
        "text",
        [
            "{kind: text, title: Who?, prompt: ''}",
            '{"kind": "text", "title": "Who?", "prompt": "",}',
            'Sure!\n```\n{"kind": "text", "title": "Who?", "prompt": ""}\n```\nAnything else?',
            "{'kind': 'text', 'title': 'Who?', 'prompt': '' // why\n}",
        ],
    )
    def test_makes_sense_of_what_models_write(self, text: str) -> None:
        assert read_step(text, lenient_step) == AskText("Who?")

    def test_never_makes_up_arguments(self) -> None:
        step = read_step('{"kind": "tool", "tool": "x", "args": "{\\"to\\": \\"123\\"}", "reason": "so",}', lenient_step)
        assert step == CallTool("x", {"to": "123"}, "so")

    @pytest.mark.parametrize(
        "text", ["", "no", "[", "{" * BRACKETS, "[" * BRACKETS, '{"a":' * BRACKETS, "```json\n" * 5000, '"' * 50_000]
    )
    def test_says_no_to_anything_else_within_its_bounds(self, text: str) -> None:
        with pytest.raises(ValueError, match="no step"):
            lenient_step(text)
        with pytest.raises(ValueError, match="no reading"):
            lenient_reading(text)
