"""Parse a model's answer into JSON objects: lenient about their wrapping, limited in size, depth and to storable values."""

from typing import Any

from pydantic import ValidationError

from backend.domain.json_values import check_storable
from backend.engines.extract_json import AmbiguousAnswer, JsonPiece, split_answer
from backend.engines.lenient_json import InvalidJson, LenientReader

TEXT_LIMIT = 100_000  # characters of one decision


class UnreadableAnswer(Exception):
    """The answer cannot be used; the message says why, so that the model can do better on the next attempt."""


def json_pieces(text: str) -> list[JsonPiece]:
    if not text.strip():
        raise UnreadableAnswer("the answer was empty")
    if len(text) > TEXT_LIMIT:
        raise UnreadableAnswer(f"the answer had {len(text):,} characters, more than {TEXT_LIMIT:,}")
    try:
        pieces = split_answer(text)
    except AmbiguousAnswer as error:
        raise UnreadableAnswer(str(error)) from None
    for piece in pieces:
        for item in piece.objects:
            _check_storable(item)
        _check_storable(piece.text)
    return pieces


def json_object(value: Any, name: str, words: list[str]) -> dict[str, Any]:
    """The value if it is an object, or the object written in it as text; comments in the text are added to `words`."""
    if isinstance(value, str):
        reader = LenientReader(value.strip() or "{}")
        try:
            value = reader.value()
            if not reader.at_end():
                raise InvalidJson("something stands after it")
        except InvalidJson as error:
            raise UnreadableAnswer(f'"{name}" was not a JSON object: {error}') from None
        words += reader.comments
    if not isinstance(value, dict):
        raise UnreadableAnswer(f'"{name}" was not a JSON object')
    _check_storable(value)
    return value


def _check_storable(data: Any) -> None:
    """Raises UnreadableAnswer for JSON that cannot be stored or digested."""
    try:
        check_storable(data)
    except ValueError as error:
        raise UnreadableAnswer(f"the answer {error}") from None


def without_nulls(data: dict[str, Any]) -> dict[str, Any]:
    """The data without nulls, which mean the default; arguments and values keep theirs."""
    return {
        name: [without_nulls(item) if isinstance(item, dict) else item for item in value] if isinstance(value, list) else value
        for name, value in data.items()
        if value is not None
    }


def explain(error: ValidationError, *, tagged: bool) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"][tagged:])
    return f"{where}: {first['msg']}" if where else first["msg"]
