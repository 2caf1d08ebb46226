"""A tool let loose: what came of it is kept, and people are told the truth, whatever became of the worker meanwhile."""

import asyncio
import re
from contextlib import suppress
from typing import Any

import pytest

from backend.core.runs import lease, lifecycle, tool_executions
from backend.core.sessions.sessions import cancel_work
from backend.db.queries.runs import void_leases
from backend.errors import Conflict, Refusal
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


class TestADefinition:
    """What somebody said yes to is the tool as it was declared then, not whatever goes by its name."""

    @pytest.mark.parametrize("changed", [{"description": "Pay, and tip."}, {"risk": "medium"}, {"version": "2"}])
    async def test_that_changed_after_the_approval_is_asked_about_again_and_not_run(
        self, opened: Opened, changed: dict[str, str]
    ) -> None:
        shop = PaymentSetup(opened)
        run_id = await shop.approved()
        before = shop.redeclare(**changed)
        await wait_for(shop.worker().advance(run_id))
        (request,) = await shop.open_requests(run_id)
        assert "changed after it was approved" in request["context"]["note"] and shop.begun == []
        name, value = next(iter(changed.items()))
        assert request["action"][name] == value != getattr(before, name)
        await shop.answer(run_id)
        await wait_for(shop.worker().advance(run_id))
        assert (len(shop.paid), shop.run(run_id)[:2]) == (1, ("completed", "succeeded"))

    @pytest.mark.parametrize("changed", [{"description": "Pay, and tip."}, {"risk": "medium"}, {"version": "2"}])
    async def test_that_changed_before_the_answer_is_shown_and_decided_anew(
        self, opened: Opened, changed: dict[str, str]
    ) -> None:
        shop = PaymentSetup(opened)
        run_id = await shop.start()
        await wait_for(shop.worker().advance(run_id))
        (asked,) = await shop.open_requests(run_id)
        shop.redeclare(**changed)
        for version in (None, asked["version"]):
            refusal = await shop.say(asked["id"], version)
            assert isinstance(refusal, Conflict) and refusal.code == "version_conflict"
            assert refusal.extra["request"]["changed"] == "What pay does, or the rule for it, changed since this was asked."
            if version is None:
                assert "changed since this was asked" in refusal.detail
        (now,) = await shop.open_requests(run_id)
        assert now["version"] == 2 and now["action"]["digest"] != asked["action"]["digest"]
        assert not isinstance(await shop.say(asked["id"], now["version"]), Refusal)
        await wait_for(shop.worker().advance(run_id))
        assert len(shop.paid) == 1

    async def test_that_changed_before_a_repeat_is_asked_about_as_that_repeat(self, opened: Opened) -> None:
        shop = PaymentSetup(opened, seconds=0.05)
        first, run_id = shop.door(), await shop.approved()
        await wait_for(shop.worker().advance(run_id))
        await shop.answer(run_id)
        shop.redeclare(version="2")
        await wait_for(shop.worker().advance(run_id))
        (again,) = await shop.open_requests(run_id)
        assert "changed after it was approved" in again["context"]["note"]
        first.set()
        await wait_until(lambda: shop.outcomes() == ["succeeded"])
        closed = await shop.request(again["id"])
        assert closed["status"] == "cancelled" and "took effect" in closed["closed"]["why"]

    async def test_that_is_as_it_was_runs_after_a_restart(self, opened: Opened) -> None:
        shop = PaymentSetup(opened)
        run_id = await shop.approved()
        shop.redeclare()
        await wait_for(shop.worker().advance(run_id))
        assert len(shop.paid) == 1


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
