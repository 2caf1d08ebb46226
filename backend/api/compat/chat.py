"""Chat with the agent over HTTP, in the format that existing clients use."""

from typing import Any, Literal

from fastapi import APIRouter

from backend.api.http.authenticate_first import AuthenticateFirst
from backend.api.http.context import AppContext, Context
from backend.api.http.dependencies import Json, MessageKey, SignedIn, Starting
from backend.api.http.schemas import Id, LooseBody, View, Words
from backend.core.inbound import Received, receive_message
from backend.core.sessions.sessions import cancel_work, find_session
from backend.db.queries.linked_accounts import is_present
from backend.db.queries.sessions import log_before
from backend.db.transaction import dumps, session_topic
from backend.domain.people import Person
from backend.errors import BadRequest
from backend.observability.log import get_logger
from channels.contract import ChannelName, InboundMessage

router = APIRouter(prefix="/api", tags=["chat"], route_class=AuthenticateFirst)
log = get_logger(__name__)


class Completion(LooseBody):
    query: Words
    session_id: Id | None = None
    channel: Literal["chat", "api", "slack", "email"] = "chat"
    client_id: Id | None = None


class Started(View):
    session_id: str
    query: str
    run_id: str


@router.post("/chat/completion", response_model=Started)
async def complete(body: Completion, principal: Starting, context: AppContext, key: MessageKey = None) -> Any:
    """Send a message to the agent, in a session or in a new one. Repeating a `client_id` (or Idempotency-Key) repeats no
    message, whichever session it names."""
    check_length(context, body.query)
    channel: ChannelName = principal.via if body.channel == "chat" else "api"  # a client cannot claim another channel
    inbound = InboundMessage(channel, principal.person.id, body.query, body.session_id, body.client_id or key)
    received = await send_message(context, principal.person, inbound)
    return Json({"session_id": received.session_id, "query": body.query, "run_id": received.run_id})


def check_length(context: Context, query: str) -> None:
    most = context.settings.max_query_length
    if len(query) > most:
        raise BadRequest(f"The message is {len(query):,} characters long; the limit is {most:,}.", code="too_long")


async def send_message(context: Context, person: Person, inbound: InboundMessage) -> Received:
    """Hand a person's message to the core. Raises its refusals."""
    received = await context.db.transact(receive_message, person, inbound)
    log.info("message.received", session_id=received.session_id, run_id=received.run_id, repeat=received.repeat)
    return received


@router.post("/chat/cancel/{session_id}")
async def cancel(session_id: str, principal: SignedIn, context: AppContext) -> dict[str, str]:
    """Cancel the session's run; does nothing when none is running."""
    await context.db.transact(cancel_work, principal.person, session_id, principal.via)
    return {"status": "cancelled"}


@router.get("/session/{session_id}")
async def session(session_id: str, principal: SignedIn, context: AppContext) -> Json:
    """The session with the end of its log: `state_messages` start at number `first_seq`; `saved_state_messages` is the number of
    all."""
    found = await context.db.read(find_session, principal.person, session_id)
    frames = await context.db.read(log_before, session_id, found["last_seq"] + 1)
    here = context.stream.listeners(session_topic(session_id)) > 0
    told = {
        "session_id": session_id,
        "is_connected": here or await context.db.read(is_present, principal.person.id),  # or in another process
        "saved_state_messages": found["last_seq"],
        "task_exists": "active_run_id" in found,
        "first_seq": frames[0][0] if frames else 1,
        **{name: found[name] for name in ("title", "status", "agent_status", "last_seq")},
    }
    state = ",".join(frame for _, frame in frames)
    return Json(f'{dumps(told).removesuffix("}")},"state_messages":[{state}]}}')
