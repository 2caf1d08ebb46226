"""The fenced lease under which one worker advances a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backend.db import Row, Tx
from backend.db.queries import runs
from backend.domain.states import RunStatus
from backend.domain.steps import Usage

LEASE_MS = 8_000  # with the reconciler's second, a dead worker's run goes on within ten


class LeaseLost(Exception):
    """Somebody else owns the run now, or it has ended: whatever was being done for it no longer counts."""


@dataclass(slots=True)
class Lease:
    """The right to commit for one run. `token` is checked in every commit; `spent_from` is when the uncounted work began."""

    run_id: str
    session_id: str
    person_id: str
    token: int
    settings: dict[str, Any]
    spent_from: int
    steps: int
    tokens: int
    active_ms: int
    claims: int = 0

    def undo(self) -> Callable[[], None]:
        """What puts the lease back to as it is now."""
        now = replace(self)

        def put_back() -> None:
            for name in ("token", "spent_from", "steps", "tokens", "active_ms", "claims"):
                setattr(self, name, getattr(now, name))

        return put_back


def release_lease(tx: Tx, lease: Lease) -> None:
    """Let another worker go on at once: this one stops, or could not reach the database. That is no fault of the run's."""
    if runs.release_lease(tx, lease.run_id, lease.token, lease.claims):
        tx.ring(ADVANCE_RUN_JOB, lease.run_id)


def retake_lease(tx: Tx, lease: Lease) -> None:
    """Go on after contact was lost, as a new attempt: what was half shown is shown anew. Raises LeaseLost."""
    if not runs.retake_lease(tx, lease.run_id, lease.token, tx.now + LEASE_MS):
        raise LeaseLost(lease.run_id)
    tx.on_rollback(lease.undo())
    lease.token += 1


def renew_lease(tx: Tx, run_id: str, token: int) -> bool:
    return runs.renew_lease(tx, run_id, token, tx.now + LEASE_MS)


def log_progress(
    tx: Tx,
    lease: Lease,
    entries: Sequence[tuple[str, dict[str, Any]]],
    *,
    to: RunStatus = RunStatus.RUNNING,
    steps: int = 0,
    usage: Usage | None = None,
    new_token: bool = False,
) -> None:
    """Append to the run's log under its lease; `to` other than running gives the lease back. Raises LeaseLost."""
    tokens = usage.total if usage else 0
    spent = max(0, tx.now - lease.spent_from)
    until = tx.now + LEASE_MS if to is RunStatus.RUNNING else None
    held = runs.append_log_under_lease(
        tx, lease.run_id, lease.token, entries, to=to, until=until, steps=steps, tokens=tokens, spent=spent, new_token=new_token
    )
    if not held:
        raise LeaseLost(lease.run_id)
    tx.on_rollback(lease.undo())
    lease.spent_from = tx.now
    lease.steps += steps
    lease.tokens += tokens
    lease.active_ms += spent
    lease.claims = 0
    lease.token += int(new_token)


def leased_run(tx: Tx, lease: Lease) -> Row[Any]:
    row = runs.run_by_id(tx, lease.run_id)
    assert row is not None, "a lease is held on a run that exists"
    return row


ADVANCE_RUN_JOB = "advance_run"
