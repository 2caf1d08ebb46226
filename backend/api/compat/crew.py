"""Executions with checkpoints over HTTP polling, in the format that crew clients use. An execution is a run."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from backend.api.compat.chat import check_length, send_message
from backend.api.http.authenticate_first import AuthenticateFirst
from backend.api.http.context import AppContext
from backend.api.http.dependencies import Answering, IdempotencyKey, Json, MessageKey, SignedIn, Starting, outcome
from backend.api.http.schemas import Id, Line, LooseBody, Text, View, Words
from backend.api.routes.runs import own_run
from backend.core.inbound import receive_answer
from backend.db import Tx
from backend.db.queries import requests, runs
from backend.domain.people import Person
from backend.domain.states import FeedbackType
from backend.errors import NotFound
from backend.timestamps import to_text
from channels.contract import InboundAnswer, InboundMessage

router = APIRouter(prefix="/api/crew", tags=["crew"], route_class=AuthenticateFirst)


class Execution(LooseBody):
    message: Words
    language: Line | None = None
    checkpoints: Annotated[list[Line], Field(max_length=50)] | None = None


class CrewExecution(View):
    execution_id: str
    status: str
    current_checkpoint: str | None
    completed_checkpoints: list[str]
    result: str | None = None
    error: str | None = None
    session_id: str


class Checkpoint(View):
    execution_id: str
    checkpoint_id: str
    checkpoint_name: str
    description: str
    context: dict[str, Any]
    status: str
    created_at: str


class CheckpointFeedback(LooseBody):
    execution_id: Id
    checkpoint_id: Id
    action: Literal["continue", "stop", "revise", "skip"]
    feedback: Text | None = None


@router.post("/execute", response_model=CrewExecution)
async def execute(body: Execution, principal: Starting, context: AppContext, key: MessageKey = None) -> Any:
    """Repeating an Idempotency-Key returns the same execution."""
    check_length(context, body.message)
    settings = {
        name: value for name, value in (("language", body.language), ("checkpoints", body.checkpoints or [])) if value is not None
    }
    inbound = InboundMessage("api", principal.person.id, body.message, event_id=key, settings=settings)
    received = await send_message(context, principal.person, inbound)
    return Json(await context.db.read(_status, principal.person, received.run_id))


@router.get("/status/{execution_id}", response_model=CrewExecution)
async def status(execution_id: str, principal: SignedIn, context: AppContext) -> Any:
    return Json(await context.db.read(_status, principal.person, execution_id))


def _status(tx: Tx, person: Person, run_id: str) -> dict[str, Any]:
    row = own_run(tx, person, run_id)
    opened = _open_checkpoint(tx, run_id)
    log = runs.run_log(tx, run_id)
    asked = [
        entry.data["step"]["checkpoint"] for entry in log if entry.kind == "step" and entry.data["step"]["kind"] == "checkpoint"
    ]
    done = asked[:-1] if opened is not None else asked
    return {
        "execution_id": run_id,
        "status": row.status,
        "current_checkpoint": opened and opened.id,
        "completed_checkpoints": list(
            dict.fromkeys(name for name in done if opened is None or name != opened.body["checkpoint"])
        ),
        "result": row.result,
        "error": row.error,
        "session_id": row.session_id,
    }


def _open_checkpoint(tx: Tx, run_id: str) -> Any:
    return next((row for row in requests.open_requests_of_run(tx, run_id) if row.type == FeedbackType.CHECKPOINT), None)


@router.get("/checkpoint/{execution_id}", response_model=Checkpoint)
async def checkpoint(execution_id: str, principal: SignedIn, context: AppContext) -> Any:
    return Json(await context.db.read(_checkpoint, principal.person, execution_id))


def _checkpoint(tx: Tx, person: Person, run_id: str) -> dict[str, Any]:
    own_run(tx, person, run_id)
    row = _open_checkpoint(tx, run_id)
    if row is None:
        raise NotFound("This execution is not waiting at a checkpoint.")
    return {
        "execution_id": run_id,
        "checkpoint_id": row.id,
        "checkpoint_name": row.body["checkpoint"],
        "description": row.body["title"],
        "context": row.body.get("context", {}),
        "status": row.status,
        "created_at": to_text(row.created_at),
    }


@router.post("/feedback", response_model=CrewExecution)
async def give_feedback(body: CheckpointFeedback, principal: Answering, context: AppContext, key: IdempotencyKey = None) -> Any:
    await context.db.read(_own_checkpoint, principal.person, body)
    said = (body.checkpoint_id, body.action)
    inbound = InboundAnswer("api", principal.person.id, *said, feedback=body.feedback, event_id=key, proof=principal.proof)
    outcome(await context.db.transact(receive_answer, principal.person, inbound, context.registry, context.policy))
    return Json(await context.db.read(_status, principal.person, body.execution_id))


def _own_checkpoint(tx: Tx, person: Person, body: CheckpointFeedback) -> None:
    own_run(tx, person, body.execution_id)
    row = requests.request_by_id(tx, body.checkpoint_id)
    if row is None or row.run_id != body.execution_id or row.type != FeedbackType.CHECKPOINT:
        raise NotFound("This execution has no such checkpoint.")
