"""The demo model's three-phase content plan, with a person's review after each phase."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.domain.steps import Review
from backend.engines.demo.pending_tasks import PendingTask


@dataclass(frozen=True, slots=True)
class Phase:
    checkpoint: str
    name: str
    title: str
    lines: tuple[str, ...]


PHASES = (
    Phase(
        "after_planning",
        "Planning",
        "Review the plan",
        (
            "**Goal:** make {topic} easy to understand for people who hear of it for the first time.",
            "**Audience:** newcomers first, then people who compare alternatives.",
            "**Pieces:** an opening article, a hands-on guide, and a page of questions and answers.",
        ),
    ),
    Phase(
        "after_analysis",
        "Analysis",
        "Review the analysis",
        (
            "**What readers ask first:** what {topic} is for, what it costs, and how to begin.",
            "**What is missing elsewhere:** a worked example from beginning to end.",
            "**Risk:** promising more than can be shown; every claim gets an example or goes.",
        ),
    ),
    Phase(
        "before_finalization",
        "Finalization",
        "Last look before the plan is final",
        (
            "**Week 1:** the opening article on {topic}, reviewed by one newcomer.",
            "**Week 2:** the guide, tried by somebody who did not write it.",
            "**Week 3:** questions and answers, gathered from the first two weeks.",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of the reviews: revisions asked at each checkpoint, passed checkpoints, and whether the plan ended."""

    revisions: dict[str, list[str]]
    passed: dict[str, str]
    over: bool


def next_review(topic: str, task: PendingTask, chosen: Sequence[str] | None, remarks: Sequence[str]) -> Review | None:
    """The next checkpoint to stop at, or None when the plan is finished."""
    progress = review_progress(task)
    if progress.over:
        return None
    for index, phase in enumerate(PHASES):
        if phase.checkpoint not in progress.passed and (chosen is None or phase.checkpoint in chosen):
            artifact = document(topic, PHASES[: index + 1], progress, remarks)
            return Review(phase.checkpoint, phase.title, artifact, f"Phase {index + 1} of {len(PHASES)}: {phase.name.lower()}.")
    return None


def review_progress(task: PendingTask) -> Progress:
    """Fold the checkpoints asked so far and their answers."""
    progress = Progress({}, {}, over=False)
    for question, answer in task.steps:
        name = str(question.body.get("checkpoint", ""))
        action = str((answer or {}).get("action") or "")
        if answer is None or answer.get("status") == "cancelled" or action == "stop":
            return Progress(progress.revisions, progress.passed, over=True)
        if action == "revise":
            progress.revisions.setdefault(name, []).append(str(answer.get("feedback") or "").strip())
        else:
            progress.passed[name] = "skipped" if action == "skip" else str(answer.get("status") if action == "" else "reviewed")
    return progress


def document(topic: str, phases: Sequence[Phase], progress: Progress, remarks: Sequence[str]) -> str:
    """The plan so far in Markdown, with every revision asked for."""
    parts = [f"# Content plan: {one_line(topic)}"]
    for number, phase in enumerate(phases, start=1):
        parts.append(f"## Phase {number}: {phase.name}")
        parts.append(
            "\n".join(f"- {line.format(topic=one_line(topic).replace('{', '(').replace('}', ')'))}" for line in phase.lines)
        )
        revisions = progress.revisions.get(phase.checkpoint, [])
        parts += [f"**Revised ({count}):** {one_line(said) or 'as asked'}" for count, said in enumerate(revisions, start=1)]
    parts += [f"**Also taken in:** {one_line(remark)}" for remark in remarks]
    return "\n\n".join(parts)


def final_text(topic: str, task: PendingTask, remarks: Sequence[str]) -> str:
    """The finished plan and how each phase was reviewed."""
    progress = review_progress(task)
    if progress.over:
        return f"The plan for {one_line(topic)} was stopped before it was finished."
    reviews = ", ".join(f"`{name}` {how}" for name, how in progress.passed.items())
    closing = f"The plan is finished. Reviews: {reviews}." if reviews else "The plan is finished; no checkpoints were asked for."
    return f"{document(topic, PHASES, progress, remarks)}\n\n---\n\n{closing}"


def one_line(text: str) -> str:
    return " ".join(text.split())
