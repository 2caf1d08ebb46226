"""Decode what a model took a person's free text to answer."""

import json

from pydantic import TypeAdapter, ValidationError

from backend.domain.answers import Reading
from backend.engines.model_answer import UnreadableAnswer, explain, json_object, json_pieces, without_nulls

_READING = TypeAdapter(Reading)


def decode_reading(text: str) -> Reading:
    """The reading a model's answer holds. Raises UnreadableAnswer."""
    given = [item for piece in json_pieces(text) for item in piece.objects]
    readings = [item for item in given if "action" in item] or given
    if any(json.dumps(item) != json.dumps(readings[0]) for item in readings):
        raise UnreadableAnswer("the answer held several objects; give one")
    data = readings[0]
    data["values"] = json_object(data.get("values") or {}, "values", [])
    try:
        return _READING.validate_python({"feedback": "", **without_nulls(data)})
    except ValidationError as error:
        raise UnreadableAnswer(explain(error, tagged=False)) from None
