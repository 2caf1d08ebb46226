"""Socket Mode: receive Slack events over a WebSocket that is reopened at once when it is lost.

The client of slack_sdk takes up to 16 s for that: it checks the connection every 5 s and waits 10 s for a dead one to close.
Events that Slack sends meanwhile are lost."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from random import SystemRandom
from typing import Any

import aiohttp

from channels.errors import ChannelError, Retryable
from channels.slack.client import CONNECT_S, TIMEOUT_S

HEARTBEAT_S = 2.0  # a dead connection is detected after one and a half intervals
CLOSE_S, DRAIN_S = 0.5, 30.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 15.0
LOST = (
    "The connection to Slack was lost and is being reopened. Clicks and messages in Slack may not arrive until then: "
    "answer here, or try again in Slack in a moment."
)
REFUSED = (
    "Slack no longer accepts connections from this server ({}). An administrator must check SLACK_APP_TOKEN with `assent doctor`."
)
log = logging.getLogger(__name__)
_random = SystemRandom()

Envelope = dict[str, Any]
Dispatch = Callable[[Mapping[str, Any]], Awaitable[Any]]
OnStatus = Callable[[str | None], None]
Pause = Callable[[float], Awaitable[None]]


class SocketMode:
    """`open_url` asks Slack where to connect. `dispatch` handles the payload of an envelope and returns the response, or None
    not to acknowledge it, so that Slack repeats it. `on_status` is told what is wrong with the connection, None once
    connected."""

    def __init__(
        self, open_url: Callable[[], Awaitable[str]], dispatch: Dispatch, on_status: OnStatus, pause: Pause = asyncio.sleep
    ) -> None:
        self._open_url, self._dispatch, self._on_status, self._pause = open_url, dispatch, on_status, pause
        self._tasks: set[asyncio.Task[None]] = set()
        self._problem: str | None = "not connected yet"
        self._failures = 0

    async def run(self) -> None:
        """Listen until cancelled, and reconnect whenever the connection ends."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S, sock_connect=CONNECT_S)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
            while True:
                try:
                    socket = await self._connect(session)
                except (ChannelError, aiohttp.ClientError, OSError, TimeoutError) as error:
                    await self._back_off(error)
                    continue
                self._failures = 0
                self._set_status(None)
                ends_later = False
                try:
                    ends_later = await self._listen(socket)
                finally:
                    if not ends_later:
                        await _close(socket)
                if ends_later:  # keep reading it while the next one is opened
                    self._start_task(self._finish(socket))
                else:
                    self._set_status(LOST)
                    await self._pause(FIRST_PAUSE_S)

    async def _connect(self, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        url, wait = await self._open_url(), aiohttp.ClientWSTimeout(ws_close=CLOSE_S)
        return await session.ws_connect(url, heartbeat=HEARTBEAT_S, timeout=wait)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        """Listen until the connection ends. True if Slack announced that it will end and another should be opened first."""
        async for message in socket:
            envelope = _parse_envelope(message)
            if envelope.get("type") == "disconnect":
                return True
            if "envelope_id" in envelope:
                self._start_task(self._answer(socket, envelope))
        return False

    async def _finish(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await self._listen(socket)
        await _close(socket)

    def _start_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, socket: aiohttp.ClientWebSocketResponse, envelope: Envelope) -> None:
        reply = await self._dispatch(envelope.get("payload") or {})
        if reply is None:
            return
        acknowledgement = {"envelope_id": envelope["envelope_id"]} | ({"payload": reply} if reply else {})
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):  # not acknowledged: Slack repeats it
            await socket.send_str(json.dumps(acknowledgement))

    async def _back_off(self, error: Exception) -> None:
        """Report the problem once, then wait before the next try, longer each time."""
        refused = isinstance(error, ChannelError) and not isinstance(error, Retryable)
        self._set_status(REFUSED.format(error.reason.rstrip(".")) if refused and isinstance(error, ChannelError) else LOST)
        self._failures += 1
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**self._failures)
        await self._pause(LONGEST_PAUSE_S if refused else _random.uniform(FIRST_PAUSE_S, longest))

    def _set_status(self, problem: str | None) -> None:
        if problem == self._problem:
            return
        if problem is not None:
            log.warning("slack.socket_disconnected", extra={"reason": problem})
        else:
            log.info("slack.socket_connected")
        self._problem = problem
        self._on_status(problem)


async def _close(socket: aiohttp.ClientWebSocketResponse) -> None:
    with contextlib.suppress(OSError, aiohttp.ClientError, TimeoutError):
        await socket.close()


def _parse_envelope(message: aiohttp.WSMessage) -> Envelope:
    """The envelope Slack sent; empty if it is not one."""
    try:
        value = json.loads(message.data) if message.type is aiohttp.WSMsgType.TEXT else {}
    except (ValueError, RecursionError):
        value = {}
    return value if isinstance(value, dict) else {}
