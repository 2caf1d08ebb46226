from typing import Any

from backend.domain.steps import CallTool, Reply, Review
from backend.engines.contract import Entry
from backend.engines.demo.plan import PHASES
from backend.engines.demo.program import decide, write_reply
from tests.support.thread_builders import answer, question, thread, user

NAMES = [phase.checkpoint for phase in PHASES]


def review(entries: list[Entry], **settings: Any) -> Review:
    step = decide(thread(*entries, **settings))
    assert isinstance(step, Review)
    return step


def passed(step: Review, action: str = "continue", feedback: str | None = None) -> list[Entry]:
    return [
        question("checkpoint", step.title, checkpoint=step.checkpoint, artifact=step.artifact),
        answer("checkpoint", action=action, feedback=feedback, checkpoint=step.checkpoint),
    ]


def walk(entries: list[Entry], actions: list[str], **settings: Any) -> list[Entry]:
    for action in actions:
        entries = entries + passed(review(entries, **settings), action)
    return entries


class TestAPlan:
    def test_stops_at_three_checkpoints_and_then_is_finished(self) -> None:
        entries, seen = [user("plan a launch 🚀")], []
        for _ in NAMES:
            step = review(entries)
            seen.append(step.checkpoint)
            assert step.artifact.startswith("# Content plan: a launch 🚀")
            entries += passed(step)
        assert seen == NAMES == ["after_planning", "after_analysis", "before_finalization"]
        assert decide(thread(*entries)) == Reply()
        text = write_reply(thread(*entries)).text
        assert [f"## Phase {number}" in text for number in (1, 2, 3)] == [True] * 3
        assert "The plan is finished" in text

    def test_goes_on_without_a_review_that_is_skipped(self) -> None:
        entries = walk([user("plan x")], ["skip", "continue", "continue"])
        assert "`after_planning` skipped" in write_reply(thread(*entries)).text

    def test_comes_back_to_the_same_checkpoint_visibly_revised(self) -> None:
        entries = [user("plan x")]
        for number, wish in enumerate(("make it shorter", "and funnier"), start=1):
            entries += passed(review(entries), "revise", wish)
            again = review(entries)
            assert again.checkpoint == "after_planning"
            assert f"**Revised ({number}):** {wish}" in again.artifact
        assert "make it shorter" in review(entries).artifact
        entries = walk(entries, ["continue"])
        assert review(entries).checkpoint == "after_analysis"
        assert "and funnier" in review(entries).artifact

    def test_grows_a_phase_at_a_time(self) -> None:
        first = review([user("plan x")])
        assert "Phase 2" not in first.artifact
        assert "Phase 2" in review([user("plan x"), *passed(first)]).artifact

    def test_that_was_stopped_or_withdrawn_is_over(self) -> None:
        begun = [user("plan x")]
        for ending in (answer("checkpoint", action="stop"), answer("checkpoint", "cancelled")):
            whole = thread(*begun, passed(review(begun))[0], ending)
            assert decide(whole) == Reply()
            assert "stopped before it was finished" in write_reply(whole).text

    def test_lets_another_message_be_done_first(self) -> None:
        begun = [user("plan x")]
        entries = [*begun, *passed(review(begun)), user("calc 1+1")]
        assert isinstance(decide(thread(*entries)), CallTool)

    def test_is_not_confused_by_a_second_plan(self) -> None:
        entries = [user("plan alpha"), user("plan beta")]
        topics = []
        for _ in range(6):
            step = review(entries)
            topics.append(step.artifact.partition("\n")[0])
            entries += passed(step)
        assert topics == ["# Content plan: beta"] * 3 + ["# Content plan: alpha"] * 3
        assert decide(thread(*entries)) == Reply()

    def test_takes_braces_in_its_topic_as_text(self) -> None:
        assert "# Content plan: {topic} {0}" in review([user("plan {topic} {0}")]).artifact


class TestARunWithCheckpointsOfItsOwn:
    def test_takes_any_message_as_the_topic_and_stops_only_where_it_is_told(self) -> None:
        settings: dict[str, Any] = {"checkpoints": ["after_analysis"], "language": "English"}
        entries = [user("pay 500 to Bob")]
        step = review(entries, **settings)
        assert step.checkpoint == "after_analysis"
        assert step.artifact.startswith("# Content plan: pay 500 to Bob")
        assert decide(thread(*entries, *passed(step), **settings)) == Reply()

    def test_has_no_reviews_where_none_are_chosen(self) -> None:
        whole = thread(user("Create a content plan"), checkpoints=[])
        assert decide(whole) == Reply()
        assert "no checkpoints were asked for" in write_reply(whole).text

    def test_ignores_checkpoints_it_does_not_know(self) -> None:
        assert decide(thread(user("x"), checkpoints=["before_lunch"])) == Reply()

    def test_takes_in_what_is_said_later(self) -> None:
        settings: dict[str, Any] = {"checkpoints": NAMES}
        entries = [user("a launch"), user("mention the price")]
        assert "**Also taken in:** mention the price" in review(entries, **settings).artifact

    def test_does_not_need_the_word_plan(self) -> None:
        assert review([user("plan a launch")], checkpoints=NAMES).artifact.startswith("# Content plan: a launch")
