"""A run is a fold over its log: whatever happened so far, the next move is legal, and nothing unapproved is ever it."""

from collections.abc import Iterator
from typing import Any, ClassVar, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.runs import (
    Caps,
    Decide,
    Ended,
    Execute,
    Kind,
    LogEntry,
    Propose,
    Recover,
    Speak,
    Wait,
    next_move,
    unseen_messages,
)
from backend.domain.steps import AskChoice, AskForm, AskText, CallSeveral, CallTool, Field, Option, Reply, Review, Step, dump_step
from backend.engines.build_thread import build_thread

CALL = CallTool("make_payment", {"amount": 500, "to": "Bob"})
EDITED = {"amount": 5, "to": "Bob"}
STEPS: tuple[Step, ...] = (
    CALL,
    Reply(),
    AskText("?"),
    AskChoice("?", (Option("a", "A"),)),
    AskForm("?", (Field("n", "enum", options=(Option("a", "A"),)),)),
    Review("after_planning", "?"),
)
ANSWERS = {
    "tool": ("approve", "reject", "edit"),
    "text": ("submit", "decline"),
    "choice": ("submit", "decline"),
    "form": ("submit", "decline"),
    "checkpoint": ("continue", "skip", "revise"),
}
MOVES = (Decide, Execute, Recover, Speak, Wait, Ended)


@st.composite
def logs(draw: st.DrawFn) -> list[LogEntry]:
    """A plausible life of a run, up to wherever it got."""
    entries: list[LogEntry] = []

    def log(kind: Kind, **data: Any) -> None:
        entries.append(LogEntry(len(entries) + 1, kind, data, 0))
        if draw(st.integers(0, 9)) == 0:
            entries.append(LogEntry(len(entries) + 1, "message", {"message_id": "m", "content": "and another thing"}, 0))

    log("message", message_id="m", content="do it")
    for number in range(draw(st.integers(0, 6))):
        step = draw(st.sampled_from(STEPS))
        log("step", step=dump_step(step), seen=len(entries))
        if isinstance(step, Reply):
            if draw(st.booleans()):
                log("ended", status="completed", content="done")
                return entries
            log("said", message_id="m", content="done, but")
            continue
        if draw(st.integers(0, 5)) == 0:
            log("refused", reason="does not fit")
            continue
        args, request = (step.args if isinstance(step, CallTool) else {}), None
        if not isinstance(step, CallTool) or draw(st.booleans()):
            request = f"req_{number}"
            log("asked", request_id=request)
            status = draw(st.sampled_from(["answered", "expired", "cancelled"]))
            action = (
                draw(st.sampled_from(ANSWERS[step.kind]))
                if status == "answered"
                else draw(st.sampled_from(["reject", "decline", "cancelled"]))
            )
            log(
                "resolved",
                request_id=request,
                status=status,
                action=action,
                values=EDITED if action == "edit" else None,
                feedback=None,
            )
            if action not in ("approve", "edit"):
                continue
            args = EDITED if action == "edit" else args
        log("execution_started", execution_id=f"exe_{number}", tool=CALL.tool, args=args, request_id=request)
        log("execution_finished", execution_id=f"exe_{number}", status="succeeded", result=None)
    if draw(st.booleans()):
        log("ended", status=draw(st.sampled_from(["completed", "error", "cancelled", "stopped"])))
    return entries


def prefixes(log: list[LogEntry]) -> Iterator[list[LogEntry]]:
    return (log[:length] for length in range(1, len(log) + 1))


def solid(log: list[LogEntry]) -> list[LogEntry]:
    return [entry for entry in log if entry.kind != "message"]


class TestNextMove:
    @given(logs())
    def test_is_legal_after_every_prefix_of_a_plausible_log(self, log: list[LogEntry]) -> None:
        for prefix in prefixes(log):
            assert isinstance(next_move(prefix), MOVES)

    @given(logs())
    def test_executes_only_what_was_just_proposed_unasked_or_just_approved(self, log: list[LogEntry]) -> None:
        for prefix in prefixes(log):
            move = next_move(prefix)
            if isinstance(move, Execute):
                last = solid(prefix)[-1]
                if move.request_id is None:
                    assert last.kind == "step" and move.call == CALL
                else:
                    assert last.kind == "resolved" and last.data["request_id"] == move.request_id
                    assert last.data["status"] == "answered" and last.data["action"] in ("approve", "edit")
                    assert move.call.args == (EDITED if last.data["action"] == "edit" else CALL.args)

    @given(logs())
    def test_waits_from_the_question_to_its_answer_and_no_longer(self, log: list[LogEntry]) -> None:
        for prefix in prefixes(log):
            last = solid(prefix)[-1] if solid(prefix) else None
            waiting = last is not None and last.kind == "asked"
            assert isinstance(next_move(prefix), Wait) is waiting

    @given(logs())
    def test_of_a_started_execution_is_to_recover_that_very_call(self, log: list[LogEntry]) -> None:
        for prefix in prefixes(log):
            if solid(prefix) and (last := solid(prefix)[-1]).kind == "execution_started":
                move = next_move(prefix)
                assert isinstance(move, Recover)
                assert (move.execution_id, move.call.args, move.request_id) == (
                    last.data["execution_id"],
                    last.data["args"],
                    last.data["request_id"],
                )

    @given(logs())
    def test_after_the_end_there_is_none(self, log: list[LogEntry]) -> None:
        ended = [entry for entry in log if entry.kind == "ended"]
        assert isinstance(next_move(log), Ended) is bool(ended)

    @given(logs(), st.integers(0, 40))
    def test_is_not_changed_by_a_word_that_joins(self, log: list[LogEntry], at: int) -> None:
        joined = [*log[:at], LogEntry(0, "message", {"message_id": "m", "content": "hurry"}, 0), *log[at:]]
        assert next_move(joined) == next_move(log)

    @pytest.mark.parametrize("status", ["answered", "expired", "cancelled"])
    @pytest.mark.parametrize("action", ["approve", "edit", "reject", "decline", "cancelled", "submit"])
    def test_after_a_question_about_a_call_executes_only_on_a_yes(self, status: str, action: str) -> None:
        log = [
            LogEntry(1, "message", {"message_id": "m", "content": "pay"}, 0),
            LogEntry(2, "step", {"step": dump_step(CALL), "seen": 1}, 0),
            LogEntry(3, "asked", {"request_id": "req"}, 0),
            LogEntry(
                4, "resolved", {"request_id": "req", "status": status, "action": action, "values": EDITED, "feedback": None}, 0
            ),
        ]
        assert isinstance(next_move(log), Execute) is (status == "answered" and action in ("approve", "edit"))

    @pytest.mark.parametrize(
        ("last", "move"),
        [
            (("asked", {"request_id": "req"}), Wait("req")),
            (
                ("execution_started", {"execution_id": "exe_2", "tool": CALL.tool, "args": CALL.args}),
                Recover(CALL, "exe_2", None),
            ),
            (("step", {"step": dump_step(CALL), "seen": 1}), Execute(CALL, None)),
            (("step", {"step": dump_step(Reply()), "seen": 1}), Decide()),
        ],
    )
    def test_is_not_settled_by_the_late_outcome_of_an_earlier_try(self, last: tuple[Any, dict[str, Any]], move: object) -> None:
        tried: list[tuple[Any, dict[str, Any]]] = [
            ("step", {"step": dump_step(CALL), "seen": 0}),
            ("execution_started", {"execution_id": "exe_1", "tool": CALL.tool, "args": CALL.args}),
            ("execution_finished", {"execution_id": "exe_1", "status": "unknown", "result": "?"}),
            last,
            ("execution_finished", {"execution_id": "exe_1", "status": "succeeded", "result": None}),
        ]
        assert next_move([LogEntry(n, kind, data, 0) for n, (kind, data) in enumerate(tried, 1)]) == move

    def test_refuses_a_log_it_does_not_understand(self) -> None:
        bad: Any = "teleported"
        with pytest.raises(ValueError, match="teleported"):
            next_move([LogEntry(1, bad, {}, 0)])

    def test_kinds_are_all_generated(self) -> None:
        known: set[str] = set(get_args(Kind))
        assert known == {
            "message",
            "step",
            "refused",
            "asked",
            "resolved",
            "execution_started",
            "execution_finished",
            "said",
            "ended",
        }


class TestUnseenMessages:
    def test_are_those_after_what_the_engine_saw(self) -> None:
        log = [LogEntry(1, "message", {}, 0), LogEntry(2, "step", {"step": dump_step(Reply()), "seen": 1}, 0)]
        assert not unseen_messages(log)
        assert unseen_messages([*log, LogEntry(3, "message", {}, 0)])
        assert unseen_messages([LogEntry(1, "message", {}, 0)])


class TestCaps:
    CAPS = Caps(steps=3, tokens=100, seconds=2, claims=5)

    @pytest.mark.parametrize(
        ("spent", "named"),
        [
            ({"steps": 3}, "ASSENT_RUN_MAX_STEPS"),
            ({"tokens": 100}, "ASSENT_RUN_MAX_TOKENS"),
            ({"active_ms": 2000}, "ASSENT_RUN_MAX_SECONDS"),
            ({"claims": 6}, "5 times"),
        ],
    )
    def test_name_the_bound_that_is_reached(self, spent: dict[str, int], named: str) -> None:
        assert named in (self.CAPS.broken_by(**{"steps": 0, "tokens": 0, "active_ms": 0, "claims": 0, **spent}) or "")

    def test_say_nothing_below(self) -> None:
        assert self.CAPS.broken_by(steps=2, tokens=99, active_ms=1999, claims=5) is None


class TestSeveralCallsOfOneAnswer:
    OTHER = CallTool("make_payment", {"amount": 300, "to": "Al"})
    BATCH = CallSeveral((CALL, OTHER))
    PUT: ClassVar[list[tuple[Kind, dict[str, Any]]]] = [
        ("message", {"content": "pay"}),
        ("step", {"step": dump_step(BATCH), "seen": 1}),
        ("step", {"step": dump_step(CALL), "seen": 1, "of": 2}),
    ]
    STARTED: ClassVar[tuple[Kind, dict[str, Any]]] = (
        "execution_started",
        {"execution_id": "exe_1", "tool": CALL.tool, "args": CALL.args},
    )

    @staticmethod
    def move_after(*entries: tuple[Kind, dict[str, Any]]) -> Any:
        return next_move([LogEntry(n, kind, data, 0) for n, (kind, data) in enumerate(entries, start=1)])

    @staticmethod
    def resolved(action: str, feedback: str | None = None, status: str = "answered") -> tuple[Kind, dict[str, Any]]:
        return "resolved", {"request_id": "req_1", "status": status, "action": action, "values": None, "feedback": feedback}

    def test_are_put_one_by_one(self) -> None:
        assert self.move_after(*self.PUT[:2]) == Propose(CALL, 2, 1, after_no=False)
        assert self.move_after(*self.PUT) == Execute(CALL, None)
        assert isinstance(self.move_after(*self.PUT, self.STARTED), Recover)
        done: tuple[Kind, dict[str, Any]] = ("execution_finished", {"execution_id": "exe_1", "status": "succeeded", "result": 1})
        assert self.move_after(*self.PUT, self.STARTED, done) == Propose(self.OTHER, 2, 1, after_no=False)
        put: tuple[Kind, dict[str, Any]] = ("step", {"step": dump_step(self.OTHER), "seen": 1, "of": 2})
        assert self.move_after(*self.PUT, self.STARTED, done, put) == Execute(self.OTHER, None)
        assert self.move_after(*self.PUT, self.STARTED, done, put, self.STARTED, done) == Decide()

    def test_go_on_after_a_plain_no_and_say_so(self) -> None:
        asked: tuple[Kind, dict[str, Any]] = ("asked", {"request_id": "req_1"})
        assert self.move_after(*self.PUT, asked) == Wait("req_1")
        assert self.move_after(*self.PUT, asked, self.resolved("reject")) == Propose(self.OTHER, 2, 1, after_no=True)

    @pytest.mark.parametrize(
        "entry",
        [
            ("execution_finished", {"execution_id": "exe_1", "status": "failed", "result": ""}),
            ("execution_finished", {"execution_id": "exe_1", "status": "unknown", "result": ""}),
            ("refused", {"reason": "does not fit"}),
            resolved("reject", "neither of them"),
            resolved("reject", None, "expired"),
            resolved("cancelled", None, "cancelled"),
        ],
    )
    def test_are_the_engines_to_decide_again_after_anything_it_should_hear_of(self, entry: tuple[Kind, dict[str, Any]]) -> None:
        assert self.move_after(*self.PUT, self.STARTED, entry) == Decide()

    def test_that_were_not_put_are_named_to_the_engine(self) -> None:
        entries = [
            LogEntry(n, kind, data, 0) for n, (kind, data) in enumerate([*self.PUT, ("refused", {"reason": "no"})], start=1)
        ]
        notes = [entry.body["text"] for entry in build_thread(entries).entries if entry.kind == "note"]
        assert notes[-1].startswith('Not put to anyone, and not run: make_payment({"amount": 300, "to": "Al"})')
