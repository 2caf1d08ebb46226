"""Record an engine's step, and refuse it or ask a person about it in the same transaction."""

from typing import Any

from backend.core.requests.addressing import Addressed, resolve_recipients
from backend.core.requests.open_request import NewRequest, open_request
from backend.core.runs.call_digest import action_of
from backend.core.runs.lease import Lease, log_progress
from backend.core.runs.lifecycle import set_agent_status
from backend.db import Tx
from backend.db.locks import locks
from backend.db.queries.people import person_by_id
from backend.db.queries.runs import run_log, update_engine_state
from backend.domain.people import AGENT, AGENT_REQUESTER, Person
from backend.domain.policy import Policy
from backend.domain.requests import body_of_step
from backend.domain.runs import Propose, unseen_messages
from backend.domain.states import AgentStatus, ChannelType, FeedbackType, RunStatus
from backend.domain.steps import CallSeveral, CallTool, Decision, Reply, ToolSpec, Usage, dump_step
from backend.errors import FieldError, Invalid
from backend.ids import new_id
from backend.tools.contract import ToolInputError
from backend.tools.registry import Registry


@locks(session="lease.session_id")
def record_step(
    tx: Tx,
    lease: Lease,
    step: Decision,
    seen: int,
    usage: Usage,
    registry: Registry,
    policy: Policy,
    state: dict[str, Any] | None = None,
) -> None:
    """Log what the engine decided after seeing the log up to `seen`, with its state if that changed. If a person must act
    next, open the request and release the lease in the same transaction. Raises LeaseLost."""
    entry = ("step", {"step": dump_step(step), "seen": seen})
    if state is not None:
        update_engine_state(tx, lease.run_id, lease.token, state)
    match step:
        case Reply() | CallSeveral():
            log_progress(tx, lease, [entry], steps=1, usage=usage)
        case CallTool():
            _record_call(tx, lease, entry, step, usage, registry, policy)
        case _:
            try:
                _open_request(tx, lease, [entry], FeedbackType(step.kind), body_of_step(step), usage)
            except Invalid as error:
                log_progress(tx, lease, [entry, _refusal(error)], steps=1, usage=usage)


@locks(session="lease.session_id")
def propose_next_call(tx: Tx, lease: Lease, move: Propose, registry: Registry, policy: Policy) -> None:
    """Record the next of several proposed calls as a step of its own, unless the engine must decide again: a person wrote
    meanwhile, or rejected a call and would not be asked about this one. Raises LeaseLost."""
    if unseen_messages(run_log(tx, lease.run_id)):
        log_progress(tx, lease, [("refused", {"reason": "A person wrote while further calls were waiting."})])
    elif move.after_no and not _needs_approval(registry, policy, move.call):
        reason = "A person rejected a call, and the next one would run without approval."
        log_progress(tx, lease, [("refused", {"reason": reason})])
    else:
        entry = ("step", {"step": dump_step(move.call), "seen": move.seen, "of": move.of})
        _record_call(tx, lease, entry, move.call, Usage(), registry, policy)


def _needs_approval(registry: Registry, policy: Policy, call: CallTool) -> bool:
    try:
        return policy.needs_approval(*check_call(registry, call))
    except Invalid:
        return False


def _record_call(
    tx: Tx, lease: Lease, entry: tuple[str, Any], call: CallTool, usage: Usage, registry: Registry, policy: Policy
) -> None:
    try:
        tool, args = check_call(registry, call)
    except Invalid as error:
        log_progress(tx, lease, [entry, _refusal(error)], steps=1, usage=usage)
        return
    if policy.needs_approval(tool, args):
        ask_approval(tx, lease, [entry], tool, args, call.reason, policy, usage=usage)
    else:
        log_progress(tx, lease, [entry], steps=1, usage=usage)


def check_call(registry: Registry, call: CallTool) -> tuple[ToolSpec, dict[str, Any]]:
    """The tool and the call's validated arguments. Raises Invalid for an unknown tool or invalid arguments."""
    tool = registry.get(call.tool)
    if tool is None:
        raise Invalid(f"There is no tool {call.tool!r}; the tools are {', '.join(spec.name for spec in registry.specs())}.")
    try:
        return tool.spec, tool.validate(call.args)
    except ToolInputError as error:
        raise Invalid(
            f"{call.tool} was called with invalid arguments.", errors=[FieldError(*item) for item in error.errors]
        ) from None


def _refusal(error: Invalid) -> tuple[str, dict[str, Any]]:
    reasons = [error.detail, *(f"{item.field}: {item.message}" for item in error.errors)]
    return ("refused", {"reason": " ".join(reasons)})


def ask_approval(
    tx: Tx,
    lease: Lease,
    entries: list[tuple[str, Any]],
    tool: ToolSpec,
    args: dict[str, Any],
    reason: str,
    policy: Policy,
    *,
    usage: Usage | None = None,
    title: str | None = None,
    note: str | None = None,
    repeats: str | None = None,
) -> None:
    """Ask a person to approve one exact call; what they see is what is digested and executed. `repeats`: the execution with
    an unknown outcome that an approval would repeat."""
    request_id = new_id("req")
    action = action_of(tool, args, lease.run_id, request_id, policy)
    body: dict[str, Any] = {"title": title or f"Run {tool.name}?", "prompt": reason, "action": action}
    if note:
        body["context"] = {"note": note}
    try:
        to = approvers(tx, tool, policy, lease.person_id)
    except Invalid as error:
        log_progress(tx, lease, [*entries, _refusal(error)], steps=1, usage=usage)
        return
    rule = policy.rule_of_votes(tool)
    _open_request(tx, lease, entries, FeedbackType.CONFIRMATION, body, usage, request_id, to, repeats, rule)


def approvers(tx: Tx, tool: ToolSpec, policy: Policy, asker_id: str) -> Addressed | None:
    """Who may approve the tool's calls; None: the session's owner. Raises Invalid if nobody may."""
    names = policy.approvers_of(tool)
    if not names:
        return None
    to = resolve_recipients(tx, names, "approvers")
    if policy.rule_of_votes(tool) is None:
        return to
    others = [person for person in to.people if person.id != asker_id]
    if not others:
        raise Invalid(
            "Only the person who asks could approve this, which the rule does not allow.",
            errors=[FieldError("approvers", f"{tool.name} needs somebody else's approval")],
        )
    return Addressed(to.addressees, others)


def _open_request(
    tx: Tx,
    lease: Lease,
    entries: list[tuple[str, Any]],
    type: FeedbackType,
    body: dict[str, Any],
    usage: Usage | None,
    request_id: str | None = None,
    to: Addressed | None = None,
    repeats: str | None = None,
    rule: dict[str, Any] | None = None,
) -> None:
    row = person_by_id(tx, lease.person_id)
    assert row is not None, "a run belongs to a person"
    person = Person(row.id, row.name)
    request_id = request_id or new_id("req")
    asked = NewRequest(
        id=request_id,
        type=type,
        session_id=lease.session_id,
        owner_id=person.id,
        body=body,
        to=to.people if to else [person],
        addressed=to.addressees if to else None,
        rule=rule,
        requester=AGENT_REQUESTER,
        actor=AGENT,
        via=ChannelType.CHAT,
        run_id=lease.run_id,
    )
    open_request(tx, asked)
    entry = {"request_id": request_id} | ({"repeats": repeats} if repeats else {})
    log_progress(tx, lease, [*entries, ("asked", entry)], to=RunStatus.WAITING_FEEDBACK, steps=1, usage=usage)
    set_agent_status(tx, lease.session_id, AgentStatus.WAITING_FEEDBACK, body["title"])
