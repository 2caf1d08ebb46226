"""The contract of a stream, seen from the publishing process and from another one."""

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from backend.messaging.redis_link import RedisLink
from backend.messaging.stream.contract import ReplySoFar, Stream
from backend.messaging.stream.memory import MemoryStream
from backend.messaging.stream.redis import RedisStream
from tests.support.redis import RedisServer
from tests.support.waiting import TIMEOUT_S, wait_until


class Processes(NamedTuple):
    """The streams of two processes; with memory there is one only."""

    one: Stream
    other: Stream


Heard = list[tuple[str, int | None]]


def ear(stream: Stream, *topics: str) -> Heard:
    """Everything said on the topics from now on."""
    heard: Heard = []
    stream.subscribe(topics, lambda text, seq: heard.append((text, seq)))
    return heard


async def connected(*streams: Stream) -> None:
    """Until each hears each."""
    for number, speaker in enumerate(streams):
        for listener in streams:
            heard = ear(listener, "hello?")
            async with asyncio.timeout(TIMEOUT_S):
                while not heard:
                    speaker.publish("hello?", f"{number}")
                    await asyncio.sleep(0.01)


@pytest.fixture(params=["memory", "redis"])
async def processes(request: pytest.FixtureRequest) -> AsyncIterator[Processes]:
    if request.param == "memory":
        stream = MemoryStream()
        yield Processes(stream, stream)
        return
    server: RedisServer = request.getfixturevalue("redis")
    async with (
        RedisLink(server.url) as here,
        RedisStream(here) as one,
        RedisLink(server.url) as there,
        RedisStream(there) as other,
    ):
        await connected(one, other)
        yield Processes(one, other)


async def partial(stream: Stream, session_id: str, wanted: ReplySoFar | None) -> None:
    """Until the stream says that this is the session's reply so far."""
    async with asyncio.timeout(TIMEOUT_S):
        while await stream.partial_reply(session_id) != wanted:
            await asyncio.sleep(0.005)


class TestStream:
    async def test_tells_each_listener_of_a_topic_once_in_order_of_publishing(self, processes: Processes) -> None:
        here, there, elsewhere = ear(processes.one, "a", "b"), ear(processes.other, "b", "a"), ear(processes.other, "c")
        said: Heard = [(f'{{"n":{number},"text":"“é\\u0000😀\\n"}}', number if number % 3 else None) for number in range(200)]
        for number, (text, seq) in enumerate(said):
            processes.one.publish("ab"[number % 2], text, seq)
        assert here == said
        processes.one.publish("c", "done")
        await wait_until(lambda: elsewhere)
        assert there == said and here == said

    async def test_tells_its_own_listeners_before_publish_returns(self, processes: Processes) -> None:
        here = ear(processes.one, "a")
        processes.one.publish("a", "now", 7)
        assert here == [("now", 7)]

    async def test_tells_only_its_own_listeners_what_is_for_them_alone(self, processes: Processes) -> None:
        here, there = ear(processes.one, "a"), ear(processes.other, "a", "end")
        processes.one.publish_here("a", "mine")
        processes.one.publish("end", "end")
        assert here == [("mine", None)]
        await wait_until(lambda: ("end", None) in there)
        assert (len(there) == 1) == (processes.one is not processes.other)

    async def test_tells_nobody_who_left(self, processes: Processes) -> None:
        heard: Heard = []
        leave = processes.other.subscribe(["a"], lambda text, seq: heard.append((text, seq)))
        stayed = ear(processes.other, "a")
        assert processes.other.listeners("a") == 2
        leave()
        leave()
        processes.one.publish("a", "x")
        await wait_until(lambda: stayed)
        assert heard == [] and processes.other.listeners("a") == 1

    async def test_knows_the_reply_a_session_is_in_the_middle_of(self, processes: Processes) -> None:
        one, other = processes
        assert await other.partial_reply("s") is None
        assert [one.extend_reply("s", "run", 1, piece) for piece in ("Grüße", " ", "😀")] == [0, 5, 6]
        for process in processes:
            await partial(process, "s", ReplySoFar("run", 1, "Grüße 😀"))
        assert one.extend_reply("s", "run", 1, "!") == 7
        await partial(other, "s", ReplySoFar("run", 1, "Grüße 😀!"))
        assert await other.partial_reply("another") is None

    async def test_begins_a_reply_anew_with_another_attempt_in_whatever_process(self, processes: Processes) -> None:
        processes.one.extend_reply("s", "run", 1, "first try")
        await partial(processes.other, "s", ReplySoFar("run", 1, "first try"))
        assert processes.other.extend_reply("s", "run", 2, "second") == 0
        for process in processes:
            await partial(process, "s", ReplySoFar("run", 2, "second"))

    async def test_forgets_a_reply_that_is_over_in_every_process(self, processes: Processes) -> None:
        processes.one.extend_reply("s", "run", 1, "words")
        await partial(processes.other, "s", ReplySoFar("run", 1, "words"))
        processes.other.end_reply("s")
        for process in processes:
            await partial(process, "s", None)
        assert processes.one.extend_reply("s", "next", 1, "more") == 0
        await partial(processes.other, "s", ReplySoFar("next", 1, "more"))
