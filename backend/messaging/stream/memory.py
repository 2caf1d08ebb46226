"""The stream inside one process."""

from collections.abc import Callable, Iterable

from backend.messaging.stream.contract import Listener, ReplySoFar


class MemoryStream:
    """See `contract.Stream`."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}
        self._replies: dict[str, tuple[str, int, list[str], int]] = {}

    def publish(self, topic: str, text: str, seq: int | None = None) -> None:
        for listener in tuple(self._listeners.get(topic, ())):
            listener(text, seq)

    publish_here = publish

    def subscribe(self, topics: Iterable[str], listener: Listener) -> Callable[[], None]:
        taken = tuple(topics)
        for topic in taken:
            self._listeners.setdefault(topic, []).append(listener)

        def unsubscribe() -> None:
            for topic in taken:
                listeners = self._listeners.get(topic, [])
                if listener in listeners:
                    listeners.remove(listener)
                if not listeners:
                    self._listeners.pop(topic, None)

        return unsubscribe

    def extend_reply(self, session_id: str, run_id: str, attempt: int, piece: str) -> int:
        known = self._replies.get(session_id)
        parts, offset = (known[2], known[3]) if known and known[:2] == (run_id, attempt) else ([], 0)
        parts.append(piece)
        self._replies[session_id] = (run_id, attempt, parts, offset + len(piece))
        return offset

    async def partial_reply(self, session_id: str) -> ReplySoFar | None:
        known = self._replies.get(session_id)
        return ReplySoFar(known[0], known[1], "".join(known[2])) if known else None

    def end_reply(self, session_id: str) -> None:
        self._replies.pop(session_id, None)

    def listeners(self, topic: str) -> int:
        return len(self._listeners.get(topic, ()))
