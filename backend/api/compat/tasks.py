"""Tasks and approvals over HTTP polling: the simplest way to run an agent and approve its calls. A task is a run."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from pydantic import StrictBool

from backend.api.compat.chat import check_length, send_message
from backend.api.http.authenticate_first import AuthenticateFirst
from backend.api.http.context import AppContext
from backend.api.http.dependencies import Answering, IdempotencyKey, Json, MessageKey, PageStart, SignedIn, Starting, outcome
from backend.api.http.schemas import LooseBody, Text, View, Words
from backend.api.routes.runs import own_run
from backend.core.inbound import receive_answer
from backend.core.requests.recipients import may_see
from backend.core.requests.view import shape_request
from backend.db import Tx
from backend.db.queries import requests
from backend.domain.client_views import FeedbackRequest
from backend.domain.people import Person
from backend.domain.states import FeedbackType
from backend.errors import NotFound
from channels.contract import InboundAnswer, InboundMessage

router = APIRouter(prefix="/api", tags=["tasks"], route_class=AuthenticateFirst)


class Task(LooseBody):
    message: Words


class TaskCreated(View):
    task_id: str
    session_id: str


class TaskState(View):
    task_id: str
    session_id: str
    status: str
    result: str | None = None
    error: str | None = None


class Approval(View):
    id: str
    task_id: str | None = None
    status: str
    tool_name: str | None = None
    args: dict[str, Any] | None = None
    title: str


class ApprovalDecision(LooseBody):
    approved: StrictBool
    reason: Text | None = None


@router.post("/tasks", response_model=TaskCreated)
async def create_task(body: Task, principal: Starting, context: AppContext, key: MessageKey = None) -> Any:
    """Repeating an Idempotency-Key returns the same task."""
    check_length(context, body.message)
    received = await send_message(
        context, principal.person, InboundMessage("api", principal.person.id, body.message, event_id=key)
    )
    return Json({"task_id": received.run_id, "session_id": received.session_id})


@router.get("/tasks/{task_id}", response_model=TaskState)
async def read_task(task_id: str, principal: SignedIn, context: AppContext) -> Any:
    row = await context.db.read(own_run, principal.person, task_id)
    return Json({"task_id": row.id, **{name: row._mapping[name] for name in ("session_id", "status", "result", "error")}})


@router.get("/approvals", response_model=list[Approval])
async def list_approvals(principal: SignedIn, context: AppContext, before: PageStart) -> Any:
    """The calls that wait for the caller's approval, newest first, up to 50 at a time; a `Link` header leads to the next page."""
    approvals, cursor = await context.db.read(_waiting, principal.person, before)
    reply = Json(approvals)
    if cursor:
        reply.headers["Link"] = f'</api/approvals?{urlencode({"cursor": cursor})}>; rel="next"'
    return reply


def _waiting(tx: Tx, person: Person, before: tuple[int, str] | None) -> tuple[list[dict[str, Any]], str]:
    found = requests.list_approvable(tx, person.id, before=before)
    return [_shape(shape_request(tx, row)) for row in found.rows], found.next


def _shape(request: FeedbackRequest) -> dict[str, Any]:
    action = request.get("action")
    return {
        "id": request["id"],
        "task_id": request["run_id"],
        "status": request["status"],
        "tool_name": action and action["tool"],
        "args": action and action["args"],
        "title": request["title"],
        "request": request,
    }


@router.post("/approvals/{approval_id}", response_model=Approval)
async def decide(
    approval_id: str, body: ApprovalDecision, principal: Answering, context: AppContext, key: IdempotencyKey = None
) -> Any:
    await context.db.read(_confirmation, principal.person, approval_id)
    action = "approve" if body.approved else "reject"
    inbound = InboundAnswer(
        "api", principal.person.id, approval_id, action, feedback=body.reason, event_id=key, proof=principal.proof
    )
    return Json(
        _shape(outcome(await context.db.transact(receive_answer, principal.person, inbound, context.registry, context.policy)))
    )


def _confirmation(tx: Tx, person: Person, id: str) -> None:
    row = requests.request_by_id(tx, id)
    if row is None or not may_see(tx, row, person.id) or row.type != FeedbackType.CONFIRMATION:
        raise NotFound("There is no such approval, or it is not yours.")
