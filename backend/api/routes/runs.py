"""Runs: read one, cancel one."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from backend.api.http.context import AppContext
from backend.api.http.dependencies import Json, SignedIn
from backend.api.http.schemas import View
from backend.auth.principal import Principal
from backend.core.runs.lifecycle import end_run
from backend.db import Row, Tx
from backend.db.locks import locks
from backend.db.queries import runs
from backend.domain.people import Person
from backend.domain.states import RunStatus
from backend.errors import NotFound
from backend.timestamps import to_text, to_text_or_none

router = APIRouter(prefix="/api/runs", tags=["runs"])


class Run(View):
    id: str
    session_id: str
    status: Literal["pending", "running", "waiting_feedback", "completed", "error", "cancelled", "stopped"]
    steps: int
    tokens: int
    engine: str | None = Field(None, description="the engine that decides its steps, as name/version, once one has started it")
    result: str | None = None
    error: str | None = None
    log: list[dict[str, Any]]
    created_at: str
    updated_at: str
    finished_at: str | None = None


@router.get("/{run_id}", response_model=Run)
async def read_run(run_id: str, principal: SignedIn, context: AppContext) -> Any:
    return Json(await context.db.read(find_run, principal.person, run_id))


@router.post("/{run_id}/cancel", response_model=Run)
async def cancel_run(run_id: str, principal: SignedIn, context: AppContext) -> Any:
    """Cancel the run. A run that has ended stays as it is."""
    return Json(await context.db.transact(_cancel, principal, run_id))


@locks(run="run_id")
def _cancel(tx: Tx, principal: Principal, run_id: str) -> dict[str, Any]:
    person = principal.person
    end_run(tx, own_run(tx, person, run_id), RunStatus.CANCELLED, actor=person.id, via=principal.via)
    return find_run(tx, person, run_id)


def own_run(tx: Tx, person: Person, run_id: str) -> Row[Any]:
    """The run's row. Raises NotFound if it does not exist or is somebody else's."""
    row = runs.run_by_id(tx, run_id)
    if row is None or row.person_id != person.id:
        raise NotFound("There is no such run, or it is not yours.")
    return row


def find_run(tx: Tx, person: Person, run_id: str) -> dict[str, Any]:
    row = own_run(tx, person, run_id)
    return {
        **{name: row._mapping[name] for name in ("id", "session_id", "status", "steps", "tokens", "engine", "result", "error")},
        "log": [{"n": entry.n, "kind": entry.kind, "at": to_text(entry.at), **entry.data} for entry in runs.run_log(tx, run_id)],
        "created_at": to_text(row.created_at),
        "updated_at": to_text(row.updated_at),
        "finished_at": to_text_or_none(row.finished_at),
    }
