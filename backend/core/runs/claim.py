"""Claim a due run by taking its lease, or end it if it keeps killing its workers."""

from dataclasses import dataclass
from typing import Any

from backend.core.runs.lease import LEASE_MS, Lease
from backend.core.runs.lifecycle import end_run
from backend.db import Tx
from backend.db.locks import locks
from backend.db.queries import runs, sessions
from backend.domain.runs import Caps, EngineId, LogEntry
from backend.domain.states import RunStatus

SUSPECT_CLAIMS = 2  # claims in a row without progress: the run itself may be killing its workers


@dataclass(slots=True)
class Claimed:
    """A run ready to continue: its lease, its log, and what happened in the session before it. `orphaned`: the process that
    held it before is known to have ended."""

    lease: Lease
    log: list[LogEntry]
    earlier: list[tuple[int, LogEntry]]
    summary: str | None
    engine: str
    state: dict[str, Any]
    orphaned: bool = False


@locks(run="run_id")
def claim_run(tx: Tx, run_id: str, caps: Caps, engine: EngineId, suspects: bool = True) -> Claimed | None:
    """Take the run's lease; None if there is nothing to do or another worker holds it. A run over its caps ends here.
    Runs whose last claims made no progress are only taken with `suspects`."""
    before = runs.run_by_id(tx, run_id)
    row = runs.claim_lease(tx, run_id, tx.now + LEASE_MS, str(engine), caps.claims + 1 if suspects else SUSPECT_CLAIMS)
    if row is None or before is None:
        return None
    broken = caps.broken_by(steps=0, tokens=0, active_ms=0, claims=row.claims)
    if broken:
        end_run(tx, row, RunStatus.ERROR, error=broken)
        return None
    summary = sessions.latest_summary(tx, row.session_id)
    earlier = runs.earlier_logs(
        tx, row.session_id, run_id=run_id, after=summary.until_at if summary else 0, before=row.created_at
    )
    spent = (row.steps, row.tokens, row.active_ms, row.claims)
    lease = Lease(run_id, row.session_id, row.person_id, row.token, row.settings, tx.now, *spent)
    orphaned = before.status == RunStatus.RUNNING and before.lease_until is None  # only a sole process's start leaves it so
    of_engine = (row.engine, row.engine_state or {})
    return Claimed(lease, runs.run_log(tx, run_id), earlier, summary.content if summary else None, *of_engine, orphaned)
