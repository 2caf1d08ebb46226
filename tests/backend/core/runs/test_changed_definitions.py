"""An approval counts for the tool as it was declared when it was approved."""

import pytest

from backend.errors import Conflict, Refusal
from backend.worker import advance_run, retry_unavailable
from tests.backend.conftest import Opened
from tests.support.payment_runs import PaymentSetup
from tests.support.waiting import wait_for, wait_until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry_unavailable, "RETRY_S", 0.01)
    monkeypatch.setattr(advance_run, "RENEW_S", 0.02)


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
