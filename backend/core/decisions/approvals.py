"""Record the approval that an execution is later checked against."""

from typing import Any

from backend.core.runs.call_digest import digest_of
from backend.core.runs.steps import check_call
from backend.db import Row, Tx
from backend.db.queries import requests as store
from backend.domain.answers import Answer
from backend.domain.people import Person
from backend.domain.policy import Policy, canonical
from backend.domain.steps import CallTool
from backend.tools.registry import Registry


def record_approval(tx: Tx, row: Row[Any], answer: Answer, person: Person, registry: Registry, policy: Policy) -> str | None:
    """Record an approval if the answer approves a call of an agent. Returns the digest of the approved call; None if
    nothing was approved."""
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
