"""Talking with the agent over HTTP, in the shapes that existing clients know."""

from typing import Any, Literal

from fastapi import APIRouter

from backend.api.http.authenticate_first import AuthenticateFirst
from backend.api.http.context import Context, Reach
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
async def complete(body: Completion, principal: Starting, reach: Reach, key: MessageKey = None) -> Any:
    """Say something to the agent: in a session, or in a new one. The same `client_id` (or Idempotency-Key) again is the same
    message, wherever it was said."""
    check_length(reach, body.query)
    channel: ChannelName = principal.via if body.channel == "chat" else "api"  # only its own door can vouch for another
    inbound = InboundMessage(channel, principal.person.id, body.query, body.session_id, body.client_id or key)
    received = await say(reach, principal.person, inbound)
    return Json({"session_id": received.session_id, "query": body.query, "run_id": received.run_id})


def check_length(reach: Context, query: str) -> None:
    most = reach.settings.max_query_length
    if len(query) > most:
        raise BadRequest(f"The message is {len(query):,} characters long; at most {most:,} are taken.", code="too_long")


async def say(reach: Context, person: Person, inbound: InboundMessage) -> Received:
    """Hand a person's word to the core. Raises its refusals."""
    received = await reach.db.transact(receive_message, person, inbound)
    log.info("message received", session_id=received.session_id, run_id=received.run_id, repeat=received.repeat)
    return received


@router.post("/chat/cancel/{session_id}")
async def cancel(session_id: str, principal: SignedIn, reach: Reach) -> dict[str, str]:
    """Cancel whatever runs in the session; nothing running is as good."""
    await reach.db.transact(cancel_work, principal.person, session_id, principal.via)
    return {"status": "cancelled"}


@router.get("/session/{session_id}")
async def session(session_id: str, principal: SignedIn, reach: Reach) -> Json:
    """The session with the end of its log: `state_messages` begin with number `first_seq`, `saved_state_messages` are all."""
    found = await reach.db.read(find_session, principal.person, session_id)
    frames = await reach.db.read(log_before, session_id, found["last_seq"] + 1)
    here = reach.stream.listeners(session_topic(session_id)) > 0
    told = {
        "session_id": session_id,
        "is_connected": here or await reach.db.read(is_present, principal.person.id),  # or at another process
        "saved_state_messages": found["last_seq"],
        "task_exists": "active_run_id" in found,
        "first_seq": frames[0][0] if frames else 1,
        **{name: found[name] for name in ("title", "status", "agent_status", "last_seq")},
    }
    state = ",".join(frame for _, frame in frames)
    return Json(f'{dumps(told).removesuffix("}")},"state_messages":[{state}]}}')
