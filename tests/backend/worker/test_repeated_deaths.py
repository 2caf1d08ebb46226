"""A run is set aside for what it does to its workers, and not for what befell them."""

import asyncio

import pytest

from backend.core.runs import lease
from backend.core.runs.claim import SUSPECT_CLAIMS, claim_run
from backend.core.sessions.sessions import open_session
from backend.worker import advance_run, retry_unavailable
from backend.worker.lease_clock import clock
from tests.backend.conftest import Opened
from tests.support.payment_runs import CAPS, ENGINE, PaymentSetup, start_advancing
from tests.support.waiting import wait_for, wait_until

LONG_AGO = -1000.0


async def die(shop: PaymentSetup, run_id: str, times: int = 1, suspects: bool = True) -> None:
    """As workers do that end right after they have claimed the run."""
    for _ in range(times):
        assert await shop.opened.db.transact(claim_run, run_id, CAPS, ENGINE, suspects) is not None
        shop.lapse()


class TestARun:
    async def test_that_ends_five_workers_at_one_point_is_set_aside_in_true_words(self, opened: Opened) -> None:
        shop = PaymentSetup(opened)
        run_id = await shop.approved()
        await die(shop, run_id, CAPS.claims)
        await wait_for(shop.worker(since=LONG_AGO).advance(run_id))
        status, _, error, _ = shop.run(run_id)
        assert (status, error) == (
            "error",
            "This run was interrupted 5 times at the same point without progress, so it was stopped.",
        )

    async def test_that_gets_further_in_between_is_not(self, opened: Opened) -> None:
        shop = PaymentSetup(opened)
        run_id = await shop.approved()
        for _ in range(3):
            await die(shop, run_id, CAPS.claims - 1)
            claimed = await opened.db.transact(claim_run, run_id, CAPS, ENGINE)
            assert claimed is not None
            await opened.db.transact(lease.log_progress, claimed.lease, [])
            shop.lapse()
        await wait_for(shop.worker(since=LONG_AGO).advance(run_id))
        assert shop.run(run_id)[0] == "completed"

    async def test_under_suspicion_waits_for_a_worker_that_has_been_up_for_a_while(self, opened: Opened) -> None:
        shop = PaymentSetup(opened)
        run_id = await shop.approved()
        await die(shop, run_id, SUSPECT_CLAIMS)
        await wait_for(shop.worker().advance(run_id))
        assert shop.run(run_id)[3] == SUSPECT_CLAIMS and shop.begun == []
        await wait_for(shop.worker(since=clock() - advance_run.WARM_UP_S).advance(run_id))
        assert shop.run(run_id)[0] == "completed"

    async def test_under_suspicion_lets_the_next_go_once_it_gets_further(self, opened: Opened) -> None:
        shop = PaymentSetup(opened)
        door, run_id = shop.door(), await shop.approved()
        opened.session_id = await opened.db.transact(open_session, opened.person, "more")
        second = await shop.approved()
        for each in (run_id, second):
            await die(shop, each, SUSPECT_CLAIMS)
        worker = shop.worker(since=LONG_AGO)
        first, following = start_advancing(worker, run_id), start_advancing(worker, second)
        await wait_until(lambda: shop.begun)
        door.set()
        await wait_for(first)
        await wait_for(following)
        assert [shop.run(each)[0] for each in (run_id, second)] == ["completed", "completed"]

    async def test_under_suspicion_waits_for_its_turn(self, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(advance_run, "SUSPECT_WAIT_S", 0.01)
        shop = PaymentSetup(opened)
        run_id = await shop.approved()
        await die(shop, run_id, SUSPECT_CLAIMS)
        worker = shop.worker(since=LONG_AGO)
        async with worker.suspect_lock:
            await wait_for(worker.advance(run_id))
            assert shop.run(run_id)[3] == SUSPECT_CLAIMS
        await wait_for(worker.advance(run_id))
        assert shop.run(run_id)[0] == "completed"


class TestAClaim:
    async def test_that_a_stopping_worker_hands_over_does_not_count(self, opened: Opened) -> None:
        shop = PaymentSetup(opened)
        run_id = await shop.start()
        shop.engine.hangs = True
        for _ in range(CAPS.claims + 2):
            asked = shop.engine.asked
            work = start_advancing(shop.worker(), run_id)
            await wait_until(lambda asked=asked: shop.engine.asked > asked)  # type: ignore[misc]
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await wait_for(work)
        assert shop.run(run_id) == ("pending", None, None, 0)

    async def test_whose_worker_lives_on_does_not_count(self, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retry_unavailable, "RETRY_S", 0.01)
        monkeypatch.setattr(advance_run, "RENEW_S", 60)
        shop = PaymentSetup(opened)
        run_id = await shop.start()
        shop.engine.hangs = True
        work = start_advancing(shop.worker(), run_id)
        await wait_until(lambda: shop.engine.asked)
        shop.lapse()
        await die(shop, run_id)
        assert shop.run(run_id)[3] == 2
        shop.engine.go.set()
        await wait_for(work)
        assert shop.run(run_id)[3] == 1
