"""The types of baml_src as text for prompts. Answers are decoded by `engines/decode_step.py`, since BAML's own parser guesses
at what it cannot read, rounds numbers, and takes the first of two answers."""

from functools import cache

from baml_py import ClientRegistry
from baml_py.baml_py import HTTPRequest

from backend.engines.baml_client.sync_client import b


@cache
def step_shapes() -> str:
    """What a step may look like, as BAML describes it to a model."""
    return _prompt_of(b.request.StepShape("", {"client_registry": _nowhere()}))


@cache
def answer_shape() -> str:
    """What a reading looks like, as BAML describes it to a model."""
    return _prompt_of(b.request.AnswerShape("", {"client_registry": _nowhere()}))


def _nowhere() -> ClientRegistry:
    """A client to render a prompt for; nothing is sent to it."""
    registry = ClientRegistry()
    registry.add_llm_client("Nowhere", "openai-generic", {"base_url": "http://localhost", "model": "none"})
    registry.set_primary("Nowhere")
    return registry


def _prompt_of(request: HTTPRequest) -> str:
    return str(request.body.json()["messages"][0]["content"]).strip()
