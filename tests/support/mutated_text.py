"""Text that was almost right: what a broken client, a proxy or an attacker makes of a frame or a body."""

import json
import random
import struct
from collections.abc import Iterator, Sequence
from typing import Any

ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**31,
    2**53 + 1,
    2**63,
    -(2**63) - 1,
    10**29,
    10**31,
    1.5,
    -0.0,
    1e308,
    "",
    " ",
    "\x00",
    "\ud800",
    "\udfff",
    "\u202e",
    "x" * 201,
    "x" * 5_000,
    "req_none",
    "1",
    [],
    {},
    [[]],
    {"": {}},
    {"__class__": "x"},
)
BYTES = (
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "0",
    "-",
    "e",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\x7f",
    "é",
    "😀",
    " ",
    "\n",
    "",
)


def mutations(seeds: Sequence[Any], count: int, seed: int) -> Iterator[str]:
    """`count` texts made of the JSON values `seeds`, the same each time for one `seed`."""
    chance = random.Random(seed)
    for _ in range(count):
        value = json.loads(json.dumps(chance.choice(seeds)))
        for _ in range(chance.randint(0, 2)):
            value = _bent(value, chance)
        text = json.dumps(value, ensure_ascii="\\ud" in json.dumps(value) or chance.random() < 0.9)
        for _ in range(chance.choice((0, 0, 0, 1, 3))):
            text = _scratched(text, chance)
        yield text


def _bent(value: Any, chance: random.Random) -> Any:
    """One part replaced, dropped, doubled or moved under another name."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(sorted(value))
        match chance.randrange(5):
            case 0:
                return {key: part for key, part in value.items() if key != name}
            case 1:
                return {**value, str(chance.choice(ODD))[:50]: value[name]}
            case 2:
                return {**value, name: _bent(value[name], chance)}
            case _:
                return {**value, name: chance.choice(ODD)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        place = chance.randrange(len(value))
        return [*value[:place], _bent(value[place], chance), *value[place + chance.randrange(2) :]]
    return chance.choice(ODD)


def _scratched(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text) + 1)
    return text[:place] + chance.choice(BYTES) + text[place + chance.randrange(3) :]


def broken_frames(chance: random.Random) -> Iterator[bytes]:
    """A few WebSocket frames as a client would send them, most of them against RFC 6455."""
    for _ in range(chance.randint(1, 8)):
        text = json.dumps({"type": "ping"}).encode()
        noise = bytes(chance.randrange(256) for _ in range(20))
        whole = _frame(1, text, chance)
        place = chance.randrange(len(whole))
        yield chance.choice(
            (
                whole,
                whole[:place] + bytes([chance.randrange(256)]) + whole[place + 1 :],
                _frame(1, noise, chance),
                _frame(chance.randrange(16), noise, chance),
                _frame(1, text, chance, first=0x00) + _frame(chance.randrange(2), noise, chance),
                _frame(1, text, chance, first=0xC0),
                _frame(1, text, chance, masked=False),
                _frame(8, struct.pack(">H", chance.choice((1000, 1005, 999, 4401))) + b"bye", chance),
                _frame(8, b"\x03", chance),
            )
        )


def _frame(opcode: int, payload: bytes, chance: random.Random, *, first: int = 0x80, masked: bool = True) -> bytes:
    head = bytes([first | opcode, (0x80 if masked else 0) | len(payload)])
    key = chance.randbytes(4) if masked else b""
    return head + key + bytes(byte ^ key[n % 4] for n, byte in enumerate(payload)) if masked else head + payload
