"""Feedback requests: ask people, wait for the answer, answer, withdraw and reroute."""

import asyncio
import contextlib
import functools
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AfterValidator, Field, model_validator

from backend.api.http.context import AppContext, Context
from backend.api.http.dependencies import Answering, IdempotencyKey, Json, PageStart, SignedIn, Starting, outcome
from backend.api.http.exact_json_route import ExactJsonRoute
from backend.api.http.schemas import Body, Document, Id, Line, Text
from backend.api.routes.feedback_views import FeedbackRequests, Mails
from backend.core.decisions.withdraw import cancel_request
from backend.core.inbound import receive_answer
from backend.core.mail.received_mail import list_mail
from backend.core.requests.ask import Ask as Question
from backend.core.requests.ask import ask_people
from backend.core.requests.recipients import may_see
from backend.core.requests.reroute import reroute_request, retry_request
from backend.core.requests.view import shape_request
from backend.db import Row, Tx
from backend.db.queries import requests as store
from backend.db.transaction import STOPPING_TOPIC, request_topic
from backend.domain.client_views import FeedbackRequest, Risk
from backend.domain.json_values import check_storable
from backend.domain.people import Person
from backend.domain.states import FeedbackStatus, FeedbackType
from backend.domain.steps import FieldType
from backend.errors import NotFound
from backend.messaging.stream.contract import MISSED_TOPIC
from channels.contract import InboundAnswer

router = APIRouter(prefix="/api/feedback", tags=["feedback"], route_class=ExactJsonRoute)

MAX_WAIT_S = 60
RECHECK_S = 5
RESOLVED = '{"type":"feedback_resolved"'
YEAR_S = 366 * 24 * 3600


class OptionBody(Body):
    value: Line
    label: Line
    description: Text = ""


class AskedField(Body):
    name: Line
    type: FieldType = "text"
    description: Text = ""
    required: bool = True
    value: Annotated[Any, AfterValidator(check_storable)] = None
    options: list[OptionBody] = Field(default_factory=list, max_length=200)


class Action(Body):
    tool: Line
    args: Document = Field(default_factory=dict)
    risk: Risk = "medium"


class TimeoutAnswer(Body):
    action: Line
    values: Document | None = None


class RouteStep(Body):
    """Ask on `channel`, and go on to the next step after `wait_seconds` without an answer. `to` limits the step to one of the
    people asked."""

    channel: Literal["chat", "slack", "email"]
    wait_seconds: Annotated[float, Field(ge=0, le=YEAR_S)] = 15 * 60
    to: Line | None = None


class AskedRule(Body):
    """What a decision takes. With `distinct_from_requester` it must come from somebody other than the requester."""

    approvals: Annotated[int, Field(ge=1, le=1, description="how many people must approve; one, in this version")] = 1
    distinct_from_requester: bool = False


class AskBody(Body):
    """A question to people. Which fields it has depends on its type."""

    type: FeedbackType
    title: Line
    prompt: Annotated[Text, Field(max_length=20_000)] = ""
    action: Action | None = None
    options: list[OptionBody] | None = Field(default=None, max_length=200)
    multiple: bool | None = None
    checkpoint: Line | None = None
    fields: list[AskedField] | None = Field(default=None, max_length=200)
    context: Document | None = None
    allowed_actions: list[Line] | None = Field(default=None, max_length=4)
    to: list[Line] = Field(
        default_factory=list, max_length=50, description="the people to ask, by id or email address; empty for the caller"
    )
    route: list[RouteStep] = Field(
        default_factory=list, max_length=10, description="where to ask, in order; empty for each person's own order"
    )
    session_id: Id | None = None
    due_in: Annotated[float, Field(gt=0, le=YEAR_S)] | None = Field(default=None, description="seconds")
    on_timeout: Line | TimeoutAnswer | None = None
    rule: AskedRule | None = None

    @model_validator(mode="after")
    def _check_parts(self) -> "AskBody":
        parts = {
            "confirmation": {"action"},
            "choice": {"options", "multiple"},
            "form": {"fields"},
            "checkpoint": {"checkpoint"},
            "text": set(),
        }
        odd = [
            name
            for name in ("action", "options", "multiple", "fields", "checkpoint")
            if getattr(self, name) is not None and name not in parts[self.type]
        ]
        if odd:
            raise ValueError(f"{', '.join(odd)} cannot be part of a {self.type}")
        return self

    def body(self) -> dict[str, Any]:
        """The request body as it is stored."""
        kept = self.model_dump(mode="json", exclude_none=True, exclude={"type", "to", "session_id", "due_in", "rule"})
        return kept | {"prompt": self.prompt} | ({"multiple": bool(self.multiple)} if self.type == "choice" else {})


class AnswerBody(Body):
    action: Annotated[Text, Field(max_length=100)]
    values: Document | None = Field(
        default=None, description="for an edit: the arguments that change, by name; the others stay as proposed"
    )
    feedback: Text | None = None
    version: int | None = None


@router.get("", response_model=FeedbackRequests)
async def list_requests(
    principal: SignedIn,
    context: AppContext,
    before: PageStart,
    status: FeedbackStatus | None = None,
    session_id: str | None = None,
) -> Any:
    """The requests that the caller is asked or has asked, newest first, up to 50 at a time."""
    return Json(await context.db.read(list_page, principal.person, status, session_id, before))


def list_page(
    tx: Tx, person: Person, status: str | None, session_id: str | None, before: tuple[int, str] | None
) -> dict[str, Any]:
    found = store.list_requests(tx, person.id, status=status, session_id=session_id, before=before)
    return {"items": [shape_request(tx, row) for row in found.rows]} | ({"next": found.next} if found.next else {})


@router.post("", status_code=201, response_model=FeedbackRequest)
async def ask(body: AskBody, principal: Starting, context: AppContext, key: IdempotencyKey = None) -> Any:
    """Ask people. A program can wait for the answer with `GET /api/feedback/{id}?wait=60`."""
    rule = body.rule.model_dump() if body.rule else None
    question = Question(FeedbackType(body.type), body.body(), body.to, body.session_id, body.due_in, rule)
    request = await context.db.transact(ask_people, principal.person, question, key, principal.via)
    return Json(outcome(request), status_code=201)


@router.get("/{request_id}", response_model=FeedbackRequest)
async def read_request(
    request_id: str,
    principal: SignedIn,
    context: AppContext,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_S, description="seconds to wait while it is pending")] = 0,
) -> Any:
    if not wait:
        return Json(await context.db.read(_find, principal.person, request_id))
    with context.rate_limits.long_poll(principal.person.id):
        return Json(await _wait(context, principal.person, request_id, wait))


async def _wait(context: Context, person: Person, request_id: str, seconds: float) -> FeedbackRequest | str:
    """The request once it is decided, or as it is when the time is over or this process stops. Subscribes first, reads second,
    and reads again now and then, because what is published is only a hint. Finished JSON if it came as a frame."""
    clock = asyncio.get_running_loop().time
    ends = clock() + seconds
    heard: asyncio.Queue[str] = asyncio.Queue()
    with contextlib.ExitStack() as listening:
        for topic in (request_topic(request_id), MISSED_TOPIC, STOPPING_TOPIC):
            listening.callback(context.stream.subscribe([topic], functools.partial(_on_frame, heard, topic)))
        words = ""
        while words != STOPPING_TOPIC and clock() < ends:
            decided = await context.db.read(_find_decided, person, request_id)
            if decided is not None:
                return decided
            words = await _next_frame(heard, min(ends - clock(), RECHECK_S))
            if words.startswith(RESOLVED):
                return words.partition('"request":')[2].removesuffix("}")  # the frame ends with it
    return await context.db.read(_find, person, request_id)


def _on_frame(heard: asyncio.Queue[str], topic: str, text: str, _seq: int | None) -> None:
    heard.put_nowait(text or topic)


async def _next_frame(heard: asyncio.Queue[str], seconds: float) -> str:
    """The next frame, or None when none came in time."""
    try:
        async with asyncio.timeout(seconds):
            return await heard.get()
    except TimeoutError:
        return ""


@router.get("/{request_id}/mails", response_model=Mails)
async def list_mails(request_id: str, principal: SignedIn, context: AppContext) -> Any:
    """Mails received about the request, oldest first, including those that were not verified or not understood."""
    return Json({"items": await context.db.read(list_mail, principal.person, request_id)})


def _find_decided(tx: Tx, person: Person, request_id: str) -> FeedbackRequest | None:
    """The request, or None while it is pending."""
    row = _row(tx, person, request_id)
    return None if row.status == "pending" else shape_request(tx, row)


def _find(tx: Tx, person: Person, request_id: str) -> FeedbackRequest:
    return shape_request(tx, _row(tx, person, request_id))


def _row(tx: Tx, person: Person, request_id: str) -> Row[Any]:
    row = store.request_by_id(tx, request_id)
    if row is None or not may_see(tx, row, person.id):
        raise NotFound("There is no such request, or it is not yours.")
    return row


@router.post("/{request_id}/answer", response_model=FeedbackRequest)
async def answer(request_id: str, body: AnswerBody, principal: Answering, context: AppContext, key: IdempotencyKey = None) -> Any:
    """Answer the request. The first valid answer decides; later ones are recorded, change nothing, and learn who decided."""
    said = (request_id, body.action, body.values, body.feedback, body.version, key)
    inbound = InboundAnswer(principal.via, principal.person.id, *said, proof=principal.proof)
    return Json(outcome(await context.db.transact(receive_answer, principal.person, inbound, context.registry, context.policy)))


@router.post("/{request_id}/cancel", response_model=FeedbackRequest)
async def cancel(request_id: str, principal: Answering, context: AppContext) -> Any:
    """Withdraw the request."""
    return Json(outcome(await context.db.transact(cancel_request, principal.person, request_id, principal.via)))


class Reroute(Body):
    channel: Literal["chat", "slack", "email"]


@router.post("/{request_id}/reroute", response_model=FeedbackRequest)
async def reroute(request_id: str, body: Reroute, principal: Answering, context: AppContext) -> Any:
    """Ask on another channel now. Copies sent earlier can still be answered."""
    return Json(
        await context.db.transact(reroute_request, principal.person, request_id, body.channel, context.set_up, principal.via)
    )


@router.post("/{request_id}/retry", response_model=FeedbackRequest)
async def retry(request_id: str, principal: Answering, context: AppContext) -> Any:
    """Deliver a dead letter again, through the same channels."""
    return Json(await context.db.transact(retry_request, principal.person, request_id, principal.via))
