"""Who works beside whom: what hangs, fails or raises in one place keeps nothing else from being done."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from backend.auth.passwords import hash_in_thread, verify_in_thread
from backend.core.mail.mailboxes import FETCH_MAIL_JOB
from backend.core.outbox.escalation import DELIVER_JOB
from backend.core.runs.lease import ADVANCE_RUN_JOB
from backend.core.runs.start_run import start_run
from backend.ids import new_id
from backend.messaging.queue.contract import KINDS, Job
from backend.messaging.queue.memory import MemoryQueue
from backend.tools import call_threads
from backend.tools.call_threads import in_thread
from backend.tools.contract import Tool, ToolContext, ToolError
from backend.worker import app
from backend.worker.app import Handler, Worker
from backend.worker.backoff import MAX_S, MIN_S, Backoff
from channels.email.intake import read_mail_in_thread
from tests.backend.conftest import Opened
from tests.support.delivery_setup import Outbox
from tests.support.waiting import wait_for, wait_until

EXPIRED = "SELECT id FROM feedback_requests WHERE status = 'expired'"
DEFAULT_THREADS = 64  # more than the loop's own pool has


async def hang(_: str) -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def working(opened: Opened, handlers: Mapping[str, Handler]) -> AsyncIterator[MemoryQueue]:
    queue = MemoryQueue()
    worker = Worker(opened.db, queue, handlers, every_s=0.01)
    worker.start()
    yield queue
    await worker.drain(0, 60)


@contextmanager
def stuck() -> Iterator[Callable[[], object]]:
    """Work that ends when this is left."""
    ended = threading.Event()
    try:
        yield ended.wait
    finally:
        ended.set()


class TestAWorker:
    def test_has_a_line_and_a_room_for_every_kind(self) -> None:
        assert set(app.CONCURRENCY) == set(app.DUE) == set(KINDS) == {ADVANCE_RUN_JOB, DELIVER_JOB, FETCH_MAIL_JOB}

    @pytest.mark.parametrize("hanging", KINDS)
    async def test_does_what_is_due_of_a_kind_while_all_rooms_of_another_hang(self, opened: Opened, hanging: str) -> None:
        done: list[str] = []

        async def do(id: str) -> None:
            done.append(id)

        handlers = {kind: hang if kind == hanging else do for kind in KINDS}
        async with working(opened, handlers) as queue:
            for number in range(app.CONCURRENCY[hanging] + 10):
                queue.enqueue(Job(hanging, f"hangs_{number}"))
            await wait_until(lambda: queue._lines[hanging].waiting() <= 10)
            others = [Job(kind, f"{kind}_{number}") for number in range(200) for kind in KINDS if kind != hanging]
            for job in others:
                queue.enqueue(job)
            await wait_until(lambda: len(done) == len(others))

    async def test_takes_no_breath_between_deliveries_because_runs_wait_for_models(
        self, opened: Opened, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app, "PAUSE_S", 3600)
        done: list[str] = []

        async def do(id: str) -> None:
            done.append(id)

        async with working(opened, {ADVANCE_RUN_JOB: hang, DELIVER_JOB: do}) as queue:
            for number in range(app.UNTHROTTLED):
                queue.enqueue(Job(ADVANCE_RUN_JOB, f"run_{number}"))
            await wait_until(lambda: queue._lines[ADVANCE_RUN_JOB].waiting() == 0)
            for number in range(20):
                queue.enqueue(Job(DELIVER_JOB, f"dlv_{number}"))
                await wait_until(lambda: len(done) == number + 1)  # noqa: B023


class TestTheReconciler:
    @pytest.fixture
    async def post(self, opened: Opened) -> Outbox:
        office = Outbox(opened)
        await office.link("slack")
        return office

    async def test_lets_due_times_speak_beside_one_that_always_raises(
        self, post: Outbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app, "BATCH", 1)
        broken, sound = [await post.ask() for _ in range(2)]
        post.opened.change("UPDATE feedback_requests SET due_at = ?, body = ? WHERE id = ?", 1, '""', broken)
        post.opened.change("UPDATE feedback_requests SET due_at = ? WHERE id = ?", 2, sound)
        with capture_logs() as logged:
            async with working(post.opened, {}):
                await wait_until(lambda: post.opened.on_disk(EXPIRED) == [(sound,)])
                later = await post.ask()
                post.opened.change("UPDATE feedback_requests SET due_at = ? WHERE id = ?", 2, later)
                await wait_until(lambda: len(post.opened.on_disk(EXPIRED)) == 2)
        assert {entry["job_id"] for entry in logged if entry["event"] == "job.failed"} == {broken}

    async def test_does_not_ring_every_second_for_what_always_raises(
        self, opened: Opened, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backend.worker.backoff.MIN_S", MAX_S)
        tried: list[str] = []

        async def fail(id: str) -> None:
            tried.append(id)
            if id == tried[0]:
                raise RuntimeError("always")

        async def start() -> str:
            of = {"session_id": opened.session_id, "person_id": opened.person.id}
            run_id = new_id("run")
            await opened.db.transact(start_run, run_id, **of, settings={}, message_id="msg", content="hello")
            return run_id

        first = await start()
        async with working(opened, {ADVANCE_RUN_JOB: fail}):
            await wait_until(lambda: tried == [first])
            second = await start()
            await wait_until(lambda: tried.count(second) >= 20)
        assert tried.count(first) == 1


class TestRest:
    def test_doubles_up_to_a_limit_and_ends_with_success(self) -> None:
        now = 0.0
        aside = Backoff(lambda: now)
        key = ("run", "1")
        assert [aside.failed(key) for _ in range(12)] == [min(MIN_S * 2**n, MAX_S) for n in range(12)]
        assert aside.is_waiting(key)
        assert (aside.count("run"), aside.count("other")) == (1, 0)
        aside.succeeded(key)
        assert not aside.is_waiting(key)
        assert aside.failed(key) == MIN_S
        now = MIN_S
        assert not aside.is_waiting(key)
        now = MIN_S + MAX_S + 1
        assert aside.count("run") == 0


class TestThreads:
    async def test_of_passwords_and_mail_are_free_while_the_loops_own_all_hang(self) -> None:
        with stuck() as work:
            hanging = [asyncio.ensure_future(asyncio.to_thread(work)) for _ in range(DEFAULT_THREADS)]
            hashed = await wait_for(hash_in_thread("correct horse"))
            assert await wait_for(verify_in_thread("correct horse", hashed))
            mail = await wait_for(read_mail_in_thread(b"From: a@example.org\r\n\r\nyes", "agent@example.org", "example.org"))
            assert mail.sender == "a@example.org"
        await asyncio.gather(*hanging)

    async def test_of_a_tool_that_hangs_leave_other_tools_and_passwords_free(self, tmp_path: Path) -> None:
        context = ToolContext("exe_1", tmp_path)

        def greet() -> str:
            """Greet."""
            return "hello"

        def stuck_tool() -> str:
            """Never answers."""
            return "never"

        with stuck() as work:
            hanging = [asyncio.ensure_future(in_thread(work, "stuck_tool")) for _ in range(call_threads.MAX_CALLS)]
            await asyncio.sleep(0)
            assert await wait_for(Tool(greet, risk="low", approval="never").run(context, {})) == "hello"
            assert not await wait_for(verify_in_thread("guess", None))
            with pytest.raises(ToolError, match="was not run: 64 calls of it are still running"):
                await wait_for(Tool(stuck_tool, risk="low", approval="never").run(context, {}))
        await asyncio.gather(*hanging)
        assert await wait_for(Tool(stuck_tool, risk="low", approval="never").run(context, {})) == "never"
