"""The campaign, short: every kind of failure of the first channel ends at the next, and the figures mean what they say."""

from pathlib import Path

import pytest

from bench.campaign import FAULTS, Campaign, lower_bound

SHORT, SEED = 60, 7


class TestCampaign:
    async def test_reaches_the_person_by_the_next_channel_whatever_the_first_does(self, tmp_path: Path) -> None:
        result = await Campaign(tmp_path, SEED).run(SHORT)
        assert len(result.injected) == SHORT and set(result.injected.values()) == set(FAULTS)
        assert result.reached == set(result.injected)
        assert (result.lost, result.findings) == (set(), [])
        assert "share 100.0000%" in str(result) and result.at_least > 0.95

    async def test_counts_what_the_next_channel_refused_as_not_reached(self, tmp_path: Path) -> None:
        campaign = Campaign(tmp_path, SEED)
        campaign.break_the_next_channel(times=3)
        result = await campaign.run(SHORT)
        assert len(result.injected) - len(result.reached) == 3
        assert result.lost == set(), "they are dead letters, with their reasons"
        assert result.at_least < 0.95


class TestLowerBound:
    def test_without_failures_is_the_rule_of_three(self) -> None:
        assert lower_bound(3000, 0) == pytest.approx(1 - 3 / 3000, abs=1e-5)

    @pytest.mark.parametrize(("tries", "failures", "bound"), [(4750, 1, 0.999), (100, 5, 0.8977), (10, 10, 0.0)])
    def test_is_exact_with_some(self, tries: int, failures: int, bound: float) -> None:
        assert lower_bound(tries, failures) == pytest.approx(bound, abs=2e-4)
