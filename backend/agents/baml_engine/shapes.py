"""The two typed shapes of baml_src: as text for prompts, and as BAML's forgiving parser for what models write."""

from functools import cache
from typing import Any

from baml_py import ClientRegistry
from baml_py.baml_py import HTTPRequest
from baml_py.errors import BamlError

from backend.agents.baml_client.sync_client import b


@cache
def step_shapes() -> str:
    """What a step may look like, as BAML describes it to a model."""
    return _prompt_of(b.request.StepShape("", {"client_registry": _nowhere()}))


@cache
def answer_shape() -> str:
    """What a reading looks like, as BAML describes it to a model."""
    return _prompt_of(b.request.AnswerShape("", {"client_registry": _nowhere()}))


def lenient_step(text: str) -> dict[str, Any]:
    """The step BAML can make of a text. The caller has bounded it. Raises ValueError."""
    try:
        return dict(b.parse.StepShape(text).model_dump())
    except BamlError:
        raise ValueError("no step") from None


def lenient_reading(text: str) -> dict[str, Any]:
    """The reading BAML can make of a text. The caller has bounded it. Raises ValueError."""
    try:
        return dict(b.parse.AnswerShape(text).model_dump())
    except BamlError:
        raise ValueError("no reading") from None


def _nowhere() -> ClientRegistry:
    """A client to render a prompt for; nothing is sent to it."""
    registry = ClientRegistry()
    registry.add_llm_client("Nowhere", "openai-generic", {"base_url": "http://localhost", "model": "none"})
    registry.set_primary("Nowhere")
    return registry


def _prompt_of(request: HTTPRequest) -> str:
    return str(request.body.json()["messages"][0]["content"]).strip()
