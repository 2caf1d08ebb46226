"""The fenced lease under which one worker advances a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backend.db import Row, Tx
from backend.db.locks import locks
from backend.db.queries import runs
from backend.domain.states import RunStatus
from backend.domain.steps import Usage

LEASE_MS = 8_000  # with the reconciler's second, a dead worker's run goes on within ten


class LeaseLost(Exception):
    """Another worker holds the run or it has ended; nothing more may be committed for it."""


@dataclass(slots=True)
class Lease:
    """The right to commit for one run. `token` is checked in every commit; `spent_from` is the start of the time that is not
    yet counted in `active_ms`."""

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

    def snapshot(self) -> Callable[[], None]:
        """A function that restores the lease's current values."""
        now = replace(self)

        def restore() -> None:
            for name in ("token", "spent_from", "steps", "tokens", "active_ms", "claims"):
                setattr(self, name, getattr(now, name))

        return restore


@locks(session="lease.session_id")
def release_lease(tx: Tx, lease: Lease) -> None:
    """Release the run so that another worker can continue at once; the claim does not count as one without progress."""
    if runs.release_lease(tx, lease.run_id, lease.token, lease.claims):
        tx.enqueue(ADVANCE_RUN_JOB, lease.run_id)


@locks(session="lease.session_id")
def retake_lease(tx: Tx, lease: Lease) -> None:
    """Take a new token after the database was away, so that a half-shown reply starts over. Raises LeaseLost."""
    if not runs.retake_lease(tx, lease.run_id, lease.token, tx.now + LEASE_MS):
        raise LeaseLost(lease.run_id)
    tx.on_rollback(lease.snapshot())
    lease.token += 1


@locks(run="run_id")
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
    """Append to the run's log under its lease. A `to` other than running releases the lease. Raises LeaseLost."""
    tokens = usage.total if usage else 0
    spent = max(0, tx.now - lease.spent_from)
    until = tx.now + LEASE_MS if to is RunStatus.RUNNING else None
    held = runs.append_log_under_lease(
        tx, lease.run_id, lease.token, entries, to=to, until=until, steps=steps, tokens=tokens, spent=spent, new_token=new_token
    )
    if not held:
        raise LeaseLost(lease.run_id)
    tx.on_rollback(lease.snapshot())
    lease.spent_from = tx.now
    lease.steps += steps
    lease.tokens += tokens
    lease.active_ms += spent
    lease.claims = 0
    lease.token += int(new_token)


def leased_run(tx: Tx, lease: Lease) -> Row[Any]:
    row = runs.run_by_id(tx, lease.run_id)
    assert row is not None, "runs are never deleted while leased"
    return row


ADVANCE_RUN_JOB = "advance_run"
