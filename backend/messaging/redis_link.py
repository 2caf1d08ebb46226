"""This process's line to Redis: used while it answers, left alone while it does not, tried again until it does."""

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import Callable
from types import TracebackType

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError, RedisError

from backend.observability.log import get_logger

log = get_logger(__name__)

AWAY = (RedisError, OSError)  # what a command raises when Redis is of no use: gone, slow, full, read-only, locked
CONNECT_S, ANSWER_S = 1.0, 2.0
CONNECTIONS = 16
FIRST_PAUSE_S, LONGEST_PAUSE_S, STEADY_S = 0.1, 2.0, 10.0
PROBE, KEEPING = "assent:probe", "noeviction"


class Evicting(RedisError):
    """Redis throws away what it holds when it is short of memory: counts, and rings that nobody has heard yet."""

    def __init__(self, policy: str) -> None:
        super().__init__(f"it evicts keys (maxmemory-policy {policy}); set its maxmemory-policy to noeviction")


async def ended(*tasks: asyncio.Task[None]) -> None:
    """End the tasks for good. A cancellation that meets the client at the wrong moment is swallowed, so one is not enough."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=FIRST_PAUSE_S)


class RedisLink:
    """What queue, stream and windows share. They ask `up` before each command and report what failed; nobody retries
    alone. Nothing that passes here is the only copy of anything."""

    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=ANSWER_S,
            socket_connect_timeout=CONNECT_S,
            socket_timeout=ANSWER_S,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self.client: Redis = Redis(connection_pool=pool)
        self.origin = uuid.uuid4().hex
        self._up, self._hurt = asyncio.Event(), asyncio.Event()
        self._on_up: list[Callable[[], None]] = []
        self._keeper: asyncio.Task[None] | None = None

    @property
    def up(self) -> bool:
        """Whether commands are worth sending now."""
        return self._up.is_set()

    async def until_up(self, seconds: float | None = None) -> bool:
        """Wait for Redis; False when it is still away after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._up.wait()
        return self.up

    def on_up(self, tell: Callable[[], None]) -> None:
        """Call `tell` each time Redis begins to answer."""
        self._on_up.append(tell)

    def failed(self, error: Exception) -> None:
        """A command got no usable answer: send no more until a probe gets one."""
        if self.up:
            log.warning("redis is away; going on without it", error=str(error) or type(error).__name__)
        self._up.clear()
        self._hurt.set()

    async def __aenter__(self) -> "RedisLink":
        """Try once, so that a Redis that answers is used from the start, and keep trying beside the work. Raises Evicting."""
        error = await self._probe()
        if isinstance(error, Evicting):
            await self.client.connection_pool.disconnect()
            raise error
        if error is None:
            self._come_up()
        else:
            log.warning("redis does not answer; starting without it", error=str(error) or type(error).__name__)
        self._keeper = asyncio.create_task(self._keep(), name="redis link")
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._keeper is not None
        await ended(self._keeper)
        self._up.clear()
        with contextlib.suppress(*AWAY):
            await self.client.aclose()
            await self.client.connection_pool.disconnect()

    async def _keep(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            if self.up:
                begun = time.monotonic()
                await self._hurt.wait()
                pause = FIRST_PAUSE_S if time.monotonic() - begun > STEADY_S else pause
                await self.client.connection_pool.disconnect(inuse_connections=False)
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 (so that processes do not come back in step)
            pause = min(pause * 2, LONGEST_PAUSE_S)
            if await self._probe() is None:
                self._come_up()

    def _come_up(self) -> None:
        log.info("redis answers")
        self._hurt.clear()
        self._up.set()
        for tell in self._on_up:
            tell()

    async def _probe(self) -> Exception | None:
        """None when Redis takes a write, which a replica, a full one and one that wants a password do not; else why not."""
        try:
            await self.client.set(PROBE, self.origin, ex=60)
            policy = await self._policy()
        except AWAY as error:
            return error
        return None if policy == KEEPING else Evicting(policy)

    async def _policy(self) -> str:
        """What Redis does when it is short of memory; a user who may not ask is believed to have seen to it."""
        try:
            return str((await self.client.info("memory")).get("maxmemory_policy", KEEPING))
        except NoPermissionError:
            return KEEPING
