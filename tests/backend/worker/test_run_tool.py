"""A tool call: its outcome is recorded and reported correctly, whatever happens to the worker meanwhile."""

import asyncio
import re
from contextlib import suppress

import pytest

from backend.core.runs import lease, lifecycle, tool_executions
from backend.db.queries.runs import void_leases
from backend.worker import advance_run, retry_unavailable
from backend.worker.lease_clock import LeaseTimer, clock
from tests.backend.conftest import Opened
from tests.support.payment_runs import PaymentSetup, start_advancing
from tests.support.unavailable_database import UnavailableDatabase
from tests.support.waiting import wait_for, wait_until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry_unavailable, "RETRY_S", 0.01)
    monkeypatch.setattr(advance_run, "RENEW_S", 0.02)


def stale(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on this process has always just been stopped for longer than a lease."""
    monkeypatch.setattr(LeaseTimer, "left", lambda self: -1.0)


class TestAnOutage:
    async def test_while_the_tool_runs_costs_no_question(self, opened: Opened) -> None:
        shop = PaymentSetup(opened)
        run_id = await shop.approved()
        await wait_for(shop.worker(UnavailableDatabase(opened.db, tool_executions.finish_execution, 20)).advance(run_id))
        assert shop.run(run_id)[:2] == ("completed", "succeeded")
        assert (len(shop.paid), shop.outcomes()) == (1, ["succeeded"])

    async def test_does_not_end_the_renewal_of_the_lease(self, opened: Opened) -> None:
        shop = PaymentSetup(opened)
        door, run_id = shop.door(), await shop.approved()
        work = start_advancing(shop.worker(UnavailableDatabase(opened.db, lease.renew_lease, 3)), run_id)
        await wait_until(lambda: shop.begun)
        until = "SELECT lease_until FROM runs"
        (before,) = opened.on_disk(until)
        await wait_until(lambda: opened.on_disk(until)[0] > before)
        door.set()
        await wait_for(work)
        assert shop.run(run_id)[0] == "completed"

    async def test_while_a_step_is_recorded_neither_ends_the_run_s_work_nor_counts_against_it(self, opened: Opened) -> None:
        shop = PaymentSetup(opened)
        run_id = await shop.approved()
        await wait_for(shop.worker(UnavailableDatabase(opened.db, lifecycle.complete_run, 3)).advance(run_id))
        assert shop.run(run_id) == ("completed", "succeeded", None, 0)


class Unsayable:
    def __str__(self) -> str:
        raise OSError("gone")


class TestAResult:
    @pytest.mark.parametrize(
        "said",
        ["cut \ud83d off", "nothing\x00here", float("nan"), 10**5000, {(): "no key"}, Unsayable()],
        ids=["half a character", "NUL", "NaN", "many digits", "no key", "unsayable"],
    )
    async def test_that_cannot_be_kept_as_it_is_does_not_lose_the_outcome(self, opened: Opened, said: object) -> None:
        shop = PaymentSetup(opened, says=said)
        run_id = await shop.approved()
        await wait_for(shop.worker().advance(run_id))
        assert shop.run(run_id)[:2] == ("completed", "succeeded")
        assert shop.outcomes() == ["succeeded"]

    async def test_that_is_a_refusal_cut_in_the_middle_of_a_character_is_kept(self, opened: Opened) -> None:
        shop = PaymentSetup(opened, fails=("cut \ud83d off",))
        run_id = await shop.approved()
        await wait_for(shop.worker().advance(run_id))
        assert shop.run(run_id)[:2] == ("completed", "failed")


class TestAStoppedWorker:
    async def test_whose_run_was_taken_over_does_not_run_the_call(self, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(advance_run, "RENEW_S", 60)
        shop = PaymentSetup(opened, fenced=True)
        door, run_id = shop.door(), await shop.approved()
        work = start_advancing(shop.worker(), run_id)
        await wait_until(lambda: shop.begun)
        shop.lapse()
        other = shop.worker()
        await wait_for(other.advance(run_id))
        (request,) = await shop.open_requests(run_id)
        note = request["context"]["note"]
        started = r"it was started at [\d:]{8} UTC, and the worker that started it has not reported since\. Looked\."
        assert re.search(started, note)
        stale(monkeypatch)
        door.set()
        await wait_until(lambda: shop.outcomes() == ["failed"])
        with suppress(asyncio.CancelledError):
            await wait_for(work)
        assert shop.paid == []
        closed = await shop.request(request["id"])
        assert "was not run" in closed["closed"]["why"]
        await wait_for(other.advance(run_id))
        assert shop.run(run_id)[:2] == ("completed", "unknown cancelled failed")

    async def test_whose_run_nobody_took_looks_again_and_runs_it(self, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
        shop = PaymentSetup(opened)
        run_id = await shop.approved()
        left = iter([-1.0, 8.0, 8.0, 8.0, 8.0])
        monkeypatch.setattr(LeaseTimer, "left", lambda self: next(left))
        await wait_for(shop.worker().advance(run_id))
        assert shop.run(run_id)[:2] == ("completed", "succeeded")
        assert len(shop.paid) == 1

    async def test_that_is_known_to_have_ended_is_said_to(self, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(advance_run, "RENEW_S", 60)
        shop = PaymentSetup(opened)
        door, run_id = shop.door(), await shop.approved()
        work = start_advancing(shop.worker(), run_id)
        await wait_until(lambda: shop.begun)
        await opened.db.transact(void_leases)
        await wait_for(shop.worker().advance(run_id))
        (request,) = await shop.open_requests(run_id)
        assert "the process that ran it ended before it reported. Looked." in request["context"]["note"]
        door.set()
        await wait_for(work)


class TestStopping:
    async def test_waits_for_the_tool_under_its_lease_and_hands_the_run_over(self, opened: Opened) -> None:
        shop = PaymentSetup(opened)
        door, run_id = shop.door(), await shop.approved()
        work = start_advancing(shop.worker(), run_id)
        await wait_until(lambda: shop.begun)
        work.cancel()
        until = "SELECT lease_until FROM runs"
        (before,) = opened.on_disk(until)
        await wait_until(lambda: opened.on_disk(until)[0] > before)
        assert not work.done()
        door.set()
        with pytest.raises(asyncio.CancelledError):
            await wait_for(work)
        assert shop.outcomes() == ["succeeded"]
        assert opened.on_disk("SELECT status, lease_until FROM runs") == [("pending", None)]

    async def test_gives_up_after_its_grace(self, opened: Opened) -> None:
        shop = PaymentSetup(opened)
        door, run_id = shop.door(), await shop.approved()
        worker = shop.worker()
        work = start_advancing(worker, run_id)
        await wait_until(lambda: shop.begun)
        await wait_for(worker.tool_runner.drain(0.01))
        assert shop.outcomes() == ["started"]
        door.set()
        await wait_for(work)


class TestAHold:
    def test_is_as_long_as_the_lease_at_most(self) -> None:
        hold = LeaseTimer(8.0, clock())
        assert 7 < hold.left() <= 8
        hold.renewed(clock() - 100)
        assert 7 < hold.left() <= 8
