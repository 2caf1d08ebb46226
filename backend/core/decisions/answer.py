"""Answer a request: check who answers and what, close the request, and resume the run that asked."""

from typing import Any

from backend.core.decisions.approvals import record_approval
from backend.core.decisions.authority import Rules, bring_up_to_date
from backend.core.decisions.edited_arguments import arguments_check
from backend.core.decisions.expire import expire_request
from backend.core.decisions.late_answers import record_response, refuse_late_answer
from backend.core.decisions.response import Decision, response_of
from backend.core.decisions.resume_run import hand_outcome_to_run
from backend.core.requests.close_request import close_request
from backend.core.requests.recipients import NO_LONGER_ASKED, deciders_of, may_decide, may_see, was_asked
from backend.core.requests.view import shape_request
from backend.db import Row, Tx
from backend.db.queries import requests as store
from backend.db.queries.recipients import insert_vote
from backend.domain.answers import check_answer
from backend.domain.client_views import FeedbackRequest
from backend.domain.people import Person
from backend.domain.policy import Policy
from backend.domain.requests import answer_rules_of
from backend.domain.states import FeedbackStatus, FeedbackType
from backend.errors import Conflict, Forbidden, NotFound, Refusal
from backend.timestamps import to_text
from backend.tools.registry import Registry
from channels.request_text import VIA


def answer_request(
    tx: Tx, person: Person, request_id: str, decision: Decision, via: str, registry: Registry, policy: Policy
) -> FeedbackRequest | Refusal:
    """Accept the first valid answer. Returns the decided request, or a refusal for the caller to raise after the commit:
    Conflict (too late, or the request has changed) or Forbidden (may not decide, or no longer may).

    Raises NotFound (not their request), Forbidden (too risky for this channel) and Invalid (does not fit; not recorded)."""
    seen = _load_for_answer(tx, person, request_id)
    row = bring_up_to_date(tx, seen, Rules(registry, policy))
    if not may_decide(tx, row, person.id):
        return Forbidden(_why_not_decider(tx, row, person), code="not_a_responder")
    if row.status == FeedbackStatus.PENDING and row.due_at is not None and row.due_at <= tx.now:
        expire_request(tx, request_id)
        row = load_request(tx, person, request_id)
    if row.status != FeedbackStatus.PENDING:
        return refuse_late_answer(tx, person, row, decision, via)
    if row.body != seen.body or (decision.version is not None and decision.version != row.version):
        why = f" {row.body['changed']}" if row.body.get("changed") else ""
        said = f"This request has changed since you saw it; look at it again before you answer.{why}"
        return Conflict(said, code="version_conflict", request=shape_request(tx, row))
    _check_channel(row, decision.action, via, policy)
    answer = check_answer(
        answer_rules_of(FeedbackType(row.type), row.body, arguments_check(row, registry)),
        decision.action,
        decision.values,
        decision.feedback,
    )
    response = response_of(answer, {"id": person.id, "name": person.name}, via, tx.now)
    if decision.sent_at is not None:
        response["sent_at"] = to_text(decision.sent_at)
    request = close_request(tx, row, FeedbackStatus.ANSWERED, response, by=person, via=via, proof=decision.proof)
    if request is None:
        return refuse_late_answer(tx, person, load_request(tx, person, request_id), decision, via)
    record_response(tx, row, person, via, decision, accepted=True)
    digest = record_approval(tx, row, answer, person, registry, policy)
    insert_vote(tx, request_id=row.id, person_id=person.id, action=answer.action, digest=digest, version=row.version, via=via)
    hand_outcome_to_run(tx, row, FeedbackStatus.ANSWERED, answer)
    return request


def load_request(tx: Tx, person: Person, request_id: str) -> Row[Any]:
    row = store.request_by_id(tx, request_id)
    if row is None or not may_see(tx, row, person.id):
        raise NotFound("There is no such request, or it is not yours.")
    return row


def _load_for_answer(tx: Tx, person: Person, request_id: str) -> Row[Any]:
    """Load the request, also for a former recipient, who is then told that they no longer decide it."""
    row = store.request_by_id(tx, request_id)
    if row is None or not (may_see(tx, row, person.id) or was_asked(tx, row, person.id)):
        raise NotFound("There is no such request, or it is not yours.")
    return row


def _why_not_decider(tx: Tx, row: Row[Any], person: Person) -> str:
    if was_asked(tx, row, person.id):
        return NO_LONGER_ASKED
    names = " or ".join(each.name for each in deciders_of(tx, row.id))
    return f"Only {names} can answer this." if names else "Nobody can answer this any more."


def _check_channel(row: Row[Any], action: str, via: str, policy: Policy) -> None:
    """Raises Forbidden if the risk is too high to approve on this channel. Rejecting is possible on every channel."""
    risk = (row.body.get("action") or {}).get("risk", "low")
    if action in ("approve", "edit") and not policy.may_decide_on(via, risk):
        raise Forbidden(
            f"A call of {risk} risk cannot be approved {VIA.get(via, via)}; open it in the web app.", code="channel_too_weak"
        )
