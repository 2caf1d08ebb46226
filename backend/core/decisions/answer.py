"""Answers, withdrawals and time-outs: what ends a question, and what follows for the run that asked it."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from backend.core.decisions.authority import Rules, bring_up_to_date
from backend.core.requests.lifecycle import close_request, shape_request
from backend.core.requests.recipients import NOT_ANY_MORE, deciders_of, may_decide, may_see, was_asked
from backend.core.runs.lifecycle import resume_run
from backend.core.runs.steps import check_call, digest_of
from backend.db import Row, Tx
from backend.db.queries import requests as store
from backend.db.queries.recipients import insert_vote
from backend.domain.answers import Answer, check_answer
from backend.domain.client_views import By, FeedbackRequest, Response
from backend.domain.people import SYSTEM, Person
from backend.domain.policy import Policy, canonical
from backend.domain.requests import question_of, timeout_answer
from backend.domain.states import FeedbackStatus, FeedbackType
from backend.domain.steps import CallTool
from backend.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Problem
from backend.ids import new_id
from backend.timestamps import to_text
from backend.tools.registry import Registry
from channels.text import WHERE


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person wants to say to a request, as it came in. `sent_at`: when they wrote it, where that was earlier;
    `proof`: what it rests on that it was them."""

    action: str
    values: dict[str, Any] | None = None
    feedback: str | None = None
    version: int | None = None
    sent_at: int | None = None
    proof: str = ""


def answer_request(
    tx: Tx, person: Person, request_id: str, decision: Decision, via: str, registry: Registry, policy: Policy
) -> FeedbackRequest | Problem:
    """Take the first valid answer. Returns the decided request, or the refusal to raise once what was found is kept: a
    Conflict (too late, or to what has changed), a Forbidden (may not decide, or no longer).

    Raises NotFound (not theirs), Forbidden (not on this channel) and Invalid (does not fit, nothing kept)."""
    seen = _seen(tx, person, request_id)
    row = bring_up_to_date(tx, seen, Rules(registry, policy))
    if not may_decide(tx, row, person.id):
        return Forbidden(_not_asked(tx, row, person), code="not_a_responder")
    if row.status == FeedbackStatus.PENDING and row.due_at is not None and row.due_at <= tx.now:
        expire_request(tx, request_id)
        row = _load(tx, person, request_id)
    if row.status != FeedbackStatus.PENDING:
        return _late(tx, person, row, decision, via)
    if row.body != seen.body or (decision.version is not None and decision.version != row.version):
        why = f" {row.body['changed']}" if row.body.get("changed") else ""
        said = f"The request was changed since you saw it; look again.{why}"
        return Conflict(said, code="version_conflict", request=shape_request(tx, row))
    _check_channel(row, decision.action, via, policy)
    answer = check_answer(
        question_of(FeedbackType(row.type), row.body, _args_check(row, registry)),
        decision.action,
        decision.values,
        decision.feedback,
    )
    response = _response(answer, {"id": person.id, "name": person.name}, via, tx.now)
    if decision.sent_at is not None:
        response["sent_at"] = to_text(decision.sent_at)
    request = close_request(tx, row, FeedbackStatus.ANSWERED, response, by=person, via=via, proof=decision.proof)
    if request is None:
        return _late(tx, person, _load(tx, person, request_id), decision, via)
    _keep(tx, row, person, via, decision, accepted=True)
    digest = _authorise(tx, row, answer, person, registry, policy)
    insert_vote(tx, request_id=row.id, person_id=person.id, action=answer.action, digest=digest, version=row.version, via=via)
    _resume(tx, row, FeedbackStatus.ANSWERED, answer)
    return request


def _load(tx: Tx, person: Person, request_id: str) -> Row[Any]:
    row = store.request_by_id(tx, request_id)
    if row is None or not may_see(tx, row, person.id):
        raise NotFound("There is no such request, or it is not yours.")
    return row


def _seen(tx: Tx, person: Person, request_id: str) -> Row[Any]:
    """The request, also for somebody whom it was once put to: they are told that it is not any more."""
    row = store.request_by_id(tx, request_id)
    if row is None or not (may_see(tx, row, person.id) or was_asked(tx, row, person.id)):
        raise NotFound("There is no such request, or it is not yours.")
    return row


def _not_asked(tx: Tx, row: Row[Any], person: Person) -> str:
    if was_asked(tx, row, person.id):
        return NOT_ANY_MORE
    names = " or ".join(each.name for each in deciders_of(tx, row.id))
    return f"Only {names} can answer this." if names else "Nobody is left who could answer this."


def _check_channel(row: Row[Any], action: str, via: str, policy: Policy) -> None:
    """Raises Forbidden where the risk is too high to be approved on this channel; saying no is possible everywhere."""
    risk = (row.body.get("action") or {}).get("risk", "low")
    if action in ("approve", "edit") and not policy.may_decide_on(via, risk):
        raise Forbidden(
            f"A call of {risk} risk cannot be approved {WHERE.get(via, via)}; open it in the web app.", code="channel_too_weak"
        )


def _args_check(row: Row[Any], registry: Registry) -> Any:
    """How an edit becomes the arguments of a call: what it does not name stays as it was proposed, and what it names is
    taken as it was written or refused."""
    action = row.body.get("action")
    if not action:
        return None
    return partial(_edit_run_args if row.run_id else _edit_program_args, registry, action)


def _edit_run_args(registry: Registry, action: dict[str, Any], edits: dict[str, Any]) -> dict[str, Any]:
    proposed = action["args"]
    args = check_call(registry, CallTool(action["tool"], proposed | edits))[1]
    _refuse_altered(edits, args)
    _refuse_altered({name: value for name, value in proposed.items() if name not in edits}, args)
    return args


def _edit_program_args(_registry: Registry, action: dict[str, Any], edits: dict[str, Any]) -> dict[str, Any]:
    odd = [name for name in edits if name not in action["args"]]
    if odd:
        raise Invalid(
            "An edit can change the arguments of a call, and add none.",
            errors=[FieldError(name, "is not an argument of this call") for name in odd],
        )
    return {**action["args"], **edits}


def _refuse_altered(written: dict[str, Any], kept: dict[str, Any]) -> None:
    """Raises Invalid where a tool's own normal form is another than what was written."""
    errors = [
        FieldError(name, f"would be used as {canonical(kept.get(name))}: write it like that, or another value")
        for name, value in written.items()
        if not _holds(kept.get(name), value)
    ]
    if errors:
        raise Invalid("The tool would not use every argument as it is written.", errors=errors)


def _holds(kept: Any, written: Any) -> bool:
    """Whether nothing of `written` is another in `kept`, which may have defaults besides. 1 and 1.0 are one number."""
    match written:
        case dict():
            return isinstance(kept, dict) and all(name in kept and _holds(kept[name], item) for name, item in written.items())
        case list():
            return isinstance(kept, list) and len(kept) == len(written) and all(map(_holds, kept, written))
        case _:
            return isinstance(kept, bool) == isinstance(written, bool) and bool(kept == written)


def _response(answer: Answer, by: By, via: str, at: int) -> Response:
    response = Response(action=answer.action, by=by, via=via, at=to_text(at))
    if answer.values is not None:
        response["values"] = answer.values
    if answer.feedback is not None:
        response["feedback"] = answer.feedback
    return response


def _keep(tx: Tx, row: Row[Any], person: Person, via: str, decision: Decision, accepted: bool) -> None:
    store.insert_response(
        tx,
        id=new_id("rsp"),
        request_id=row.id,
        person_id=person.id,
        via=via,
        action=decision.action[:24],
        body={"values": decision.values, "feedback": decision.feedback} if row.erased_at is None else {},
        accepted=accepted,
        at=tx.now,
    )


def _late(tx: Tx, person: Person, row: Row[Any], decision: Decision, via: str) -> Conflict:
    """Keep an answer that came after the fact and say who decided, where and when."""
    _keep(tx, row, person, via, decision, accepted=False)
    tx.audit(
        row.session_id,
        actor=person.id,
        via=via,
        action="feedback.superseded",
        subject=row.id,
        decision=decision.action[:24],
        proof=decision.proof or None,
    )
    return _decided(tx, row)


def _decided(tx: Tx, row: Row[Any]) -> Conflict:
    decided = (
        {name: row.response[name] for name in ("action", "by", "via", "at")}
        if row.response
        else {"action": row.status, "by": (row.closed or {}).get("by"), "via": None, "at": to_text(row.decided_at)}
    )
    return Conflict(_said(row, decided), code="already_decided", decided=decided, request=shape_request(tx, row))


def _said(row: Row[Any], decided: dict[str, Any]) -> str:
    if row.status == FeedbackStatus.ANSWERED:
        where = WHERE.get(decided["via"], f"via {decided['via']}")
        return (
            f"Already answered ({decided['action']}) by {decided['by']['name']} {where} at {decided['at']}. Nothing was changed."
        )
    if row.status == FeedbackStatus.EXPIRED:
        return f"This expired at {decided['at']}; your answer was kept but not used."
    by = f" by {decided['by']['name']}" if decided["by"] else ""
    return f"This was withdrawn{by} at {decided['at']}; your answer was kept but not used."


def _authorise(tx: Tx, row: Row[Any], answer: Answer, person: Person, registry: Registry, policy: Policy) -> str | None:
    """Turn a yes to an agent's call into the one approval its execution will be held against; the digest of what the yes
    is to, where it is one."""
    action = row.body.get("action")
    if not action or answer.action not in ("approve", "edit"):
        return None
    if not row.run_id:
        return str(action["digest"])
    call = CallTool(action["tool"], action["args"] if answer.action == "approve" else answer.values or {})
    if answer.action == "approve":
        digest = action["digest"]
    else:
        tool, args = check_call(registry, call)
        digest = digest_of(tool, args, row.run_id, row.id, policy)
    store.insert_approval(
        tx,
        request_id=row.id,
        run_id=row.run_id,
        tool=call.tool,
        args=canonical(call.args),
        digest=digest,
        decided_by=person.id,
        decided_at=tx.now,
    )
    return str(digest)


def _resume(tx: Tx, row: Row[Any], status: FeedbackStatus, answer: Answer) -> None:
    if row.run_id is None:
        return
    entry = {
        "request_id": row.id,
        "status": status,
        "action": answer.action,
        "values": answer.values,
        "feedback": answer.feedback,
    }
    stop = row.type == FeedbackType.CHECKPOINT and answer.action == "stop"
    resume_run(tx, row.run_id, entry, stop)


def expire_request(tx: Tx, request_id: str) -> bool:
    """Let the due time speak: the announced default becomes the outcome. False when it was decided before, or is not due."""
    row = store.request_by_id(tx, request_id)
    if row is None or row.status != FeedbackStatus.PENDING or row.due_at is None or row.due_at > tx.now:
        return False
    answer = timeout_answer(FeedbackType(row.type), row.body)
    response = _response(answer, {"id": SYSTEM, "name": "nobody"}, "timeout", tx.now)
    why = "nobody answered in time"
    if close_request(tx, row, FeedbackStatus.EXPIRED, response, by=None, via="timeout", why=why) is None:
        return False
    _resume(tx, row, FeedbackStatus.EXPIRED, answer)
    return True


def cancel_request(tx: Tx, person: Person, request_id: str, via: str) -> FeedbackRequest | Conflict:
    """Withdraw a question: its session's owner may. The run that asked goes on with that fact."""
    row = _load(tx, person, request_id)
    if person.id != row.owner_id:
        raise Forbidden("Only the person who asked can withdraw this.")
    request = close_request(tx, row, FeedbackStatus.CANCELLED, None, by=person, via=via)
    if request is None:
        return _decided(tx, _load(tx, person, request_id))
    _resume(tx, row, FeedbackStatus.CANCELLED, Answer("cancelled"))
    return request


def withdraw_request(tx: Tx, row: Row[Any], why: str) -> None:
    """Withdraw an open question in the platform's name. The run that asked goes on with that fact."""
    if close_request(tx, row, FeedbackStatus.CANCELLED, None, by=None, via="api", why=why) is not None:
        _resume(tx, row, FeedbackStatus.CANCELLED, Answer("cancelled"))
