from typing import get_args

from backend.domain.steps import FieldType, Step
from backend.engines.baml.type_descriptions import answer_shape, step_shapes


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
