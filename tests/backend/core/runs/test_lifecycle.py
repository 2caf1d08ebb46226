"""A lease is what the database says it is, also after a transaction that came to nothing."""

from dataclasses import replace

import pytest
from sqlalchemy import insert

from backend.core.runs.claim import claim_run
from backend.core.runs.lease import Lease, log_progress
from backend.db import Tx
from backend.db.tables import runs
from backend.domain.runs import Caps, EngineId
from tests.backend.conftest import Opened

CAPS = Caps(25, 200_000, 600)


def pending_run(tx: Tx, opened: Opened) -> str:
    of = {"session_id": opened.session_id, "person_id": opened.person.id}
    tx.execute(insert(runs), {"id": "run_1", **of, "status": "pending", "settings": {}, "created_at": 1, "updated_at": 1})
    return "run_1"


class TestLease:
    async def test_is_as_before_when_its_progress_was_not_committed(self, opened: Opened) -> None:
        claimed = await opened.db.transact(claim_run, await opened.db.transact(pending_run, opened), CAPS, EngineId("baml", 1))
        assert claimed is not None
        before = replace(claimed.lease)

        def fail_after_progress(tx: Tx, lease: Lease) -> None:
            log_progress(tx, lease, [("said", {})], steps=1, new_token=True)
            raise RuntimeError("changed my mind")

        with pytest.raises(RuntimeError):
            await opened.db.transact(fail_after_progress, claimed.lease)
        assert claimed.lease == before
        await opened.db.transact(log_progress, claimed.lease, [("said", {})], steps=1, new_token=True)
        assert (claimed.lease.token, claimed.lease.steps) == (before.token + 1, before.steps + 1)
