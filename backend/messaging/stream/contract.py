"""The stream contract: live and lossy. what is published is a hint, and a subscriber that must not miss anything reads SQL."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

MISSED_TOPIC = "missed"  # published when frames of other processes may have been lost: subscribers check SQL
Listener = Callable[[str, int | None], None]


@dataclass(frozen=True, slots=True)
class ReplySoFar:
    """A reply that is being streamed: its text so far. A higher `attempt` of a run replaces a lower one."""

    run_id: str
    attempt: int
    content: str


class Stream(Protocol):
    """Carries frames to listeners and remembers the reply each session is streaming. Event loop only."""

    def publish(self, topic: str, text: str, seq: int | None = None) -> None:
        """Send `text`, one JSON frame, to every listener of `topic` in any process, in order of publishing. Never raises, never
        waits. `seq` is the frame's number in its session's log, None for a transient frame."""
        ...

    def publish_here(self, topic: str, text: str, seq: int | None = None) -> None:
        """Publish to the listeners of this process only."""
        ...

    def subscribe(self, topics: Iterable[str], listener: Listener) -> Callable[[], None]:
        """Call `listener(text, seq)` for each frame from now on, until the returned function is called."""
        ...

    def extend_reply(self, session_id: str, run_id: str, attempt: int, piece: str) -> int:
        """Append to the session's streamed reply, starting over for another attempt. Returns the piece's offset in code
        points."""
        ...

    async def partial_reply(self, session_id: str) -> ReplySoFar | None:
        """The reply the session is streaming, whichever process streams it. Pieces published meanwhile may be in it."""
        ...

    def end_reply(self, session_id: str) -> None:
        """Forget the session's streamed reply, in every process."""
        ...

    def listeners(self, topic: str) -> int:
        """The number of listeners to `topic` in this process."""
        ...
