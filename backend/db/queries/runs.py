"""Queries about runs: claiming, logging under a lease, executions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, case, func, insert, or_, select, update

from backend.db.tables import executions, run_events, runs
from backend.db.transaction import Tx
from backend.domain.runs import LogEntry
from backend.domain.states import ACTIVE_RUN, CLAIMABLE_RUN

# Spelled out: SQLAlchemy would write an IN anew at each execution.
_active_now = or_(*(runs.c.status == status for status in ACTIVE_RUN))
_claimable = or_(*(runs.c.status == status for status in CLAIMABLE_RUN))

_by_id = select(runs).where(runs.c.id == bindparam("id"))
_active = select(runs).where(runs.c.session_id == bindparam("session"), _active_now).limit(1)
_insert = insert(runs)
_claim = (
    update(runs)
    .where(
        runs.c.id == bindparam("run"),
        _claimable,
        or_(runs.c.lease_until.is_(None), runs.c.lease_until <= bindparam("now")),
        runs.c.claims < bindparam("most"),
    )
    .values(
        token=runs.c.token + 1,
        claims=runs.c.claims + 1,
        engine=case((runs.c.steps == 0, bindparam("engine_")), else_=runs.c.engine),
        status="running",
        lease_until=bindparam("until"),
        updated_at=bindparam("now"),
    )
    .returning(runs)
)
_held = (runs.c.id == bindparam("run"), runs.c.token == bindparam("held"), runs.c.status == "running")
_holds = select(runs.c.id).where(*_held)
_renew = update(runs).where(*_held).values(lease_until=bindparam("until"))
_keep_state = update(runs).where(*_held).values(engine_state=bindparam("state_"))
_retake = update(runs).where(*_held).values(token=runs.c.token + 1, lease_until=bindparam("until"))
# A claim that ended without a death of the run's making does not count against it.
_give_back = (
    update(runs)
    .where(*_held)
    .values(
        status="pending",
        lease_until=None,
        claims=case((runs.c.claims > 0, runs.c.claims - 1), else_=0),
    )
)
_excuse = (
    update(runs)
    .where(
        runs.c.id == bindparam("run"),
        runs.c.token > bindparam("held"),
        runs.c.claims == runs.c.token - bindparam("held") + bindparam("counted"),  # no progress has reset it since
    )
    .values(claims=runs.c.claims - 1)
)
_progress = (
    update(runs)
    .where(*_held)
    .values(
        status=bindparam("to"),
        token=runs.c.token + bindparam("token_step"),
        last_n=runs.c.last_n + bindparam("count"),
        steps=runs.c.steps + bindparam("step_count"),
        tokens=runs.c.tokens + bindparam("token_count"),
        active_ms=runs.c.active_ms + bindparam("spent"),
        claims=0,
        lease_until=bindparam("until"),
        updated_at=bindparam("now"),
    )
    .returning(runs.c.last_n)
)
_append = (
    update(runs)
    .where(runs.c.id == bindparam("run"))
    .values(last_n=runs.c.last_n + bindparam("count"), updated_at=bindparam("now"))
    .returning(runs.c.last_n)
)
_move = (
    update(runs)
    .where(runs.c.id == bindparam("run"), _active_now)
    .values(
        status=bindparam("to"),
        token=runs.c.token + 1,
        lease_until=None,
        result=bindparam("result_"),
        error=bindparam("error_"),
        updated_at=bindparam("now"),
        finished_at=case((bindparam("ends") == 1, bindparam("now")), else_=None),
    )
)
_insert_log = insert(run_events)
_last_at = select(func.max(run_events.c.at)).where(run_events.c.run_id == bindparam("run"))
_log = select(run_events).where(run_events.c.run_id == bindparam("run")).order_by(run_events.c.n)
_earlier = (
    select(run_events, runs.c.created_at.label("run_at"))
    .join(runs, runs.c.id == run_events.c.run_id)
    .where(
        runs.c.session_id == bindparam("session"),
        runs.c.created_at > bindparam("after"),
        runs.c.id != bindparam("run"),
        runs.c.created_at <= bindparam("before"),
    )
    .order_by(runs.c.created_at, runs.c.id, run_events.c.n)
)
_due = (
    select(runs.c.id)
    .where(_claimable, or_(runs.c.lease_until.is_(None), runs.c.lease_until <= bindparam("now")))
    .order_by(runs.c.updated_at)
    .limit(bindparam("limit"))
)
_suspect = select(runs.c.id).where(
    runs.c.id == bindparam("run"),
    _claimable,
    or_(runs.c.lease_until.is_(None), runs.c.lease_until <= bindparam("now")),
    runs.c.claims >= bindparam("least"),
)
_void_leases = update(runs).where(_claimable, runs.c.lease_until.is_not(None)).values(lease_until=None)
_insert_execution = insert(executions)
_finish_execution = (
    update(executions)
    .where(executions.c.id == bindparam("execution"), or_(*(executions.c.status == status for status in ("started", "unknown"))))
    .values(status=bindparam("to"), result=bindparam("result_"), finished_at=bindparam("now"))
)
_execution_by_id = select(executions).where(executions.c.id == bindparam("execution"))
_cut_off = (
    select(executions, runs.c.session_id)
    .join(runs, runs.c.id == executions.c.run_id)
    .where(
        executions.c.status == "started",
        executions.c.started_at <= bindparam("before"),
        runs.c.status.not_in(ACTIVE_RUN),
    )
)
_execution_of = select(executions).where(executions.c.approval_id == bindparam("approval"))


def run_by_id(tx: Tx, id: str) -> Row[Any] | None:
    return tx.first(_by_id, {"id": id})


def active_run(tx: Tx, session_id: str) -> Row[Any] | None:
    return tx.first(_active, {"session": session_id})


def active_runs_of(tx: Tx, person_id: str) -> Sequence[Row[Any]]:
    return tx.all(select(runs).where(runs.c.person_id == person_id, _active_now))


def insert_run(tx: Tx, **values: Any) -> None:
    tx.execute(_insert, values)


def claim_lease(tx: Tx, run_id: str, until: int, engine: str, most: int) -> Row[Any] | None:
    """Take the lease if nobody holds a live one, and fewer than `most` claims in a row came to nothing; the run as it is
    now, or None. Until its first step, it is `engine`'s."""
    return tx.execute(_claim, {"run": run_id, "now": tx.now, "until": until, "engine_": engine, "most": most}).first()


def update_engine_state(tx: Tx, run_id: str, token: int, state: dict[str, Any]) -> None:
    """Keep it if `token` still holds the lease: whoever logs the step in the same transaction hears where it does not."""
    tx.execute(_keep_state, {"run": run_id, "held": token, "state_": state or None})


def is_suspect(tx: Tx, run_id: str, least: int) -> bool:
    """Whether the run is due and its last claims, so many at least, came to nothing."""
    return tx.first(_suspect, {"run": run_id, "now": tx.now, "least": least}) is not None


def holds_lease(tx: Tx, run_id: str, token: int) -> bool:
    return tx.first(_holds, {"run": run_id, "held": token}) is not None


def retake_lease(tx: Tx, run_id: str, token: int, until: int) -> bool:
    """Renew it under the next token."""
    return tx.execute(_retake, {"run": run_id, "held": token, "until": until}).rowcount == 1


def release_lease(tx: Tx, run_id: str, token: int, counted: int) -> bool:
    """Let go of the lease, and take back that its claim counted (as number `counted`; 0: something was logged since), also
    where somebody else has it by now. False: they do."""
    if tx.execute(_give_back, {"run": run_id, "held": token}).rowcount == 1:
        return True
    if counted:
        tx.execute(_excuse, {"run": run_id, "held": token, "counted": counted})
    return False


def renew_lease(tx: Tx, run_id: str, token: int, until: int) -> bool:
    return tx.execute(_renew, {"run": run_id, "held": token, "until": until}).rowcount == 1


def append_log_under_lease(
    tx: Tx,
    run_id: str,
    token: int,
    entries: Sequence[tuple[str, dict[str, Any]]],
    *,
    to: str,
    until: int | None,
    steps: int,
    tokens: int,
    spent: int,
    new_token: bool,
) -> bool:
    """Append entries and move the run on, only while `token` still holds the lease. False: it does not, nothing was written."""
    bound = {
        "run": run_id,
        "held": token,
        "to": to,
        "count": len(entries),
        "step_count": steps,
        "token_count": tokens,
        "spent": spent,
        "until": until,
        "now": tx.now,
    }
    last = tx.execute(_progress, {**bound, "token_step": int(new_token)}).scalar()
    if last is None:
        return False
    _insert_entries(tx, run_id, last, entries)
    return True


def append_log(tx: Tx, run_id: str, entries: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Append from outside the lease: a person's word, an answer, an end."""
    last = tx.execute(_append, {"run": run_id, "count": len(entries), "now": tx.now}).scalar_one()
    _insert_entries(tx, run_id, last, entries)


def _insert_entries(tx: Tx, run_id: str, last: int, entries: Sequence[tuple[str, dict[str, Any]]]) -> None:
    if not entries:
        return
    first = last - len(entries) + 1
    tx.execute(
        _insert_log,
        [{"run_id": run_id, "n": n, "kind": kind, "data": data, "at": tx.now} for n, (kind, data) in enumerate(entries, first)],
    )


def update_run_status(tx: Tx, run_id: str, to: str, *, result: str | None = None, error: str | None = None, ends: bool) -> bool:
    """Move an active run to another state and void its lease. False: it had ended before."""
    return (
        tx.execute(
            _move, {"run": run_id, "to": to, "result_": result, "error_": error, "ends": int(ends), "now": tx.now}
        ).rowcount
        == 1
    )


def run_log(tx: Tx, run_id: str) -> list[LogEntry]:
    return [LogEntry(row.n, row.kind, row.data, row.at) for row in tx.all(_log, {"run": run_id})]


def earlier_logs(tx: Tx, session_id: str, *, run_id: str, after: int, before: int) -> list[tuple[int, LogEntry]]:
    """The logs of the session's other runs created in (after, before], oldest first, each entry with its run's creation."""
    rows = tx.all(_earlier, {"session": session_id, "after": after, "run": run_id, "before": before})
    return [(row.run_at, LogEntry(row.n, row.kind, row.data, row.at)) for row in rows]


def due_runs(tx: Tx, limit: int) -> list[str]:
    return [row.id for row in tx.all(_due, {"now": tx.now, "limit": limit})]


def void_leases(tx: Tx) -> int:
    """Forget every lease: only when no other process can hold one."""
    return tx.execute(_void_leases).rowcount


def insert_execution(tx: Tx, **values: Any) -> None:
    tx.execute(_insert_execution, {"result": None, "finished_at": None, **values})


def execution_by_id(tx: Tx, id: str) -> Row[Any] | None:
    return tx.first(_execution_by_id, {"execution": id})


def finish_execution(tx: Tx, id: str, to: str, result: Any) -> bool:
    """Keep what came of it; False: that was known already."""
    return tx.execute(_finish_execution, {"execution": id, "to": to, "result_": result, "now": tx.now}).rowcount == 1


def interrupted_executions(tx: Tx, before: int) -> Sequence[Row[Any]]:
    """Executions that were started until then for runs that have ended since, with their session."""
    return tx.all(_cut_off, {"before": before})


def execution_of_approval(tx: Tx, approval_id: str) -> Row[Any] | None:
    return tx.first(_execution_of, {"approval": approval_id})


def last_entry_at(tx: Tx, run_id: str) -> int:
    """When the run's log was last written to."""
    return tx.execute(_last_at, {"run": run_id}).scalar() or 0
