"""What becomes of executions whose run ended while they were under way."""

import pytest
from sqlalchemy import insert, select

from backend.core.runs.tool_executions import give_up_orphaned_executions
from backend.db import Tx
from backend.db.tables import audit, executions, runs
from tests.backend.conftest import Opened


def record(tx: Tx, opened: Opened, run_status: str, execution: str) -> None:
    """A run in the given state with one execution that was started."""
    of = {"session_id": opened.session_id, "person_id": opened.person.id}
    run = {"id": f"run_{execution}", **of, "status": run_status, "settings": {}, "created_at": 1, "updated_at": 1}
    tx.execute(insert(runs), run)
    call = {"tool": "make_payment", "args": "{}", "digest": "d", "status": "started", "started_at": 1}
    tx.execute(insert(executions), {"id": execution, "run_id": run["id"], **call})


@pytest.fixture
async def recorded(opened: Opened) -> Opened:
    await opened.db.transact(record, opened, "cancelled", "exe_cut")
    await opened.db.transact(record, opened, "running", "exe_alive")
    return opened


class TestCutOff:
    async def test_executions_of_ended_runs_are_kept_as_unknown(self, recorded: Opened) -> None:
        assert await recorded.db.transact(give_up_orphaned_executions) == 1
        states = await recorded.db.read(lambda tx: {row.id: row.status for row in tx.all(select(executions))})
        assert states == {"exe_cut": "unknown", "exe_alive": "started"}
        said = await recorded.db.read(
            lambda tx: tx.all(select(audit.c.action, audit.c.subject).where(audit.c.scope == recorded.session_id))
        )
        assert ("execution.unknown", "exe_cut") in [tuple(row) for row in said]

    async def test_are_settled_once(self, recorded: Opened) -> None:
        await recorded.db.transact(give_up_orphaned_executions)
        assert await recorded.db.transact(give_up_orphaned_executions) == 0

    async def test_beside_other_processes_are_settled_only_when_they_are_old(self, recorded: Opened) -> None:
        new = {"id": "exe_new", "run_id": "run_exe_cut", "tool": "make_payment", "args": "{}", "digest": "d", "status": "started"}
        await recorded.db.transact(lambda tx: tx.execute(insert(executions), {**new, "started_at": tx.now}).rowcount)
        assert await recorded.db.transact(give_up_orphaned_executions, 3600 * 1000) == 1
        states = await recorded.db.read(lambda tx: {row.id: row.status for row in tx.all(select(executions))})
        assert states == {"exe_cut": "unknown", "exe_alive": "started", "exe_new": "started"}
