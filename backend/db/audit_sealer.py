"""Where each audit chain ends, sealed with a key that is not in the database: whoever writes the database alone can take the
last rows of a chain away, but not make its end fit again. (An end that was copied while it was the end, put back together
with a database of that time, is not told from it: see docs/decisions.)"""

import hmac
from collections.abc import Mapping
from typing import Any

BROKEN = "broken"  # once an end did not fit, the chain is not whole again by growing


class Sealer:
    """Seals with the first key, and knows the seals of all. Without a key nothing is sealed."""

    def __init__(self, keys: Mapping[str, str] | None = None) -> None:
        self._keys = dict(keys or {})

    def seal(self, scope: str, n: int, hash: str) -> str:
        for name, key in self._keys.items():
            return f"{name}.{_digest(key, scope, n, hash)}"
        return ""

    def fits(self, head: Any) -> bool:
        """Whether a row of `audit_heads` is as it was written."""
        name, _, digest = str(head.seal).partition(".")
        key = self._keys.get(name)
        if key is None:
            return not self._keys and head.seal == ""
        return hmac.compare_digest(digest.encode(), _digest(key, head.scope, head.n, head.hash).encode())


UNSEALED = Sealer()


def _digest(key: str, scope: str, n: int, hash: str) -> str:
    return hmac.new(key.encode(), f"{scope}\n{n}\n{hash}".encode(), "sha256").hexdigest()
