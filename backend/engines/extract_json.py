"""Extract the JSON objects from a model's answer, and the text around them."""

import re
from dataclasses import dataclass
from typing import Any

from backend.engines.lenient_json import InvalidJson, LenientReader

_TAGS = "think|thinking|thought|thoughts|reasoning|analysis|scratchpad|reflection"
_TOKENS = r"(?:of_)?th(?:ink|inking|ought)\|>"
_THINKING_START = re.compile(rf"<(?:\w+:)?(?:{_TAGS})\b[^<>]*>|\[THINK\]|◁think▷|<\|(?:start|begin)_{_TOKENS}", re.IGNORECASE)
_THINKING_END = re.compile(rf"</(?:\w+:)?(?:{_TAGS})\s*>|\[/THINK\]|◁/think▷|<\|end_{_TOKENS}", re.IGNORECASE)
_JSON_START = re.compile(r"\{(?=\s*(?:[\"'“}]|[A-Za-z_$][\w$-]*\s*:|//|/\*|#))|\[(?=\s*(?:\{|//|/\*|#))")
_CHANNELS = re.compile(r"\s*<\|(?:start|channel)\|>")
_FINAL = re.compile(r"<\|channel\|>\s*final\b[^<]*<\|message\|>")
# Markup that only delimits JSON; all other text is kept.
_MARKUP = re.compile(
    r"```[\w+-]*|~~~[\w+-]*|<\|[\w ]+\|>|\[/?TOOL_CALLS?\]"
    r"|</?(?:tool_calls?|function_calls?|answer|output|json|response|step|final)\s*>",
    re.IGNORECASE,
)
# What precedes something that is quoted rather than meant.
_QUOTES = re.compile(r"(?:(?<![-=])>|[\"'“„‘«(]|~~|<!--)$")

_STOPS = " \t\r\n.,;`*"
_BLANKS = " \t\r\n\ufeff\u200b"
_MAX_PIECES = 64

Object = dict[str, Any]


class AmbiguousAnswer(ValueError):
    """The answer has no JSON object or is ambiguous; the message says why."""


@dataclass(frozen=True, slots=True)
class JsonPiece:
    """One part of an answer: its objects, or none if it is text. `thought`: it is part of the model's reasoning. `quoted`: it
    is in quotes, in a tag or within a sentence, so the model may only be mentioning it."""

    text: str
    objects: tuple[Object, ...] = ()
    thought: bool = False
    quoted: bool = False


def split_answer(text: str) -> list[JsonPiece]:
    """Split an answer into pieces, in order; text has no markup, and at least one piece has objects. Raises AmbiguousAnswer."""
    pieces = _whole(text) or _scan(*_split_head(text))
    if not any(piece.objects for piece in pieces):
        raise AmbiguousAnswer('the answer held no JSON object (to say something to the person, answer {"kind": "reply"})')
    return pieces


def has_text_between(pieces: list[JsonPiece]) -> bool:
    """Whether there is text between the first and the last objects."""
    within = [bool(piece.objects) for piece in pieces]
    return not all(within[within.index(True) : len(within) - within[::-1].index(True)])


def _whole(text: str) -> list[JsonPiece] | None:
    """The pieces of an answer that is a single value, or a JSON string that contains one; None for any other answer."""
    reader = LenientReader(text)
    try:
        value = reader.value()
        if not reader.at_end():
            return None
    except InvalidJson:
        return None
    if isinstance(value, str):
        return _whole(value)
    objects = _objects(value)
    return [JsonPiece(text, objects), *_text_pieces(*reader.comments)] if objects else None


def _objects(value: Any) -> tuple[Object, ...]:
    """The objects of a value that is an object or a list of objects; empty for any other value."""
    items = value if isinstance(value, list) else [value]
    return tuple(items) if all(isinstance(item, dict) for item in items) else ()


def _split_head(text: str) -> tuple[str, list[JsonPiece]]:
    """Split the answer from reasoning before it of which only the end is marked. Raises AmbiguousAnswer."""
    if _CHANNELS.match(text):
        finals = list(_FINAL.finditer(text))
        if len(finals) != 1:
            raise AmbiguousAnswer("the answer should have one final message")
        return text[finals[0].end() :], _text_pieces(text[: finals[0].start()], thought=True)
    opened, closed = _THINKING_START.search(text), _THINKING_END.search(text)
    if closed is None or (opened and opened.start() < closed.start()) or not _JSON_START.search(text, closed.end()):
        return text, []
    if _JSON_START.search(text, 0, closed.start()):
        raise AmbiguousAnswer(f"JSON stood before {closed.group()} and after it; give the answer alone")
    return text[closed.end() :], _text_pieces(text[: closed.start()], thought=True)


def _scan(text: str, pieces: list[JsonPiece]) -> list[JsonPiece]:
    """The pieces of a text. JSON that cannot be parsed is refused, since what is inside is not another answer. Reasoning is
    text, whatever it contains. Raises AmbiguousAnswer."""
    reader = LenientReader(text)
    begins = _JSON_START.search(text)
    while begins:
        thought = _THINKING_START.search(text, reader.at, begins.start())
        if thought:
            closed = _THINKING_END.search(text, thought.end())
            if closed is None:
                raise AmbiguousAnswer("the answer never left its thinking")
            pieces += _text_between(text[reader.at : thought.start()], pieces)
            pieces += _text_pieces(text[thought.end() : closed.start()], thought=True)
            reader.at = closed.end()
            if begins.start() < reader.at:
                begins = _JSON_START.search(text, reader.at)
            continue
        before = text[reader.at : begins.start()]
        pieces += _text_between(before, pieces)
        reader.at = begins.start()
        try:
            objects = _objects(reader.value())
        except InvalidJson as error:
            raise AmbiguousAnswer(f"the answer was not valid JSON: {error}") from None
        written, begins = text[begins.start() : reader.at], _JSON_START.search(text, reader.at)
        behind = text[reader.at : begins.start() if begins else None]
        pieces += [JsonPiece(written, objects, quoted=_is_quoted(before, behind))] if objects else _text_pieces(written)
        if len(pieces) > _MAX_PIECES:
            raise AmbiguousAnswer(f"the answer had more than {_MAX_PIECES} parts; give one step alone")
    return [*pieces, *_text_between(text[reader.at :], pieces), *_text_pieces(*reader.comments)]


def _text_between(text: str, pieces: list[JsonPiece]) -> list[JsonPiece]:
    """The text between objects or after them. Raises AmbiguousAnswer if it ends reasoning whose start is not marked, since
    the objects before it may then be reasoning too."""
    closed, opened = _THINKING_END.search(text), _THINKING_START.search(text)
    if closed and not (opened and opened.start() < closed.start()) and any(piece.objects for piece in pieces):
        raise AmbiguousAnswer(f"JSON stood before {closed.group()}; give the answer alone")
    return _text_pieces(text)


def _is_quoted(before: str, behind: str) -> bool:
    before, behind = _MARKUP.sub("", before), _MARKUP.sub("", behind)
    same_line = before.rpartition("\n")[2], behind.partition("\n")[0]
    return bool(_QUOTES.search(before.rstrip(_BLANKS))) or all(part.strip(_BLANKS + _STOPS) for part in same_line)


def _text_pieces(*parts: str, thought: bool = False) -> list[JsonPiece]:
    plain = (_MARKUP.sub("", part).strip(_BLANKS) for part in parts)
    return [JsonPiece(part, thought=thought) for part in plain if part.strip(_STOPS)]
