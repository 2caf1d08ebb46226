"""One open WebSocket with its bounded queue of frames, and the set of all open ones."""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from backend.api.http.problems import problem_document
from backend.api.live import client_frames
from backend.api.live.token_bucket import TokenBucket
from backend.auth.principal import Principal
from backend.db.transaction import dumps
from backend.domain.events import ChannelStatus, ErrorFrame, PlatformStatus, QueueStatus, SocketFrame
from backend.domain.states import ChannelType, ConnectionStatus
from backend.errors import Refusal, TooMany

OUTBOX_FRAMES = 2_000
OUTBOX_CHARS = 4_000_000
CLOSE_S = 2
HEARTBEAT_S = 20
HEARTBEAT_SPREAD, BEATS_AT_LEAST = 8, 20
BURST, PER_SECOND = 300, 60
SOCKETS_PER_PERSON = 50
GOING_AWAY, POLICY, TRY_LATER, SIGNED_OUT = 1012, 1008, 1013, 4401


class MissedFrames(Exception):
    """Frames may be missing: read from SQL."""


class Sockets:
    """The open sockets of this process, counted by person and closed when the process stops."""

    def __init__(self) -> None:
        self._open: set[Socket] = set()
        self._by_person: Counter[str] = Counter()
        self.presences: dict[str, Socket] = {}
        self.queue: QueueStatus = "ok"
        self.wrong: dict[str, str] = {}

    def admit(self, person_id: str) -> None:
        if self._by_person[person_id] >= SOCKETS_PER_PERSON:
            raise TooMany(f"You have {SOCKETS_PER_PERSON} connections open already. Close one.", 5)

    @contextlib.contextmanager
    def register(self, socket: "Socket") -> Iterator[None]:
        self._open.add(socket)
        self._by_person[socket.principal.person.id] += 1
        try:
            yield
        finally:
            self._open.discard(socket)
            self._by_person[socket.principal.person.id] -= 1

    def sign_ins(self) -> list[str]:
        return list({socket.principal.sign_in_id for socket in self._open})

    def end_sign_ins(self, sign_in_ids: set[str]) -> None:
        """Close the sockets of sign-ins that ended."""
        for socket in self._open:
            if socket.principal.sign_in_id in sign_in_ids:
                socket.close(SIGNED_OUT)

    def announce_queue_status(self, status: QueueStatus) -> None:
        """Tell open web apps when the queue becomes degraded and when it works again."""
        if status != self.queue:
            self.queue = status
            for socket in self.presences.values():
                socket.send_frame(PlatformStatus(type="platform_status", queue=status))

    def announce_channel_problem(self, channel: ChannelType, wrong: str | None) -> None:
        """Record what is wrong with this process's connection to a provider (None: nothing any more), and have open web apps
        refetch the channel."""
        if wrong is None:
            self.wrong.pop(channel, None)
        else:
            self.wrong[channel] = wrong
        status = ConnectionStatus.CONNECTED if wrong is None else ConnectionStatus.DEGRADED
        for socket in self.presences.values():
            socket.queue_frame(dumps(ChannelStatus(type="channel_status", channel=channel, status=status)))

    def due_for_heartbeat(self) -> "list[Socket]":
        """The sockets that were sent nothing for HEARTBEAT_S, the longest idle first: of many that were opened together, only so
        many that all have their turn before 30 s, and the loop is not held up for all of them."""
        now = asyncio.get_running_loop().time()
        due = [socket for socket in self._open if socket.heartbeat_at <= now]
        due.sort(key=lambda socket: socket.heartbeat_at)
        return due[: max(BEATS_AT_LEAST, len(self._open) // HEARTBEAT_SPREAD)]

    def close_all(self) -> None:
        for socket in self._open:
            socket.close(GOING_AWAY)

    def __len__(self) -> int:
        return len(self._open)


class Socket:
    """One accepted WebSocket with a bounded queue: a client that reads too slowly is disconnected, and can reconnect with its
    cursor."""

    def __init__(self, ws: WebSocket, principal: Principal, session_id: str | None = None) -> None:
        self.principal = principal
        self.session_id = session_id
        self._clock = asyncio.get_running_loop().time
        self.heartbeat_at = self._clock() + HEARTBEAT_S
        self._beat: int | None = None
        self._ws = ws
        self._outbox: deque[tuple[str, int | None]] = deque()
        self._chars = 0
        self._missed = False
        self._filled = asyncio.Event()
        self._closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._allowance = TokenBucket(BURST, PER_SECOND)

    def queue_frame(self, text: str, seq: int | None = None) -> None:
        """Queue a frame; never waits. Frames after the close are dropped."""
        if self._closed.done():
            return
        self._outbox.append((text, seq))
        self._chars += len(text)
        if len(self._outbox) > OUTBOX_FRAMES or self._chars > OUTBOX_CHARS:
            self.close(TRY_LATER)
        self._filled.set()

    def send_frame(self, frame: SocketFrame) -> None:
        self.queue_frame(dumps(frame))

    def check_log(self, *_: object) -> None:
        """Note that published frames may be missing here."""
        self._missed = True
        self._filled.set()

    def beat(self, last_seq: int) -> None:
        """Have a heartbeat sent once nothing else is queued; `last_seq` is how far the session's log is."""
        self._beat = last_seq
        self._filled.set()

    def drop_passing(self) -> None:
        """Drop queued frames that are not in the log, because the next frame includes them."""
        self._outbox = deque(item for item in self._outbox if item[1] is not None)
        self._chars = sum(len(text) for text, _ in self._outbox)

    def close(self, code: int) -> None:
        if not self._closed.done():
            self._closed.set_result(code)
            self._outbox.clear()

    async def next_frame(self) -> tuple[str, int | None] | int:
        """The next queued frame, or the last number of the session's log where a heartbeat is due. Raises MissedFrames, once
        the queue is empty, if some may be missing."""
        self.heartbeat_at = self._clock() + HEARTBEAT_S
        while not self._outbox:
            if self._missed:
                self._missed = False
                raise MissedFrames
            if self._beat is not None:
                last_seq, self._beat = self._beat, None
                return last_seq
            self._filled.clear()
            await self._filled.wait()
        text, seq = self._outbox.popleft()
        self._chars -= len(text)
        return text, seq

    async def run(self, write: Callable[[], Awaitable[None]], read: Callable[[client_frames.Frame], Awaitable[None]]) -> None:
        """Write and read until one side ends the connection."""
        sides: list[asyncio.Future[Any]] = [asyncio.ensure_future(write()), asyncio.ensure_future(self._read(read))]
        try:
            await asyncio.wait([*sides, self._closed], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for side in sides:
                side.cancel()
            results = await asyncio.gather(*sides, return_exceptions=True)
        if self._closed.done():
            with contextlib.suppress(RuntimeError, TimeoutError, WebSocketDisconnect):
                async with asyncio.timeout(CLOSE_S):
                    await self._ws.close(self._closed.result())
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
                raise result

    async def _read(self, handle: Callable[[client_frames.Frame], Awaitable[None]]) -> None:
        while True:
            message = await self._ws.receive()
            if message["type"] == "websocket.disconnect":
                return
            if not self._allowance.take():
                self.close(POLICY)
                return
            try:
                frame = client_frames.read_frame(dict(message))
            except client_frames.FrameError as error:
                self.send_frame(ErrorFrame(type="error", code="invalid_frame", detail=str(error)))
                continue
            try:
                await handle(frame)
            except Refusal as problem:
                self.send_frame(_problem_frame(problem, frame, self._ws.scope["request_id"]))


def _problem_frame(problem: Refusal, frame: client_frames.Frame, instance: str) -> ErrorFrame:
    """The problem as in HTTP, and the request or message it is about."""
    about = {name: getattr(frame, name) for name in ("client_id", "request_id") if getattr(frame, name, None)}
    told: ErrorFrame = {**problem_document(problem, instance), **about, "type": "error"}  # type: ignore[typeddict-item]
    return told
