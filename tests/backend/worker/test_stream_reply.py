"""A reply that is read while it is written: shown at a pace, by one worker at a time, and said in one place in the end."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from backend.core.inbound import receive_message
from backend.core.outbox.drafts import IN_FLIGHT_MS, begin_draft
from backend.core.runs.claim import Claimed, claim_run
from backend.core.runs.lifecycle import complete_run, end_run
from backend.db import Tx
from backend.db.queries import linked_accounts
from backend.db.queries.runs import run_by_id
from backend.domain.runs import Caps, EngineId
from backend.domain.states import RunStatus
from backend.domain.steps import Usage
from backend.worker import stream_reply
from backend.worker.stream_reply import BUFFER_LONG_S, BUFFER_S, LONG_TEXT, Pace, ReplyStreamer
from channels.contract import InboundMessage
from channels.errors import ChannelError, Disconnected, Rejected, Retryable
from channels.testing import RecordingStreamingChannel
from tests.backend.conftest import Opened
from tests.support.delivery_setup import Outbox

CAPS = Caps(25, 200_000, 600)
THREAD = {"team": "T1", "channel": "C1", "thread_ts": "1.0"}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class TestPace:
    def test_waits_for_a_bufferful_or_a_moment(self) -> None:
        clock = Clock()
        pace = Pace(clock)
        assert pace.left() is None
        pace.grew(10)
        assert pace.left() == BUFFER_S
        clock.now += BUFFER_LONG_S
        assert pace.left() == BUFFER_S - BUFFER_LONG_S
        pace.grew(LONG_TEXT)
        assert pace.left() == 0

    def test_rests_as_long_as_the_channel_wants_after_each_showing(self) -> None:
        clock = Clock()
        pace = Pace(clock)
        pace.grew(LONG_TEXT)
        clock.now += 60
        pace.shown(LONG_TEXT, pause_s=3.0)
        assert pace.left() is None
        pace.grew(10 * LONG_TEXT)
        assert pace.left() == 3.0
        clock.now += 3
        assert pace.left() == 0


class Desk:
    """A person who speaks in a thread, a run that answers, and a channel that shows; it is always time to show more."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.channel = RecordingStreamingChannel()
        self.reply_streamer = ReplyStreamer(opened.db, {"slack": self.channel})
        self.post = Outbox(opened, real={"slack": self.channel})

    async def speak(self, words: str = "hello") -> Claimed:
        said = InboundMessage("slack", self.opened.person.id, words, self.opened.session_id)
        received = await self.opened.db.transact(receive_message, self.opened.person, said)
        return await self.claim(received.run_id)

    async def claim(self, run_id: str) -> Claimed:
        claimed = await self.opened.db.transact(claim_run, run_id, CAPS, EngineId("baml", 1))
        assert claimed is not None
        return claimed

    async def reply(self, claimed: Claimed, *pieces: str) -> None:
        """Write it, and wait until each piece was shown, or will not be."""
        async with self.reply_streamer.streaming(claimed.lease) as growing:
            for piece in pieces:
                growing.add(piece)
                await self.until_shown(growing.text())

    async def until_shown(self, text: str) -> None:
        async with asyncio.timeout(30):
            while not (self.channel.shown and self.channel.shown[-1][0] == text):
                await asyncio.sleep(0.005)

    async def commit(self, claimed: Claimed, text: str) -> None:
        await self.opened.db.transact(complete_run, claimed.lease, text, Usage())
        await self.post.deliver_due()

    async def cancel(self, claimed: Claimed) -> None:
        def cancel(tx: Tx) -> None:
            row = run_by_id(tx, claimed.lease.run_id)
            assert row is not None
            end_run(tx, row, RunStatus.CANCELLED)

        await self.opened.db.transact(cancel)
        await self.post.deliver_due()


@pytest.fixture
async def desk(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(stream_reply, "BUFFER_S", 0.0)
    made = Desk(opened)
    await made.post.link("slack")
    await opened.db.transact(linked_accounts.bind_place, "slack", "T1/C1/1.0", opened.session_id, opened.person.id, THREAD)
    return made


@pytest.fixture
def findings(desk: Desk) -> Iterator[None]:
    yield
    assert [found for found in desk.post.books().findings() if "dlv" in found or "draft" in found] == []


@pytest.mark.usefixtures("findings")
class TestReply:
    async def test_is_said_in_place_of_what_was_shown(self, desk: Desk) -> None:
        claimed = await desk.speak()
        await desk.reply(claimed, "One", ", two")
        assert [text for text, _ in desk.channel.shown] == ["One", "One, two"]
        await desk.commit(claimed, "One, two, three")
        ((words, ref, earlier),) = desk.channel.finished
        assert (words.text, ref, earlier) == ("One, two, three", {"of": words.id}, None) and desk.channel.texts == []

    async def test_that_nothing_was_shown_of_is_said_as_ever(self, desk: Desk) -> None:
        claimed = await desk.speak()
        await desk.commit(claimed, "One")
        assert [words.text for words, _ in desk.channel.texts] == ["One"] and desk.channel.finished == []

    async def test_is_not_shown_where_the_person_speaks_elsewhere(self, desk: Desk, opened: Opened) -> None:
        said = InboundMessage("chat", opened.person.id, "hello", opened.session_id)
        received = await opened.db.transact(receive_message, opened.person, said)
        lease = (await desk.claim(received.run_id)).lease
        of = (lease.run_id, lease.session_id, lease.person_id, lease.token)
        assert await opened.db.transact(begin_draft, *of, {"slack"}) is None

    @pytest.mark.parametrize(
        "error", [Rejected("no"), Disconnected("gone"), Retryable("busy"), Retryable("silence", unknown=True)]
    )
    async def test_is_looked_for_before_it_is_said_where_nobody_knows_what_was_shown(
        self, desk: Desk, error: ChannelError
    ) -> None:
        claimed = await desk.speak()
        failed = asyncio.Event()
        desk.channel.on_partial = _told(failed)
        desk.channel.failures.append(error)
        async with desk.reply_streamer.streaming(claimed.lease) as growing:
            growing.add("One")
            await failed.wait()
        await desk.commit(claimed, "One, two")
        ((words, ref, earlier),) = desk.channel.finished
        assert (words.text, ref) == ("One, two", None)
        assert earlier is not None and earlier["request_id"] == words.id

    async def test_that_slack_puts_off_is_shown_later(self, desk: Desk) -> None:
        claimed = await desk.speak()
        async with desk.reply_streamer.streaming(claimed.lease) as growing:
            growing.add("One")
            await desk.until_shown("One")
            desk.channel.failures.append(Retryable("slow down", "ratelimited", after=0.01))
            growing.add(", two")
            while desk.channel.failures:
                await asyncio.sleep(0.005)
            growing.add(", three")
            await desk.until_shown("One, two, three")

    async def test_is_taken_over_where_it_is_shown_and_left_alone_by_whoever_had_it(self, desk: Desk, opened: Opened) -> None:
        claimed = await desk.speak()
        async with desk.reply_streamer.streaming(claimed.lease) as stale:
            stale.add("The first")
            await desk.until_shown("The first")
            opened.change("UPDATE runs SET lease_until = 0 WHERE id = ?", claimed.lease.run_id)
            taken = await desk.claim(claimed.lease.run_id)
            await desk.reply(taken, "Another")
            stale.add(" attempt")
        assert [text for text, _ in desk.channel.shown] == ["The first", "Another"]
        assert desk.channel.shown[1][1] is not None
        await desk.commit(taken, "Another try")
        assert [words.text for words, *_ in desk.channel.finished] == ["Another try"]

    async def test_of_a_cancelled_run_says_so_once_no_call_can_be_under_way(self, desk: Desk) -> None:
        claimed = await desk.speak()
        await desk.reply(claimed, "One")
        await desk.cancel(claimed)
        assert desk.channel.finished == []
        desk.post.pass_time("slack", IN_FLIGHT_MS / 1000)
        await desk.post.deliver_due()
        assert [words.text for words, *_ in desk.channel.finished] == ["Cancelled."]


class TestThinking:
    async def test_is_seen_while_it_lasts(self, desk: Desk) -> None:
        claimed = await desk.speak()
        async with desk.reply_streamer.thinking(claimed.lease):
            await _until(lambda: desk.channel.typing == [True])
        await _until(lambda: desk.channel.typing == [True, False])

    async def test_that_is_refused_is_not_taken_away_either(self, desk: Desk) -> None:
        desk.channel.failures.append(Rejected("unknown_method"))
        claimed = await desk.speak()
        async with desk.reply_streamer.thinking(claimed.lease):
            await _until(lambda: not desk.channel.failures)
        await _until(lambda: not desk.reply_streamer.background)
        assert desk.channel.typing == []


def _told(event: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def tell(*_: Any) -> None:
        event.set()

    return tell


async def _until(fits: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not fits():
            await asyncio.sleep(0.005)
