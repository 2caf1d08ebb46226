"""Record an answer that came after the decision, and say who decided."""

from typing import Any

from backend.core.decisions.response import Decision
from backend.core.requests.view import shape_request
from backend.db import Row, Tx
from backend.db.queries import requests as store
from backend.domain.people import Person
from backend.domain.states import FeedbackStatus
from backend.errors import Conflict
from backend.ids import new_id
from backend.timestamps import for_people, from_text, to_text
from channels.request_text import PAST_TENSE, VIA, one_line_name

NOTHING_CHANGED = "Nothing was changed."
NOT_USED = "Your answer was recorded but not used."


def record_response(tx: Tx, row: Row[Any], person: Person, via: str, decision: Decision, accepted: bool) -> None:
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


def refuse_late_answer(tx: Tx, person: Person, row: Row[Any], decision: Decision, via: str) -> Conflict:
    """Record the answer as superseded. Returns the refusal that says who decided, where and when."""
    record_response(tx, row, person, via, decision, accepted=False)
    tx.audit(
        row.session_id,
        actor=person.id,
        via=via,
        action="feedback.superseded",
        subject=row.id,
        decision=decision.action[:24],
        proof=decision.proof or None,
    )
    return already_decided(tx, row, NOTHING_CHANGED if row.status == FeedbackStatus.ANSWERED else NOT_USED)


def already_decided(tx: Tx, row: Row[Any], consequence: str = NOTHING_CHANGED) -> Conflict:
    """The refusal for a request that is not pending any more; `decided` holds the same facts for programs."""
    decided = (
        {name: row.response[name] for name in ("action", "by", "via", "at")}
        if row.response
        else {"action": row.status, "by": (row.closed or {}).get("by"), "via": None, "at": to_text(row.decided_at)}
    )
    said = f"{_describe_outcome(tx, row, decided)}. {consequence}"
    return Conflict(said, code="already_decided", decided=decided, request=shape_request(tx, row))


def _describe_outcome(tx: Tx, row: Row[Any], decided: dict[str, Any]) -> str:
    when = for_people(from_text(decided["at"]), tx.now)
    done = PAST_TENSE.get(decided["action"], "answered").lower()
    if row.status == FeedbackStatus.ANSWERED:
        where = VIA.get(decided["via"], f"via {decided['via']}")
        return f"Already {done} by {one_line_name(decided['by']['name'])} {where}, {when}"
    if row.status == FeedbackStatus.EXPIRED:
        return f"This expired {when} and counts as {done}"
    by = f" by {one_line_name(decided['by']['name'])}" if decided["by"] else ""
    return f"This was withdrawn{by}, {when}"
