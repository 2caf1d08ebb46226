"""Opaque identifiers: a prefix for the noun, 48 bits of time so that indexes grow at one end, 80 random bits."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(noun: str) -> str:
    """`ses_01k...`: the noun's prefix and 26 base-32 characters; unguessable, ordered by creation to the millisecond."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return noun + "_" + "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
