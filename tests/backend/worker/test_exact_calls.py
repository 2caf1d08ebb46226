"""Whatever call a model writes is shown, digested and executed to the byte on the web, in Slack and by mail, or refused with
the reason. The web app's own code is run over the frames that people were sent."""

import asyncio
import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from backend.core.inbound import receive_answer, receive_message
from backend.core.outbox.claim_delivery import question_for
from backend.core.requests.ask import Ask, ask_people
from backend.db import Tx
from backend.db.queries import requests
from backend.domain.json_values import parse_json
from backend.domain.policy import Policy, canonical
from backend.domain.states import FeedbackType
from backend.domain.steps import CallTool, Reply, Step, Usage
from backend.engines.contract import Thread
from backend.engines.decode_step import decode_step
from backend.engines.model_answer import TEXT_LIMIT, UnreadableAnswer
from backend.errors import Refusal
from backend.tools.contract import Tool, ToolContext
from backend.tools.registry import Registry
from channels.contract import ChannelName, InboundAnswer, InboundMessage, Question
from channels.email.grammar.answer_options import available_actions, details_of
from channels.email.write.page import render_text as mail_text
from channels.email.write.question_mail import question_page
from channels.exact_numbers import read_json
from channels.slack.form_inputs import entries_of, fields_of_args
from channels.slack.interaction_payloads import Submission, answer_of_submission
from channels.slack.question_message import message_of
from tests.backend.conftest import Opened, OpenedPostgres, OpenedSqlite
from tests.support.payment_runs import ENGINE, PaymentSetup
from tests.support.proposed_calls import arguments, compact, faults, plain, read, web_shows

EXAMPLES = int(os.environ.get("EXACT_EXAMPLES", "200"))
FRONTEND = Path(__file__).parents[3] / "frontend"
tally: Counter[str] = Counter()
_SPELT = re.compile(r"⟨(?:U\+([0-9A-F]+)|(\d+) spaces)⟩")


class Proposes:
    """Proposes what a model wrote, and ends when it was done."""

    id = ENGINE

    def __init__(self) -> None:
        self.step: Step = Reply()

    async def next_step(self, thread: Thread, tools: Any) -> tuple[Step, Usage]:
        done = any(entry.kind == "call" for entry in thread.entries[thread.start :])
        return (Reply() if done else self.step), Usage(1, 1)

    async def reply(self, thread: Thread) -> Any:
        yield "Done."
        yield Usage(1, 1)


@dataclass
class Desk:
    """A worker whose one tool takes any value, and keeps the very text of what it was run with."""

    opened: Opened
    runner: asyncio.Runner
    ran: list[str] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        def keep(context: ToolContext, value: Any) -> str:
            """Keep a value."""
            self.ran.append(canonical(value))
            return "Kept."

        self.shop = PaymentSetup(self.opened)
        self.shop.registry = Registry([Tool(keep, risk="low", approval="always")])
        self.shop.engine = cast(Any, Proposes())

    def propose(self, written: str, via: ChannelName) -> None:
        """By the agent."""
        self.runner.run(self._propose(written, via))

    def ask(self, written: str) -> None:
        """By a program, whose arguments may be called anything."""
        self.runner.run(self._ask(written))

    async def _ask(self, written: str) -> None:
        parsed = read(written)
        if faults(parsed):
            with pytest.raises(ValueError) as refused:
                parse_json(written)
            assert str(refused.value)
            return
        args = parse_json(written)
        body = {"title": "Keep?", "prompt": "", "action": {"tool": "keep", "args": args, "risk": "low"}}
        asked = await self.opened.db.transact(ask_people, self.opened.person, Ask(FeedbackType.CONFIRMATION, body), None)
        assert not isinstance(asked, Refusal)
        await self._shown(asked["session_id"], asked["id"], parsed)

    async def _propose(self, written: str, via: ChannelName) -> None:
        parsed = read(f'{{"value":{written}}}')
        answer = f'{{"kind":"tool","tool":"keep","args":{{"value":{written}}}}}'
        if faults(parsed, 1) or len(answer) > TEXT_LIMIT:  # it stands one deeper, in the step
            with pytest.raises(UnreadableAnswer) as refused:
                decode_step(answer)
            assert str(refused.value)
            return
        step, expected = decode_step(answer), plain(parsed)
        assert isinstance(step, CallTool) and canonical(step.args) == canonical(expected)

        cast(Proposes, self.shop.engine).step = step
        inbound = InboundMessage("chat", self.opened.person.id, "do")
        run = await self.opened.db.transact(receive_message, self.opened.person, inbound)
        await self.shop.worker().advance(run.run_id)
        (request,) = await self.shop.open_requests(run.run_id)
        await self._shown(run.session_id, request["id"], parsed)
        said = InboundAnswer(via, self.opened.person.id, request["id"], "approve")
        taken = await self.opened.db.transact(receive_answer, self.opened.person, said, self.shop.registry, Policy({}))
        assert not isinstance(taken, Refusal)
        self.ran.clear()
        await self.shop.worker().advance(run.run_id)
        assert self.ran == [canonical(expected["value"])]
        kept = self.opened.on_disk(
            "SELECT a.args, e.args, a.digest, e.digest FROM approvals a JOIN executions e ON e.approval_id = a.request_id "
            f"WHERE a.request_id = '{request['id']}'"
        )
        assert kept == [(canonical(expected), canonical(expected), request["action"]["digest"], request["action"]["digest"])]

    async def _shown(self, session_id: str, request_id: str, parsed: Any) -> None:
        frame, expected = self._frame(session_id), plain(parsed)
        assert f'"args":{compact(expected)}' in frame
        self.frames.append({"frame": frame, **web_shows("keep", parsed)})
        question = await self.opened.db.read(self._question, request_id)
        assert canonical(question.request["action"]["args"]) == canonical(expected)
        shown_in_slack(question, expected)
        shown_by_mail(question, expected)

    def _frame(self, session_id: str) -> str:
        ((frame,),) = self.opened.on_disk(
            f"SELECT frame FROM events WHERE session_id = '{session_id}' AND frame LIKE '{{\"type\":\"request_confirmation\"%'"
        )
        return str(frame)

    def _question(self, tx: Tx, request_id: str) -> Question:
        row = requests.request_by_id(tx, request_id)
        assert row is not None
        return question_for(tx, row, "slack", Policy({}), "https://assent.example")


def shown_in_slack(question: Question, args: dict[str, Any]) -> None:
    """Every argument whole, or no button that approves; a window sent off as it opened changes nothing."""
    blocks = message_of(question)["blocks"]
    buttons = [element["action_id"] for block in blocks if block["type"] == "actions" for element in block["elements"]]
    texts = [text for block in blocks for text in _texts(block)]
    found = {name: value for name, line, value in (text.partition("\n") for text in texts) if line}
    if "approve" in buttons:
        tally["slack"] += 1
        assert canonical({_name(name): read_json(_meant(value)) for name, value in found.items()}) == canonical(args)
    if "edit" in buttons:
        said, errors = answer_of_submission(_untouched(question), question.request)
        assert (said.action, said.values, errors) == ("approve", None, {})


def _texts(block: dict[str, Any]) -> Iterator[str]:
    if block["type"] == "section":
        yield from (
            each["text"]
            for each in (*block.get("fields", ()), block.get("text", {"text": ""}))
            if each.get("type") == "plain_text"
        )


def _untouched(question: Question) -> Submission:
    state: dict[str, Any] = {}
    for block in entries_of(fields_of_args(question.request)):
        element = block["element"]
        given = (
            {"selected_option": element["initial_option"]}
            if "initial_option" in element
            else {"value": element.get("initial_value")}
        )
        state[block["block_id"]] = {"value": given}
    return Submission("T1/U1", "T1", "view", "edit", str(question.request["id"]), 1, "D1", "1.0", state)


def shown_by_mail(question: Question, args: dict[str, Any]) -> None:
    """Every argument whole, or no word that approves."""
    if "approve" not in available_actions(question):
        return
    tally["mail"] += 1
    rows, text = details_of(question.request), mail_text(question_page(question))
    assert canonical({_name(name): read_json(_meant(value)) for name, value in rows}) == canonical(args)
    assert all(value in text for _, value in rows)


def _name(shown: str) -> str:
    return str(read_json(_meant(shown))) if shown.startswith('"') else shown


def _meant(shown: str) -> str:
    """What stands behind invisible characters that are spelt out."""
    return _SPELT.sub(lambda found: chr(int(found[1], 16)) if found[1] else " " * int(found[2]), shown)


def shown_by_the_web_app(frames: list[dict[str, Any]], folder: Path) -> None:
    """The web app's own reader, table, JSON and editor over every frame."""
    lines = folder / "proposed.jsonl"
    lines.write_text("".join(json.dumps(each) + "\n" for each in frames))
    vitest = ["npx", "--no-install", "vitest", "run", "src/features/feedback/exact-arguments.test.ts"]
    done = subprocess.run(
        vitest, cwd=FRONTEND, env={**os.environ, "PROPOSED": str(lines)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.fixture
def desks(file: Path, database_url: str) -> Iterator[list[Desk]]:
    with asyncio.Runner() as runner:
        opened = [OpenedSqlite(file), OpenedPostgres(database_url)]
        for each in opened:
            runner.run(each.fill())
        yield [Desk(each, runner) for each in opened]
        for each in opened:
            each.db.close()


def test_a_call_is_what_a_model_wrote_wherever_it_is_shown_and_when_it_runs(desks: list[Desk], tmp_path: Path) -> None:
    sqlite, postgres = desks

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    @given(arguments, st.sampled_from(["chat", "slack", "email", None]), st.integers(0, 9))
    @example('{"user":725653563933458432,"amount":1.0,"rate":1e-05,"great":1e+16,"zero":-0.0}', "slack", 1)
    @example('{"user":725653563933458432,"amount":1.0,"__proto__":[1],"10":2,"2":"x"}', None, 0)
    def holds(written: str, via: ChannelName | None, database: int) -> None:
        desk = postgres if database == 0 else sqlite
        if via is None:
            desk.ask(written)
        else:
            desk.propose(written, via)

    holds()
    frames = sqlite.frames + postgres.frames
    assert len(frames) > EXAMPLES / 10 and min(tally["slack"], tally["mail"]) > EXAMPLES / 20, tally
    shown_by_the_web_app(frames, tmp_path)
