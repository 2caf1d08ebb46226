"""Parse JSON as models write it: with comments, trailing commas, bare names and single quotes, where the meaning is clear.

Ambiguous input is refused, and nothing is dropped silently: comments are returned with the value."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from channels.exact_numbers import read_json

MAX_DEPTH = 32
_BLANK = " \t\r\n\f\v\u00a0\ufeff\u200b\u2028\u2029"
_NAME = re.compile(r"[A-Za-z_$][\w$-]*")
_NUMBER = re.compile(r"[-+.\d][\w.+-]*")
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
_NO_NUMBERS = ("NaN", "Infinity")
_QUOTES = {'"': '"', "'": "'", "“": "”"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'", "\n": ""}
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_COMMENT = re.compile(r"//([^\n]*)|#([^\n]*)|/\*(.*?)\*/", re.DOTALL)


class InvalidJson(ValueError):
    """The text is not a value or is ambiguous; the message says what is wrong where."""


@dataclass(slots=True)
class LenientReader:
    """Reads values from `text`; `comments` collects the comments between their parts."""

    text: str
    at: int = 0
    comments: list[str] = field(default_factory=list)

    def value(self, depth: int = 0) -> Any:
        """Read the value at the current position. Raises InvalidJson."""
        if depth > MAX_DEPTH:
            raise self._broken(f"is nested deeper than {MAX_DEPTH} levels")
        self._skip()
        match self._peek():
            case "{":
                return self._object(depth)
            case "[":
                return self._array(depth)
            case quote if quote in _QUOTES:
                return self._string()
        return self._plain()

    def at_end(self) -> bool:
        """Whether only blanks and comments are left."""
        self._skip()
        return self.at == len(self.text)

    def _object(self, depth: int) -> dict[str, Any]:
        self.at += 1
        made: dict[str, Any] = {}
        while not self._closes("}"):
            name = self._member_name()
            if name in made:
                raise self._broken(f'is not clear: "{name[:60]}" appears twice in one object')
            self._expect(":")
            made[name] = self.value(depth + 1)
            self._separate("}")
        return made

    def _array(self, depth: int) -> list[Any]:
        self.at += 1
        made: list[Any] = []
        while not self._closes("]"):
            made.append(self.value(depth + 1))
            self._separate("]")
        return made

    def _member_name(self) -> str:
        if self._peek() in _QUOTES:
            return self._string()
        found = _NAME.match(self.text, self.at)
        if found is None:
            raise self._broken("should have a name in quotes")
        self.at = found.end()
        return found.group()

    def _string(self) -> str:
        end, parts = _QUOTES[self.text[self.at]], []
        self.at += 1
        stops = re.compile(f"[{end}\\\\]")
        while found := stops.search(self.text, self.at):
            parts.append(self.text[self.at : found.start()])
            self.at = found.end()
            if found.group() == end:
                return "".join(parts)
            parts.append(self._escaped())
        self.at = len(self.text)
        raise self._broken("ends in the middle of a string")

    def _escaped(self) -> str:
        letter = self._peek()
        self.at += 1
        if letter == "u":
            return self._unicode()
        if letter not in _ESCAPES:
            raise self._broken(f"has a backslash before {letter!r}: write two for a backslash, none for the character alone")
        return _ESCAPES[letter]

    def _unicode(self) -> str:
        units = []
        while found := _HEX.match(self.text, self.at):
            units.append(int(found.group(), 16))
            self.at = found.end()
            if len(units) == 2 or not 0xD800 <= units[0] < 0xDC00 or self.text[self.at : self.at + 2] != "\\u":
                break
            self.at += 2
        if not units:
            raise self._broken(r"has a \u without four hexadecimal digits")
        if len(units) == 2 and 0xDC00 <= units[1] < 0xE000:
            return chr(0x10000 + (units[0] - 0xD800) * 0x400 + units[1] - 0xDC00)
        return "".join(map(chr, units))

    def _plain(self) -> Any:
        found = _NUMBER.match(self.text, self.at) or _NAME.match(self.text, self.at)
        if found is None or (found.re is _NAME and found.group() not in {*_WORDS, *_NO_NUMBERS}):
            raise self._broken("should have a value: an object, a list, text in quotes, a number, true, false or null")
        if found.group() in _WORDS:
            self.at = found.end()
            return _WORDS[found.group()]
        try:
            number = read_json(found.group())
        except json.JSONDecodeError:
            raise self._broken("should have a number in plain digits") from None
        except ValueError as error:
            raise self._broken(f"cannot be kept as it is written: {error}") from None
        self.at = found.end()
        return number

    def _closes(self, bracket: str) -> bool:
        self._skip()
        if self._peek() != bracket:
            return False
        self.at += 1
        return True

    def _separate(self, bracket: str) -> None:
        self._skip()
        if self._peek() == ",":
            self.at += 1
        elif self._peek() != bracket:
            raise self._broken(f'should have "," or "{bracket}"')

    def _expect(self, mark: str) -> None:
        self._skip()
        if self._peek() != mark:
            raise self._broken(f'should have "{mark}"')
        self.at += 1

    def _skip(self) -> None:
        """Skip blanks and comments."""
        while self.at < len(self.text):
            if self.text[self.at] in _BLANK:
                self.at += 1
            elif found := _COMMENT.match(self.text, self.at):
                self.comments.append(next(part for part in found.groups() if part is not None).strip())
                self.at = found.end()
            else:
                return

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _broken(self, what: str) -> InvalidJson:
        if self.at >= len(self.text):
            return InvalidJson(f"it breaks off where the JSON {what}")
        line, near = self.text.count("\n", 0, self.at) + 1, self.text[self.at : self.at + 20]
        return InvalidJson(f"the JSON {what}, in line {line} at {near!r}")
