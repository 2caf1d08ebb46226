"""Receive messages and answers from every channel, each at most once."""

from dataclasses import dataclass
from typing import Any

from backend.core.decisions.answer import answer_request
from backend.core.decisions.response import Decision
from backend.core.idempotency import replay, save_reply
from backend.core.runs.start_run import join_run, start_run
from backend.core.sessions.sessions import open_session, own_session
from backend.db import Row, Tx
from backend.db.locks import locks
from backend.db.queries import runs, sessions
from backend.domain.client_views import FeedbackRequest, Message
from backend.domain.events import MessageSent
from backend.domain.people import Person
from backend.domain.policy import Policy
from backend.domain.states import MessageStatus, MessageType, SessionStatus
from backend.errors import Conflict, Forbidden, Refusal
from backend.ids import new_id
from backend.timestamps import to_text
from backend.tools.registry import Registry
from channels.contract import InboundAnswer, InboundMessage


@dataclass(frozen=True, slots=True)
class Received:
    """Where a message was recorded. `repeat`: it had been received before, so nothing was done."""

    session_id: str
    run_id: str
    message: Message
    repeat: bool = False


@locks(session="inbound.session_id", person="person.id")
def receive_message(tx: Tx, person: Person, inbound: InboundMessage) -> Received:
    """Record a person's message and pass it to the agent: in the active run, or in a new one.

    Raises NotFound (not their session) and Conflict (the session is closed, or the id was used for another message)."""
    known = _find_repeat(tx, person, inbound)
    if known is not None:
        return _repeat(tx, person, inbound, known)
    if inbound.session_id is None:
        session_id = open_session(tx, person, inbound.topic or inbound.content)
    else:
        session_id = inbound.session_id
        if own_session(tx, person, session_id).status == SessionStatus.CLOSED:
            raise Conflict("This session is closed; start a new one.", code="session_closed")
    return _record(tx, person, inbound, session_id)


def _find_repeat(tx: Tx, person: Person, inbound: InboundMessage) -> Row[Any] | None:
    if inbound.event_id is None:
        return None
    if inbound.session_id is None:  # a client that lost the reply does not know the session
        return sessions.message_by_author(tx, person.id, inbound.event_id)
    own_session(tx, person, inbound.session_id)
    return sessions.message_by_client_id(tx, inbound.session_id, inbound.event_id)


def _repeat(tx: Tx, person: Person, inbound: InboundMessage, row: Row[Any]) -> Received:
    if row.content != inbound.content or not _started_alike(tx, row, inbound):
        raise Conflict("This client_id was used for another message; give each message its own.", code="client_id_reused")
    return Received(row.session_id, row.run_id, shape_message(row._mapping, person.name), repeat=True)


def _started_alike(tx: Tx, row: Row[Any], inbound: InboundMessage) -> bool:
    """Whether the message that started the run came with the same settings; a message that joined a run has none."""
    run = runs.run_by_id(tx, row.run_id) if inbound.settings else None
    return run is None or run.settings == inbound.settings


def _record(tx: Tx, person: Person, inbound: InboundMessage, session_id: str) -> Received:
    message_id = new_id("msg")
    active = runs.active_run(tx, session_id)
    values: dict[str, Any] = {
        "id": message_id,
        "session_id": session_id,
        "run_id": active.id if active else new_id("run"),
        "author_id": person.id,
        "type": MessageType.USER,
        "status": MessageStatus.SENT,
        "content": inbound.content,
        "via": inbound.channel,
        "client_id": inbound.event_id,
        "created_at": tx.now,
    }
    tx.emit(session_id, _event(values, person.name))
    if active is not None:
        join_run(tx, active.id, message_id, inbound.content)
    else:
        start_run(
            tx,
            values["run_id"],
            session_id=session_id,
            person_id=person.id,
            settings=inbound.settings,
            message_id=message_id,
            content=inbound.content,
        )
    sessions.insert_message(tx, **values)
    return Received(session_id, values["run_id"], shape_message(values, person.name))


def _event(values: dict[str, Any], author: str) -> MessageSent:
    event = MessageSent(type="message", message=shape_message(values, author))
    if values["client_id"]:
        event["client_id"] = values["client_id"]
    return event


def shape_message(values: Any, author: str | None) -> Message:
    """The message as clients see it."""
    shaped = Message(
        id=values["id"],
        session_id=values["session_id"],
        type=values["type"],
        status=values["status"],
        content=values["content"],
        via=values["via"],
        created_at=to_text(values["created_at"]),
    )
    if values["run_id"] is not None:
        shaped["run_id"] = values["run_id"]
    if values["client_id"] is not None:
        shaped["client_id"] = values["client_id"]
    if values["author_id"]:
        shaped["author"] = {"id": values["author_id"], "name": author or ""}
    return shaped


@locks(request="inbound.request_id")
def receive_answer(
    tx: Tx, person: Person, inbound: InboundAnswer, registry: Registry, policy: Policy
) -> FeedbackRequest | Refusal:
    """Record a person's answer. Returns the decided request, or a refusal to raise after the commit, since it is recorded."""
    decision = Decision(inbound.action, inbound.values, inbound.feedback, inbound.version, inbound.sent_at, inbound.proof)
    fingerprint = ["answer", inbound.request_id, inbound.action, inbound.values, inbound.feedback, inbound.version]
    kept = replay(tx, person.id, inbound.event_id, fingerprint)
    if kept is not None:
        return kept
    outcome = answer_request(tx, person, inbound.request_id, decision, inbound.channel, registry, policy)
    if not isinstance(outcome, Forbidden):  # who may decide can change, so a repeat is judged again
        save_reply(tx, person.id, inbound.event_id, fingerprint, outcome)
    return outcome
