"""Fixtures: one real Redis for all contract tests, flushed before each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from backend.messaging.redis_link import RedisLink
from tests.support.redis import RedisServer


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer().start()
    yield server
    server.remove()


@pytest.fixture
def redis(redis_server: RedisServer) -> RedisServer:
    """The shared server, empty."""
    with redis_server.client() as client:
        client.flushall()
    return redis_server


@pytest.fixture
def breakable() -> Iterator[RedisServer]:
    """A server of the test's own, to be harmed."""
    server = RedisServer().start()
    yield server
    server.remove()


@pytest.fixture
async def link(redis: RedisServer) -> AsyncIterator[RedisLink]:
    async with RedisLink(redis.url) as link:
        yield link
