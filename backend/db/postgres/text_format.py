"""PostgreSQL's text format for the few types that our tables use."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from backend.db.transaction import dumps

_REPLACEMENT = "\ufffd".encode()


def encode(value: Any) -> bytes | None:
    """Encode a parameter. PostgreSQL's text cannot hold NUL, and none of ours does, so a search for one finds nothing."""
    kind = type(value)
    if kind is int:
        return b"%d" % value
    if value is None:
        return None
    if kind is str or isinstance(value, str):
        encoded: bytes = value.encode()
        return encoded if b"\x00" not in encoded else encoded.replace(b"\x00", _REPLACEMENT)
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, int | float):
        return repr(value).encode()
    raise TypeError(f"a {type(value).__name__} cannot be a parameter")


def encode_document(value: Any) -> bytes:
    """Encode a JSON parameter; None is JSON's null."""
    return dumps(value).encode()


def encode_document_or_null(value: Any) -> bytes | None:
    """The same, except that None is SQL's NULL."""
    return None if value is None else encode_document(value)


def _decimal(value: bytes) -> Decimal:
    return Decimal(value.decode())


def _bool(value: bytes) -> bool:
    return value == b"t"


_DECODERS: dict[int, Callable[[bytes], Any]] = {
    16: _bool,
    20: int,
    21: int,
    23: int,
    26: int,
    114: json.loads,
    700: float,
    701: float,
    1700: _decimal,
    3802: json.loads,
}


def decoder_of(oid: int) -> Callable[[bytes], Any]:
    """What decodes a column of the type; other types are read as text."""
    return _DECODERS.get(oid, bytes.decode)
