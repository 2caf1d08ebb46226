"""The next step of the ladder: every rule as a row, and the invariants of any history as properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.escalation import (
    LONGEST_RETRY_WAIT_MS,
    MAX_ATTEMPTS,
    RECHECK_MS,
    RETRY_AFTER_CAP_MS,
    SEEN_GRACE_MS,
    DeliveryState,
    DeliveryStatusName,
    GiveUp,
    LadderStep,
    SendStep,
    WaitForAnswer,
    next_escalation,
    retry_delay_ms,
)

NOW = 1_000_000
LADDER = (LadderStep("chat", 60_000), LadderStep("slack", 120_000), LadderStep("email", 0))


def chat(**more: object) -> DeliveryState:
    return DeliveryState(**{"step": 0, "channel": "chat", "status": "sent", "sent_at": NOW, "reached_when_sent": False, **more})  # type: ignore[arg-type]


def slack(status: DeliveryStatusName = "sent", **more: object) -> DeliveryState:
    return DeliveryState(**{"step": 1, "channel": "slack", "status": status, "sent_at": NOW, **more})  # type: ignore[arg-type]


class TestNextMove:
    def test_begins_with_the_first_step(self) -> None:
        assert next_escalation(NOW, LADDER, [], present=False) == SendStep(0)

    def test_goes_past_the_web_chat_at_once_where_nobody_is(self) -> None:
        assert next_escalation(NOW, LADDER, [chat()], present=False) == SendStep(1)

    def test_gives_an_open_tab_a_moment_to_show_the_card(self) -> None:
        assert next_escalation(NOW, LADDER, [chat()], present=True) == WaitForAnswer(NOW + SEEN_GRACE_MS)
        assert next_escalation(NOW + SEEN_GRACE_MS, LADDER, [chat()], present=True) == SendStep(1)

    def test_waits_for_whoever_has_seen_it(self) -> None:
        seen = chat(status="seen", seen_at=NOW + 5)
        assert next_escalation(NOW + 10, LADDER, [seen], present=False) == WaitForAnswer(NOW + 5 + 60_000)
        assert next_escalation(NOW + 60_005, LADDER, [seen], present=False) == SendStep(1)

    @pytest.mark.parametrize("status", ["queued", "sending", "retry_wait"])
    def test_leaves_a_copy_that_is_on_its_way_alone(self, status: DeliveryStatusName) -> None:
        assert next_escalation(NOW, LADDER, [chat(), slack(status, sent_at=None)], present=False) == WaitForAnswer(None)

    def test_asks_elsewhere_while_a_provider_wants_us_to_wait_long(self) -> None:
        soon = slack("retry_wait", sent_at=None, retry_at=NOW + LONGEST_RETRY_WAIT_MS)
        late = slack("retry_wait", sent_at=None, retry_at=NOW + LONGEST_RETRY_WAIT_MS + 1)
        assert next_escalation(NOW, LADDER, [chat(), soon], present=False) == WaitForAnswer(None)
        assert next_escalation(NOW, LADDER, [chat(), late], present=False) == SendStep(2)

    def test_leaves_a_failed_step_at_once(self) -> None:
        assert next_escalation(NOW, LADDER, [chat(), slack("failed", sent_at=None, error="gone")], present=True) == SendStep(2)

    def test_rests_for_good_when_the_last_step_reached_somebody(self) -> None:
        assert next_escalation(NOW + 10**9, LADDER[:2], [chat(), slack()], present=False) == WaitForAnswer(None)

    def test_gives_up_with_the_reason_of_each_step_when_nobody_was_reached(self) -> None:
        failed = slack("failed", sent_at=None, error="channel_not_found")
        assert next_escalation(NOW, LADDER[:2], [chat(), failed], present=False) == GiveUp(
            ("chat: nobody had the web app open", "slack: channel_not_found")
        )

    def test_does_not_give_up_while_the_person_has_the_web_app_open(self) -> None:
        later = NOW + SEEN_GRACE_MS
        assert next_escalation(later, LADDER[:1], [chat()], present=True) == WaitForAnswer(later + RECHECK_MS)
        assert next_escalation(later, LADDER[:1], [chat()], present=False) == GiveUp(("chat: nobody had the web app open",))

    def test_does_not_give_up_while_an_earlier_step_is_still_being_tried(self) -> None:
        later = DeliveryState(step=1, channel="slack", status="failed", error="gone")
        waiting = DeliveryState(step=0, channel="email", status="retry_wait", retry_at=NOW + 10**6)
        assert next_escalation(
            NOW, [LadderStep("email", 0), LadderStep("slack", 0)], [waiting, later], present=False
        ) == WaitForAnswer(None)


OUTCOMES = st.sampled_from(["sent", "failed", "seen"])


class TestLadder:
    @given(
        outcomes=st.lists(OUTCOMES, min_size=1, max_size=6),
        waits=st.lists(st.integers(0, 10**7), min_size=6, max_size=6),
        leaves_after=st.integers(0, 10),
    )
    def test_of_any_history_ends_reached_or_given_up_and_takes_each_step_once(
        self, outcomes: list[DeliveryStatusName], waits: list[int], leaves_after: int
    ) -> None:
        ladder = [LadderStep("slack" if n % 2 else "chat", waits[n]) for n in range(len(outcomes))]
        copies: list[DeliveryState] = []
        now, moves = NOW, 0
        while True:
            moves += 1
            assert moves <= 3 * len(outcomes) + 13, "the ladder does not come to an end"
            move = next_escalation(now, ladder, copies, present=moves <= leaves_after)
            match move:
                case SendStep(step):
                    assert step == len(copies), "a step was left out or taken twice"
                    copies.append(_copy(step, ladder[step], outcomes[step], now))
                case WaitForAnswer(until) if until is not None:
                    assert until > now
                    now = until
                case _:
                    break
        reached = any(copy.reached_at is not None for copy in copies)
        assert isinstance(move, WaitForAnswer) == reached
        assert isinstance(move, GiveUp) == (not reached)
        assert len(copies) == len(ladder), "it stopped before the last step"


def _copy(step: int, on: LadderStep, outcome: DeliveryStatusName, now: int) -> DeliveryState:
    sent = None if outcome == "failed" else now
    seen = now if outcome == "seen" else None
    return DeliveryState(step, on.channel, outcome, sent, seen, reached_when_sent=on.channel != "chat")


class TestRetry:
    @given(tries=st.integers(1, MAX_ATTEMPTS - 1), chance=st.floats(0, 1, exclude_max=True))
    def test_waits_longer_each_time_by_chance_up_to_a_cap(self, tries: int, chance: float) -> None:
        wait = retry_delay_ms(tries, None, chance)
        assert wait is not None and 0 <= wait <= min(60_000, 1_000 * 2**tries)

    @given(after=st.floats(0, 10**9, allow_nan=False), chance=st.floats(0, 1, exclude_max=True))
    def test_is_never_earlier_than_asked_but_for_the_cap(self, after: float, chance: float) -> None:
        wait = retry_delay_ms(1, after, chance)
        assert wait is not None and wait >= round(min(after * 1000, RETRY_AFTER_CAP_MS))
        assert wait <= RETRY_AFTER_CAP_MS

    def test_ends(self) -> None:
        assert retry_delay_ms(MAX_ATTEMPTS, None, 0.5) is None
