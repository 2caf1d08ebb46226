"""A model's answer taken out of its wrapping: the JSON objects that it gives, and whatever else it wrote around them."""

import re
from dataclasses import dataclass
from typing import Any

from backend.agents.tolerant import Broken, Reader

_TAGS = "think|thinking|thought|thoughts|reasoning|analysis|scratchpad|reflection"
_OPENS = re.compile(rf"<({_TAGS})\b[^<>]*>", re.IGNORECASE)
_CLOSES = re.compile(rf"</(?:{_TAGS})\s*>", re.IGNORECASE)
_BEGINS = re.compile(r"\{(?=\s*(?:[\"'“}]|[A-Za-z_$][\w$-]*\s*:|//|/\*|#))|\[(?=\s*(?:\{|//|/\*|#))")
_CHANNELS = re.compile(r"\s*<\|(?:start|channel)\|>")
_FINAL = re.compile(r"<\|channel\|>\s*final\b[^<]*<\|message\|>")
# What only says that JSON follows or has ended; anything else that is written stays.
_MARKUP = re.compile(
    r"```[\w+-]*|~~~[\w+-]*|<\|[\w ]+\|>|\[/?TOOL_CALLS?\]"
    r"|</?(?:tool_calls?|function_calls?|answer|output|json|response|step|final)\s*>",
    re.IGNORECASE,
)

_STOPS = " \t\r\n.,;`*"

Object = dict[str, Any]


class Wrapped(ValueError):
    """What is the answer cannot be told; the message says why."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of an answer: the objects that it is, or none where it is words, said or thought aloud."""

    text: str
    objects: tuple[Object, ...] = ()
    thought: bool = False


def unwrap(text: str) -> list[Piece]:
    """An answer's pieces in order, words without markup, at least one of them with objects. Raises Wrapped."""
    pieces = _whole(text) or _scan(*_split_head(text))
    if not any(piece.objects for piece in pieces):
        raise Wrapped('the answer held no JSON object (to say something to the person, answer {"kind": "reply"})')
    return pieces


def _whole(text: str) -> list[Piece] | None:
    """An answer that is one value from its first character to its last, or such a value once more as a JSON string."""
    reader = Reader(text)
    try:
        value = reader.value()
        if not reader.at_end():
            return None
    except Broken:
        return None
    if isinstance(value, str):
        return _whole(value)
    objects = _objects(value)
    return [Piece(text, objects), *_words(*reader.comments)] if objects else None


def _objects(value: Any) -> tuple[Object, ...]:
    """The objects that a value is: one, or a list of nothing else."""
    items = value if isinstance(value, list) else [value]
    return tuple(items) if all(isinstance(item, dict) for item in items) else ()


def _split_head(text: str) -> tuple[str, list[Piece]]:
    """The answer, and the thoughts before it, where only their end is marked. Raises Wrapped."""
    if _CHANNELS.match(text):
        finals = list(_FINAL.finditer(text))
        if len(finals) != 1:
            raise Wrapped("the answer should have one final message")
        return text[finals[0].end() :], _words(text[: finals[0].start()], thought=True)
    opened, closed = _OPENS.search(text), _CLOSES.search(text)
    if closed is None or (opened and opened.start() < closed.start()) or not _BEGINS.search(text, closed.end()):
        return text, []
    if _BEGINS.search(text, 0, closed.start()):
        raise Wrapped(f"JSON stood before {closed.group()} and after it; give the answer alone")
    return text[closed.end() :], _words(text[: closed.start()], thought=True)


def _scan(text: str, pieces: list[Piece]) -> list[Piece]:
    """The pieces of a text. JSON that begins and cannot be read is refused: what stands inside is a part of it, not
    another answer. What a model thinks aloud is words, whatever it holds. Raises Wrapped."""
    reader = Reader(text)
    while begins := _BEGINS.search(text, reader.at):
        thought = _OPENS.search(text, reader.at, begins.start())
        if thought:
            closed = _CLOSES.search(text, thought.end())
            if closed is None:
                raise Wrapped("the answer never left its thinking")
            pieces += _words(text[reader.at : thought.start()])
            pieces += _words(text[thought.end() : closed.start()], thought=True)
            reader.at = closed.end()
            continue
        pieces += _words(text[reader.at : begins.start()])
        reader.at = begins.start()
        try:
            objects = _objects(reader.value())
        except Broken as error:
            raise Wrapped(f"the answer was not valid JSON: {error}") from None
        written = text[begins.start() : reader.at]
        pieces += [Piece(written, objects)] if objects else _words(written)
    return [*pieces, *_words(text[reader.at :], *reader.comments)]


def _words(*parts: str, thought: bool = False) -> list[Piece]:
    plain = (_MARKUP.sub("", part).strip(" \t\r\n\ufeff\u200b") for part in parts)
    return [Piece(part, thought=thought) for part in plain if part.strip(_STOPS)]
