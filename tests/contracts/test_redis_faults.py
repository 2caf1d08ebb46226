"""Redis fails in every possible way; the processes continue on their own, and rejoin afterwards."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import pytest
from limits import parse
from structlog.testing import capture_logs

from backend.messaging.queue.contract import Job
from backend.messaging.queue.redis import GROUP, RedisQueue
from backend.messaging.rate_limits.redis import RedisRateWindows
from backend.messaging.redis_link import RedisLink
from backend.messaging.stream.contract import MISSED_TOPIC, ReplySoFar
from backend.messaging.stream.redis import RedisStream
from tests.contracts.test_stream import connected, ear, partial
from tests.support.redis import RedisServer
from tests.support.waiting import TIMEOUT_S, wait_for, wait_until

THREE = parse("3/hour")
STREAM = "assent:jobs:advance_run"


class Process:
    """What one process of ours has of Redis. Each is told apart by what only it was told."""

    def __init__(self, url: str) -> None:
        self.link = RedisLink(url)
        self.queue, self.stream, self.windows = RedisQueue(self.link), RedisStream(self.link), RedisRateWindows(self.link)

    async def __aenter__(self) -> "Process":
        for part in (self.link, self.queue, self.stream):
            await part.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        for part in (self.stream, self.queue, self.link):
            await part.__aexit__()


def replace(server: RedisServer) -> None:
    server.kill()
    server.start()


def tear(server: RedisServer) -> None:
    """As a power cut: the last writes are on disk in part only."""
    server.kill()
    for log in server.home.rglob("*.aof"):
        with log.open("r+b") as file:
            file.truncate(max(0, log.stat().st_size - 20))


class Fault(NamedTuple):
    harm: Callable[[RedisServer], object]
    heal: Callable[[RedisServer], object]


def send(what: signal.Signals) -> Callable[[RedisServer], None]:
    def signal_it(server: RedisServer) -> None:
        assert server.process is not None
        os.kill(server.process.pid, what)

    return signal_it


def say(*words: str) -> Callable[[RedisServer], None]:
    def say_it(server: RedisServer) -> None:
        with server.client() as client:
            client.execute_command(*words)

    return say_it


FAULTS = {
    "stopped": Fault(RedisServer.stop, RedisServer.start),
    "killed": Fault(RedisServer.kill, RedisServer.start),
    "torn": Fault(tear, RedisServer.start),
    "frozen": Fault(send(signal.SIGSTOP), send(signal.SIGCONT)),
    "paused": Fault(say("CLIENT", "PAUSE", "600000"), replace),
    "read-only": Fault(say("REPLICAOF", "127.0.0.1", "1"), say("REPLICAOF", "NO", "ONE")),
    "full": Fault(say("CONFIG", "SET", "maxmemory", "1"), say("CONFIG", "SET", "maxmemory", "0")),
}
everywhere = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)


@pytest.fixture
async def pair(breakable: RedisServer) -> AsyncIterator[tuple[Process, Process]]:
    async with Process(breakable.url) as one, Process(breakable.url) as other:
        await connected(one.stream, other.stream)
        yield one, other


async def together(*processes: Process) -> None:
    """Until every process uses Redis again."""
    for process in processes:
        assert await process.link.until_up(TIMEOUT_S)


async def taken_after(ringer: Process, job: Job, taker: Process) -> None:
    """Ring, again and again as a reconciler does, until the taker has the job. What was rung before may come once more."""

    async def enqueue() -> None:
        while True:
            ringer.queue.enqueue(job)
            await asyncio.sleep(0.05)

    ringing = asyncio.ensure_future(enqueue())
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while await taker.queue.take("advance_run") != job:
                pass
    finally:
        ringing.cancel()


class TestQueue:
    @everywhere
    async def test_serves_its_own_process_without_redis_and_all_of_them_again_with_it(
        self, pair: tuple[Process, Process], breakable: RedisServer, fault: Fault
    ) -> None:
        one, other = pair
        await taken_after(one, Job("advance_run", "before"), other)
        fault.harm(breakable)
        await taken_after(other, Job("advance_run", "meanwhile"), other)
        assert (await wait_for(other.queue.status())).kind == "redis"
        fault.heal(breakable)
        await together(one, other)
        await taken_after(one, Job("advance_run", "after"), other)

    async def test_outlives_the_loss_of_everything_without_a_restart(
        self, pair: tuple[Process, Process], breakable: RedisServer
    ) -> None:
        one, other = pair
        waiting = asyncio.ensure_future(other.queue.take("advance_run"))
        with breakable.client() as client:
            await wait_until(lambda: client.exists(STREAM) and client.xinfo_groups(STREAM))
            client.flushall()
            one.queue.enqueue(Job("advance_run", "after"))
            assert await wait_for(waiting) == Job("advance_run", "after")
            assert [group["name"] for group in client.xinfo_groups(STREAM)] == [GROUP]

    async def test_passes_over_what_is_no_job(self, pair: tuple[Process, Process], breakable: RedisServer) -> None:
        one, other = pair
        with breakable.client() as client:
            for fields in ({"other": "x"}, {"job": ""}, {"job": "no colon"}):
                client.xadd(STREAM, fields)
        await taken_after(one, Job("advance_run", "sound"), other)

    async def test_announces_again_what_a_dead_taker_left_announced(
        self, pair: tuple[Process, Process], breakable: RedisServer
    ) -> None:
        one, other = pair
        one.queue.enqueue(Job("advance_run", "left"))
        with breakable.client() as client:
            await wait_until(lambda: client.xlen(STREAM))
            client.xtrim(STREAM, maxlen=0)
        await taken_after(one, Job("advance_run", "left"), other)

    async def test_hands_back_at_its_end_what_it_fetched_and_nobody_took(self, redis: RedisServer) -> None:
        async with Process(redis.url) as one:
            async with Process(redis.url) as other:
                taking = asyncio.ensure_future(other.queue.take("advance_run"))
                with redis.client() as client:
                    await wait_until(lambda: client.exists(STREAM) and client.xinfo_groups(STREAM))
                    taking.cancel()  # its reader waits at Redis already, and fetches what is rung for next
                    one.queue.enqueue(Job("advance_run", "fetched"))
                    await wait_until(lambda: other.queue._lines["advance_run"]._here.waiting())
            assert await wait_for(one.queue.take("advance_run")) == Job("advance_run", "fetched")


class TestStream:
    @everywhere
    async def test_tells_its_own_process_at_once_and_the_others_to_look_for_themselves(
        self, pair: tuple[Process, Process], breakable: RedisServer, fault: Fault
    ) -> None:
        one, other = pair
        fault.harm(breakable)
        here, there, missed = ear(one.stream, "a"), ear(other.stream, "a"), ear(other.stream, MISSED_TOPIC)
        said = [(f"{number}", number) for number in range(50)]
        for text, seq in said:
            one.stream.publish("a", text, seq)
        assert here == said
        fault.heal(breakable)
        await connected(one.stream, other.stream)
        await wait_until(lambda: there == said or missed)

    @everywhere
    async def test_streams_replies_on(self, pair: tuple[Process, Process], breakable: RedisServer, fault: Fault) -> None:
        one, other = pair
        one.stream.extend_reply("s", "run", 1, "before")
        fault.harm(breakable)
        assert one.stream.extend_reply("s", "run", 1, " after") == 6
        assert await wait_for(one.stream.partial_reply("s")) == ReplySoFar("run", 1, "before after")
        await wait_for(other.stream.partial_reply("s"))
        fault.heal(breakable)
        await connected(one.stream, other.stream)
        one.stream.extend_reply("s", "run", 2, "anew")
        await partial(other.stream, "s", ReplySoFar("run", 2, "anew"))

    async def test_knows_no_reply_that_it_lacks_a_piece_of(self, pair: tuple[Process, Process], breakable: RedisServer) -> None:
        one, other = pair
        one.stream.extend_reply("s", "run", 1, "one ")
        await partial(other.stream, "s", ReplySoFar("run", 1, "one "))
        with breakable.client() as client:
            client.flushall()
        one.stream.extend_reply("s", "run", 1, "two")
        one.stream.publish("said", "so")
        with breakable.client() as client:
            await wait_until(lambda: client.exists("assent:reply:s"))
        assert await other.stream.partial_reply("s") is None

    async def test_tells_of_gaps_after_its_line_was_cut(self, pair: tuple[Process, Process], breakable: RedisServer) -> None:
        one, other = pair
        missed = ear(other.stream, MISSED_TOPIC)
        with breakable.client() as client:
            client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await wait_until(lambda: missed)
        await connected(one.stream, other.stream)

    async def test_says_its_last_words(self, redis: RedisServer) -> None:
        async with Process(redis.url) as other:
            heard = ear(other.stream, "a")
            async with Process(redis.url) as one:
                await connected(one.stream, other.stream)
                for number in range(1000):
                    one.stream.publish("a", f"{number}")
            await wait_until(lambda: len(heard) == 1000)


class TestWindows:
    @everywhere
    async def test_give_nobody_more_than_one_process_would_alone(
        self, pair: tuple[Process, Process], breakable: RedisServer, fault: Fault
    ) -> None:
        one, other = pair
        assert [await process.windows.hit(THREE, "dana") for process in (one, one, other)] == [True] * 3
        assert not await one.windows.hit(THREE, "dana")
        fault.harm(breakable)
        while one.link.up:
            await wait_for(one.windows.hit(THREE, "somebody else"))
        assert [await wait_for(one.windows.hit(THREE, "dana")) for _ in range(3)] == [True, False, False]
        assert await wait_for(one.windows.seconds_left(THREE, "dana")) > 3500
        fault.heal(breakable)
        await together(one, other)
        assert [await one.windows.hit(THREE, "eve") for _ in range(3)] == [True] * 3
        assert not await other.windows.hit(THREE, "eve")

    async def test_forget_only_what_others_counted_when_everything_is_lost(
        self, pair: tuple[Process, Process], breakable: RedisServer
    ) -> None:
        one, other = pair
        assert [await process.windows.hit(THREE, "dana") for process in (one, one, other)] == [True] * 3
        with breakable.client() as client:
            client.flushall()
        assert [await one.windows.hit(THREE, "dana") for _ in range(2)] == [True, False]


class TestLink:
    async def test_begins_without_redis_and_finds_it(self, breakable: RedisServer) -> None:
        breakable.stop()
        async with Process(breakable.url) as process:
            assert await wait_for(process.queue.status()) == ("redis", "degraded", 0)
            breakable.start()
            await together(process)
            assert await wait_for(process.queue.status()) == ("redis", "ok", 0)

    async def test_names_a_refused_password_and_does_not_tell_it(self, breakable: RedisServer) -> None:
        breakable.stop()
        breakable.start("--requirepass", "the right one")
        with capture_logs() as said:
            async with Process(breakable.url.replace("unix://", "unix://:hunter2-wrong@")) as process:
                assert await wait_for(process.queue.status()) == ("redis", "degraded", 0)
        assert "password" in said[0]["error"] and "hunter2" not in str(said)
        async with Process(breakable.url.replace("unix://", "unix://:the right one@")) as process:
            assert (await wait_for(process.queue.status())).status == "ok"

    async def test_says_once_that_redis_went_and_once_that_it_came(self, breakable: RedisServer) -> None:
        with capture_logs() as said:
            async with Process(breakable.url) as process:
                assert process.link.up
                breakable.kill()
                await wait_until(lambda: not process.link.up)
                breakable.start()
                await together(process)
        events = [line["event"] for line in said]
        assert events == ["redis.available", "redis.unavailable", "redis.available"]
