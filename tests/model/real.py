"""The same use cases on the platform, over a real PostgreSQL; each says in one word what its caller heard."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select, text

from backend.core.decisions.expire import expire_request
from backend.core.decisions.withdraw import cancel_request
from backend.core.inbound import receive_answer, receive_message
from backend.core.people.accounts import disable_person, enable_person
from backend.core.people.groups import add_members, remove_members
from backend.core.requests.ask import Ask, ask_people
from backend.core.requests.mark_seen import mark_request_seen
from backend.core.requests.recipients import deciders_of
from backend.core.runs.claim import claim_run
from backend.core.runs.lease import Lease, LeaseLost
from backend.core.runs.steps import record_step
from backend.core.runs.tool_executions import finish_execution, start_execution
from backend.core.sessions.sessions import cancel_work
from backend.db import Tx
from backend.db.queries.requests import request_by_id
from backend.db.queries.runs import execution_by_id, run_by_id
from backend.db.tables import group_members, people
from backend.domain.people import Person
from backend.domain.policy import Policy
from backend.domain.runs import Caps, EngineId, Execute
from backend.domain.states import ExecutionStatus, FeedbackType
from backend.domain.steps import CallTool, Usage
from backend.errors import Invalid, NotFound, Refusal
from backend.tools.contract import Tool, ToolContext
from backend.tools.registry import Registry
from channels.contract import InboundAnswer, InboundMessage
from tests.model.plain import LOST, OWNER

CAPS, ENGINE, POLICY = Caps(1000, 10**6, 600), EngineId("model", 1), Policy({})
CALL = CallTool("pay", {"amount": 500})


def pay(context: ToolContext, amount: int) -> dict[str, Any]:
    """Pay."""
    return {"amount": amount}


REGISTRY = Registry([Tool(pay, risk="high", approval="always")])

Call = tuple[Callable[..., Any], tuple[Any, ...]]


@dataclass
class Platform:
    """Ids by the names that the plain world knows things by."""

    people: dict[str, Person]
    session_id: str
    group: str
    requests: dict[str, str] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    leases: dict[str, Lease] = field(default_factory=dict)
    executions: dict[str, str] = field(default_factory=dict)

    def call(self, what: str, args: tuple[Any, ...]) -> Call:
        """The use case and its arguments, by the name of the plain world's method."""
        called: Call = getattr(self, f"_{what}")(*args)
        return called

    def hear(self, what: str, args: tuple[Any, ...], outcome: Any) -> str:
        """What came of it, in the plain world's words; what is new is remembered."""
        match outcome:
            case LeaseLost():
                return LOST
            case Invalid():
                return "invalid"
            case NotFound():
                return "not_found"
            case Refusal():
                return outcome.code
            case BaseException():
                raise outcome
        return str(getattr(self, f"_heard_{what}", lambda args, outcome: "done")(args, outcome))

    def look(self, tx: Tx) -> object:
        """As `World.look`."""
        names = {person.id: name for name, person in self.people.items()}
        seen: dict[str, Any] = {}
        for name, id in self.requests.items():
            row = request_by_id(tx, id)
            assert row is not None
            said = (names[row.response["by"]["id"]], row.response["action"]) if row.status == "answered" else None
            seen[name] = (row.status, said, frozenset(names[person.id] for person in deciders_of(tx, id)))
        found = []
        for run_id in self.runs:
            run = run_by_id(tx, run_id)
            assert run is not None
            states = [(name, execution_by_id(tx, id)) for name, id in self.executions.items()]
            found.append(
                (run.status, sorted((name, row.status) for name, row in states if row is not None and row.run_id == run_id))
            )
        disabled = {names[row.id] for row in tx.all(select(people.c.id).where(people.c.disabled_at.is_not(None)))}
        members = {names[row.person_id] for row in tx.all(select(group_members))}
        return seen, found, disabled, members

    def _ask(self, name: str, to: str, due: bool) -> Call:
        named = self.group if to == "group" else self.people[to].id
        body = {"title": name, "prompt": ""}
        wish = Ask(FeedbackType.TEXT, body, [named], self.session_id, due_in=0.001 if due else None)
        return ask_people, (self.people[OWNER], wish, None)

    def _heard_ask(self, args: tuple[Any, ...], outcome: Any) -> str:
        self.requests[args[0]] = outcome["id"]
        return "asked"

    def _answer(self, name: str, who: str, action: str) -> Call:
        person = self.people[who]
        said = {"feedback": "because"} if action == "submit" else {}
        inbound = InboundAnswer("chat", person.id, self.requests[name], action, **said)  # type: ignore[arg-type]
        return receive_answer, (person, inbound, REGISTRY, POLICY)

    def _heard_answer(self, args: tuple[Any, ...], outcome: Any) -> str:
        return str(outcome["status"])

    def _expire(self, name: str) -> Call:
        return expire_request, (self.requests[name],)

    def _heard_expire(self, args: tuple[Any, ...], outcome: Any) -> str:
        return "expired" if outcome else "nothing"

    def _withdraw(self, name: str) -> Call:
        return cancel_request, (self.people[OWNER], self.requests[name], "chat")

    def _heard_withdraw(self, args: tuple[Any, ...], outcome: Any) -> str:
        return "withdrawn"

    def _see(self, name: str, who: str) -> Call:
        return mark_request_seen, (self.people[who], self.requests[name])

    def _join(self, who: str) -> Call:
        return add_members, (self.group, [_email(who)])

    def _leave(self, who: str) -> Call:
        return remove_members, (self.group, [_email(who)])

    def _disable(self, who: str) -> Call:
        return disable_person, (_email(who),)

    def _enable(self, who: str) -> Call:
        return enable_person, (_email(who),)

    def _say(self) -> Call:
        inbound = InboundMessage("chat", self.people[OWNER].id, "pay", session_id=self.session_id)
        return receive_message, (self.people[OWNER], inbound)

    def _heard_say(self, args: tuple[Any, ...], outcome: Any) -> str:
        return f"run {self.runs.index(outcome.run_id)}"

    def _claim(self, lease: str, run: int) -> Call:
        return claim_run, (self.runs[run], CAPS, ENGINE)

    def _heard_claim(self, args: tuple[Any, ...], outcome: Any) -> str:
        if outcome is None:
            return "nothing"
        self.leases[args[0]] = outcome.lease
        return "claimed"

    def _propose(self, name: str, lease: str, run: int) -> Call:
        return record_step, (replace(self.leases[lease]), CALL, 1, Usage(), REGISTRY, POLICY)

    def _heard_propose(self, args: tuple[Any, ...], outcome: Any) -> str:
        return "asked"

    def _start(self, name: str, lease: str, run: int) -> Call:
        move = Execute(CALL, self.requests[name])
        return start_execution, (replace(self.leases[lease]), move, REGISTRY, POLICY)

    def _heard_start(self, args: tuple[Any, ...], outcome: Any) -> str:
        if outcome is None:
            return "refused"
        self.executions[args[0]] = outcome
        return "started"

    def _finish(self, name: str, lease: str, run: int) -> Call:
        done = (self.executions[name], ExecutionStatus.SUCCEEDED, {"amount": 500})
        return finish_execution, (replace(self.leases[lease]), *done)

    def _cancel(self) -> Call:
        return cancel_work, (self.people[OWNER], self.session_id, "chat")

    def _heard_cancel(self, args: tuple[Any, ...], outcome: Any) -> str:
        return "cancelled" if outcome else "nothing"

    def learn(self, tx: Tx, proposed: list[tuple[str, int]]) -> None:
        """The runs there are now, in the order in which they began, and what was proposed in them."""
        begun = text(
            "SELECT id FROM runs JOIN run_events ON run_events.run_id = id AND run_events.n = 1 "
            "WHERE session_id = :session ORDER BY run_events.xmin::text::bigint"
        )
        self.runs = [row.id for row in tx.all(begun, {"session": self.session_id})]
        for name, run in proposed:
            asked = text("SELECT id FROM feedback_requests WHERE run_id = :run ORDER BY created_at, id")
            new = [row.id for row in tx.all(asked, {"run": self.runs[run]}) if row.id not in self.requests.values()]
            if new:
                self.requests[name] = new[0]


def _email(who: str) -> str:
    return f"{who}@example.org"
