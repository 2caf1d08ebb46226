"""The connection to Redis: used while it answers, skipped while it does not, and retried until it does."""

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

UNUSABLE_ERRORS = (RedisError, OSError)  # raised by a command when Redis is down, slow, full, read-only or needs a password
CONNECT_S, ANSWER_S = 1.0, 2.0
CONNECTIONS = 16
FIRST_PAUSE_S, LONGEST_PAUSE_S, STEADY_S = 0.1, 2.0, 10.0
PROBE_KEY, NON_EVICTING_POLICIES = "assent:probe", "noeviction"


class EvictionPolicyError(RedisError):
    """Redis is configured to evict keys when it is short of memory, which would lose counts and queued jobs."""

    def __init__(self, policy: str) -> None:
        super().__init__(f"it evicts keys (maxmemory-policy {policy}); set its maxmemory-policy to noeviction")


async def cancel_tasks(*tasks: asyncio.Task[None]) -> None:
    """Cancel the tasks and wait for them. The Redis client can swallow a cancellation, so it is repeated."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=FIRST_PAUSE_S)


class RedisLink:
    """Shared by the queue, the stream and the rate limits. They check `up` before each command and report failures; only the
    link retries. Nothing sent through it is the only copy of anything."""

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
        """Whether Redis is believed to answer."""
        return self._up.is_set()

    async def until_up(self, seconds: float | None = None) -> bool:
        """Wait for Redis; False when it is still unavailable after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._up.wait()
        return self.up

    def on_up(self, tell: Callable[[], None]) -> None:
        """Call `tell` each time Redis starts to answer."""
        self._on_up.append(tell)

    def failed(self, error: Exception) -> None:
        """Report that a command failed: send no more until a probe succeeds."""
        if self.up:
            log.warning("redis.unavailable", error=str(error) or type(error).__name__)
        self._up.clear()
        self._hurt.set()

    async def __aenter__(self) -> "RedisLink":
        """Connect once, so that a working Redis is used from the start, and keep trying in the background. Raises
        EvictionPolicyError."""
        error = await self._probe()
        if isinstance(error, EvictionPolicyError):
            await self.client.connection_pool.disconnect()
            raise error
        if error is None:
            self._mark_up()
        else:
            log.warning("redis.unavailable_at_start", error=str(error) or type(error).__name__)
        self._keeper = asyncio.create_task(self._keep_connected(), name="redis link")
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._keeper is not None
        await cancel_tasks(self._keeper)
        self._up.clear()
        with contextlib.suppress(*UNUSABLE_ERRORS):
            await self.client.aclose()
            await self.client.connection_pool.disconnect()

    async def _keep_connected(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            if self.up:
                begun = time.monotonic()
                await self._hurt.wait()
                pause = FIRST_PAUSE_S if time.monotonic() - begun > STEADY_S else pause
                await self.client.connection_pool.disconnect(inuse_connections=False)
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 (so that processes do not retry in step)
            pause = min(pause * 2, LONGEST_PAUSE_S)
            if await self._probe() is None:
                self._mark_up()

    def _mark_up(self) -> None:
        log.info("redis.available")
        self._hurt.clear()
        self._up.set()
        for tell in self._on_up:
            tell()

    async def _probe(self) -> Exception | None:
        """Try a write: None when it succeeds, else the error, for instance of a replica or of a Redis that is full or wants a
        password."""
        try:
            await self.client.set(PROBE_KEY, self.origin, ex=60)
            policy = await self._policy()
        except UNUSABLE_ERRORS as error:
            return error
        return None if policy == NON_EVICTING_POLICIES else EvictionPolicyError(policy)

    async def _policy(self) -> str:
        """Redis's eviction policy; assumed to be right when we may not read it."""
        try:
            return str((await self.client.info("memory")).get("maxmemory_policy", NON_EVICTING_POLICIES))
        except NoPermissionError:
            return NON_EVICTING_POLICIES
