"""Holds what a server sends over a WebSocket against the published description, to the letter: no frame of an unknown
type, none that lacks a field, none with a field nobody described."""

import functools
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from backend.api.live.frame_schemas import frame_schemas

REF = "#/components/schemas/"


def check_frame(frame: dict[str, Any]) -> None:
    """Raises AssertionError, saying what does not fit."""
    kind = (frame.get("type"), "seq" in frame, frame.get("change") in ("channel", "agent_status") and frame["change"])
    assert kind in _validators(), f"nobody described this frame: {frame}"
    if frame["type"] == "initial_state":  # its durable frames one by one: what does not fit is said of the one that does not
        for durable in frame["state_messages"]:
            check_frame(durable)
        frame = {**frame, "state_messages": []}
    fault = best_match(_validators()[kind].iter_errors(frame))
    assert fault is None, f"{fault.json_path}: {fault.message} in {frame}"


@functools.cache
def _validators() -> dict[Any, Draft202012Validator]:
    schemas = frame_schemas()
    for schema in schemas.values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    described = {"components": {"schemas": schemas}}
    found: dict[Any, Draft202012Validator] = {}
    for name in _names(schemas, "Frame"):
        properties = schemas[name]["properties"]
        changes = _values(properties.get("change", {"const": False}))
        for type in _values(properties["type"]):
            for change in changes & {"channel", "agent_status", False} or {False}:
                found[type, "seq" in properties, change] = Draft202012Validator({"$ref": REF + name, **described})
    return found


def _values(schema: dict[str, Any]) -> set[Any]:
    return {schema["const"]} if "const" in schema else set(schema["enum"])


def _names(schemas: dict[str, Any], name: str) -> Iterator[str]:
    """The frames behind a union, by name."""
    if "properties" in schemas[name]:
        yield name
    for part in schemas[name].get("anyOf", ()):
        yield from _names(schemas, part["$ref"].removeprefix(REF))
