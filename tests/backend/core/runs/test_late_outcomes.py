"""Outcomes that arrive after a time limit or after the run was cancelled."""

from typing import Any

import pytest

from backend.core.sessions.sessions import cancel_work
from backend.worker import advance_run, retry_unavailable
from tests.backend.conftest import Opened
from tests.support.payment_runs import PaymentSetup, start_advancing
from tests.support.waiting import wait_for, wait_until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry_unavailable, "RETRY_S", 0.01)
    monkeypatch.setattr(advance_run, "RENEW_S", 0.02)


class TestALimit:
    async def test_that_is_passed_asks_with_the_true_reason_and_the_outcome_closes_the_question(self, opened: Opened) -> None:
        shop = PaymentSetup(opened, seconds=0.02)
        door, run_id = shop.door(), await shop.approved()
        worker = shop.worker()
        await wait_for(worker.advance(run_id))
        (request,) = await shop.open_requests(run_id)
        note = request["context"]["note"]
        assert note.startswith(
            "It is not known whether the call took effect: pay had not finished after 0.02 seconds and may still"
        )
        assert "Looked." in note and "process" not in note
        door.set()
        await wait_until(lambda: shop.outcomes() == ["succeeded"])
        closed = await shop.request(request["id"])
        assert closed["status"] == "cancelled" and "took effect" in closed["closed"]["why"]
        await wait_for(worker.advance(run_id))
        assert shop.run(run_id)[:2] == ("completed", "unknown cancelled succeeded")
        assert shop.notices() == []

    async def test_of_a_call_that_reports_after_it_was_repeated_leaves_both_facts_and_says_so(self, opened: Opened) -> None:
        shop = PaymentSetup(opened, seconds=0.5)
        door, run_id = shop.door(), await shop.approved()
        worker = shop.worker()
        await wait_for(worker.advance(run_id))
        await shop.answer(run_id)
        await wait_for(worker.advance(run_id))
        assert shop.outcomes() == ["unknown", "succeeded"]
        door.set()
        await wait_until(lambda: shop.outcomes() == ["succeeded", "succeeded"])
        (told,) = shop.notices()
        assert told.startswith('pay {"amount":500} took effect.') and "after the run had ended" in told
        assert told.endswith("It was approved and run again in the meantime, so it has taken effect twice.")

    async def test_closes_the_fence_before_people_are_asked(self, opened: Opened) -> None:
        shop = PaymentSetup(opened, seconds=0.02, fenced=True)
        door, run_id = shop.door(), await shop.approved()
        await wait_for(shop.worker().advance(run_id))
        door.set()
        await wait_until(lambda: shop.outcomes() == ["failed"])
        assert shop.paid == [] and await shop.open_requests(run_id) == []

    async def test_of_a_call_that_reports_before_the_repeat_begins_stops_the_repeat(self, opened: Opened) -> None:
        shop = PaymentSetup(opened, seconds=0.02)
        door, run_id = shop.door(), await shop.approved()
        worker = shop.worker()
        await wait_for(worker.advance(run_id))
        await shop.answer(run_id)
        door.set()
        await wait_until(lambda: shop.outcomes() == ["succeeded"])
        await wait_for(worker.advance(run_id))
        assert (len(shop.paid), shop.outcomes()) == (1, ["succeeded"])
        refused = [entry.data["reason"] for entry in await shop.log(run_id) if entry.kind == "refused"]
        assert refused == ["pay was not run again: an earlier attempt has taken effect."]
        assert len(shop.notices()) == 1

    async def test_of_a_call_that_reports_after_its_repeat_was_given_up_too_withdraws_the_next_repeat(
        self, opened: Opened
    ) -> None:
        shop = PaymentSetup(opened, seconds=0.05)
        (first, second), run_id = (shop.door(), shop.door()), await shop.approved()
        worker = shop.worker()
        await wait_for(worker.advance(run_id))
        await shop.answer(run_id)
        await wait_for(worker.advance(run_id))
        (again,) = await shop.open_requests(run_id)
        first.set()
        await wait_until(lambda: shop.outcomes() == ["succeeded", "unknown"])
        closed = await shop.request(again["id"])
        assert closed["status"] == "cancelled" and "took effect" in closed["closed"]["why"]
        await wait_for(worker.advance(run_id))
        assert (len(shop.paid), shop.run(run_id)[0]) == (1, "completed")
        second.set()
        await wait_until(lambda: shop.outcomes() == ["succeeded", "succeeded"])

    async def test_of_a_call_that_reports_before_its_second_repeat_begins_stops_that(self, opened: Opened) -> None:
        shop = PaymentSetup(opened, seconds=0.05)
        (first, second), run_id = (shop.door(), shop.door()), await shop.approved()
        worker = shop.worker()
        await wait_for(worker.advance(run_id))
        await shop.answer(run_id)
        await wait_for(worker.advance(run_id))
        await shop.answer(run_id)
        first.set()
        await wait_until(lambda: shop.outcomes() == ["succeeded", "unknown"])
        await wait_for(worker.advance(run_id))
        assert len(shop.begun) == 2
        refused = [entry.data["reason"] for entry in await shop.log(run_id) if entry.kind == "refused"]
        assert refused == ["pay was not run again: an earlier attempt has taken effect."]
        second.set()
        await wait_until(lambda: shop.outcomes() == ["succeeded", "succeeded"])

    async def test_of_a_call_that_failed_leaves_open_whether_to_repeat_its_repeat(self, opened: Opened) -> None:
        shop = PaymentSetup(opened, seconds=0.05, fails=("the till is shut",))
        (first, second), run_id = (shop.door(), shop.door()), await shop.approved()
        worker = shop.worker()
        await wait_for(worker.advance(run_id))
        await shop.answer(run_id)
        await wait_for(worker.advance(run_id))
        (again,) = await shop.open_requests(run_id)
        first.set()
        await wait_until(lambda: shop.outcomes() == ["failed", "unknown"])
        assert (await shop.request(again["id"]))["status"] == "pending"
        second.set()
        await wait_until(lambda: shop.outcomes() == ["failed", "succeeded"])
        assert (await shop.request(again["id"]))["status"] == "cancelled"

    async def test_of_a_call_that_reports_while_its_repeat_is_under_way_says_that_it_may_take_effect_twice(
        self, opened: Opened
    ) -> None:
        shop = PaymentSetup(opened, seconds=0.5)
        (first, second), run_id = (shop.door(), shop.door()), await shop.approved()
        worker = shop.worker()
        await wait_for(worker.advance(run_id))
        await shop.answer(run_id)
        work = start_advancing(worker, run_id)
        await wait_until(lambda: len(shop.begun) == 2)
        first.set()
        await wait_until(lambda: shop.outcomes() == ["succeeded", "started"])
        (told,) = shop.notices()
        assert told.endswith("It was approved and started again in the meantime, so it may take effect twice.")
        second.set()
        await wait_for(work)

    async def test_of_a_call_that_reports_while_the_last_word_is_said_changes_that_word(self, opened: Opened) -> None:
        shop = PaymentSetup(opened, seconds=0.02)
        door, run_id = shop.door(), await shop.approved()
        worker = shop.worker()
        await wait_for(worker.advance(run_id))
        await shop.answer(run_id, "reject")
        shop.engine.hangs_in_reply = True
        work = start_advancing(worker, run_id)
        await wait_until(lambda: shop.engine.replied)
        door.set()
        await wait_until(lambda: shop.outcomes() == ["succeeded"])
        shop.engine.go.set()
        await wait_for(work)
        assert shop.run(run_id)[:2] == ("completed", "unknown rejected succeeded")


class TestACancelledRun:
    async def cancelled(self, shop: PaymentSetup) -> tuple[Any, str, Any]:
        """(the door, the run, the worker) of a call that is under way for a run that was cancelled."""
        door, run_id = shop.door(), await shop.approved()
        worker = shop.worker()
        work = start_advancing(worker, run_id)
        await wait_until(lambda: shop.begun)
        await shop.opened.db.transact(cancel_work, shop.opened.person, shop.opened.session_id, "chat")
        await wait_for(work)
        assert shop.run(run_id)[0] == "cancelled"
        return door, run_id, worker

    async def test_whose_tool_hangs_keeps_its_own_record_and_tells_people(self, opened: Opened) -> None:
        shop = PaymentSetup(opened, seconds=0.3)
        door, _, _ = await self.cancelled(shop)
        await wait_until(lambda: shop.outcomes() == ["unknown"])
        (told,) = shop.notices()
        assert "was started before the run was cancelled. It is not known whether the call took effect" in told
        door.set()
        await wait_until(lambda: shop.outcomes() == ["succeeded"])
        assert len(shop.notices()) == 2

    async def test_whose_tool_ends_well_tells_people_so(self, opened: Opened) -> None:
        shop = PaymentSetup(opened)
        door, run_id = shop.door(), await shop.approved()
        work = start_advancing(shop.worker(), run_id)
        await wait_until(lambda: shop.begun)
        await opened.db.transact(cancel_work, opened.person, opened.session_id, "chat")
        await wait_for(work)
        door.set()
        await wait_until(lambda: shop.outcomes() != ["started"])
        (told,) = shop.notices()
        assert told.endswith("The outcome arrived after the run had ended.")
