"""Frames that one process has published and not yet sent: collected in order, written as one batch, bounded."""

from typing import Any, NamedTuple

from pydantic_core import to_json
from redis.asyncio.client import Pipeline

CHANNEL = "assent:stream"
REPLY_SECONDS = 900
MAX_CHARS = 8_000_000


def reply_key(session_id: str) -> str:
    return "assent:reply:" + session_id


class BatchItem(NamedTuple):
    """A piece of a streamed reply as it is stored in Redis."""

    run_id: str
    attempt: int
    offset: int
    text: str

    def joins(self, other: "BatchItem") -> bool:
        return (self.run_id, self.attempt, self.offset + len(self.text)) == (other.run_id, other.attempt, other.offset)


class Batch:
    """A list of `[topic, text, seq]` for a frame, `[session_id]` for a reply that ended or starts over, and `[]` for frames that
    were lost."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._items: list[list[Any]] = []
        self._over: set[str] = set()
        self._pieces: dict[str, list[BatchItem]] = {}
        self._chars = 0

    @property
    def waits(self) -> bool:
        return bool(self._items or self._pieces)

    def frame(self, topic: str, text: str, seq: int | None) -> None:
        self._items.append([topic, text, seq])
        self._count_size(text)

    def piece(self, session_id: str, piece: BatchItem) -> None:
        if piece.offset == 0:
            self.end(session_id)
        known = self._pieces.setdefault(session_id, [])
        if known and known[-1].joins(piece):
            known[-1] = known[-1]._replace(text=known[-1].text + piece.text)
        else:
            known.append(piece)
        self._count_size(piece.text)

    def end(self, session_id: str) -> None:
        self._pieces.pop(session_id, None)
        self._over.add(session_id)
        self._items.append([session_id])

    def drop(self) -> None:
        """Drop everything; the next batch starts by saying so."""
        self._items, self._over, self._pieces, self._chars = [[]], set(), {}, 0

    def write_into(self, pipe: Pipeline) -> None:
        """Write the batch as Redis commands: a piece is stored before it is published, so whoever received it can find it."""
        for session_id in self._over:
            pipe.delete(reply_key(session_id))
        for session_id, pieces in self._pieces.items():
            pipe.rpush(reply_key(session_id), *(to_json(piece).decode() for piece in pieces))
            pipe.expire(reply_key(session_id), REPLY_SECONDS)
        pipe.publish(CHANNEL, f"{self._origin} {to_json(self._items).decode()}")
        self._items, self._over, self._pieces, self._chars = [], set(), {}, 0

    def _count_size(self, text: str) -> None:
        self._chars += len(text)
        if self._chars > MAX_CHARS:
            self.drop()
