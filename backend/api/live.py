"""WebSockets: a session's log as it grows, and a person's requests over all sessions.

A socket keeps a cursor into the log. What is published is only a hint that the log grew: a frame that does not follow
the cursor sends the socket back to SQL, so nothing is lost, doubled or out of order whatever the stream does."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

from fastapi import APIRouter, WebSocket

from backend.api import frames
from backend.api.chat import check_length, say
from backend.api.context import Context, context_of
from backend.api.problems import problem_response
from backend.api.sockets import SIGNED_OUT, Missed, Socket
from backend.auth.principal import Principal
from backend.auth.tokens import ticket_digest
from backend.core.connections import enter, leave
from backend.core.feedback import see_request
from backend.core.inbox import receive_answer
from backend.core.people import take_ticket
from backend.core.sessions import cancel_work, own_session
from backend.db import Tx
from backend.db.feedback import open_requests
from backend.db.runs import active_run
from backend.db.sessions import frame_of_message, frames_after, last_seq
from backend.db.transaction import dumps, person_topic, session_topic, sign_in_topic
from backend.domain.states import FeedbackType
from backend.errors import Forbidden, Invalid, Problem, Unauthorized, Unavailable
from backend.ids import new_id
from backend.stream.contract import MISSED_TOPIC, PartialReply
from channels.contract import InboundAnswer, InboundMessage

router = APIRouter()

HEARTBEAT_S = 20


async def _signed_in(ws: WebSocket, reach: Context, ticket: str | None) -> Principal:
    """The caller: by a single-use ticket from an allowed Origin, or by an Authorization header. Raises Problem."""
    origin = ws.headers.get("origin")
    if origin is not None and origin not in reach.settings.origins:
        raise Forbidden("This origin may not connect; add it to ASSENT_ALLOWED_ORIGINS if it should.", code="foreign_origin")
    if ticket is not None:
        if origin is None:
            raise Forbidden("A ticket is for browsers, which send an Origin; use an Authorization header.", code="foreign_origin")
        sign_in_id = await reach.db.transact(take_ticket, ticket_digest(ticket))
        if sign_in_id is None:
            raise Unauthorized("The ticket is unknown, used or older than 30 seconds; get a new one.", code="bad_ticket")
        return await reach.sign_ins.by_id(sign_in_id)
    scheme, _, token = ws.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized()
    return await reach.sign_ins.principal(token.strip())


@router.websocket("/api/ws/session/{session_id}")
async def session_socket(ws: WebSocket, session_id: str, ticket: str | None = None, after: str | None = None) -> None:
    reach = context_of(ws)
    try:
        principal = await _signed_in(ws, reach, ticket)
        await reach.db.read(own_session, principal.person, session_id)
        cursor = _parse_after(after)
        reach.sockets.admit(principal.person.id)
    except Problem as problem:
        await ws.send_denial_response(problem_response(problem, ws.scope["request_id"]))
        return
    await ws.accept()
    socket = Socket(ws, principal)
    with reach.sockets.holding(socket), _listening(reach, socket, session_topic(session_id)):
        feed = SessionFeed(ws, socket, reach, session_id)
        await socket.run(lambda: feed.write(cursor), feed.handle)


def _parse_after(after: str | None) -> int | None:
    if after is None:
        return None
    if not after.isascii() or not after.isdigit() or len(after) > 15:
        raise Invalid("after must be the number of the last event seen.", code="invalid")
    return int(after)


@contextlib.contextmanager
def _listening(reach: Context, socket: Socket, topic: str) -> Iterator[None]:
    stop_feeding = reach.stream.subscribe([topic], socket.put)
    stop_looking = reach.stream.subscribe([MISSED_TOPIC], socket.look)
    stop_watching = reach.stream.subscribe([sign_in_topic(socket.principal.sign_in_id)], lambda *_: socket.close(SIGNED_OUT))
    try:
        yield
    finally:
        stop_feeding()
        stop_looking()
        stop_watching()


class SessionFeed:
    """One session's log towards one socket, and one person's frames towards the session."""

    def __init__(self, ws: WebSocket, socket: Socket, reach: Context, session_id: str) -> None:
        self._ws = ws
        self._socket = socket
        self._reach = reach
        self._session_id = session_id
        self._cursor = 0

    async def write(self, after: int | None) -> None:
        await self._open(after)
        while True:
            try:
                item = await self._socket.take(HEARTBEAT_S)
            except Missed:
                await self._catch_up()
                continue
            if item is None:
                await self._heartbeat()
                continue
            text, seq = item
            if seq is None:
                await self._ws.send_text(text)
            elif seq == self._cursor + 1:
                self._cursor = seq
                await self._ws.send_text(text)
            elif seq > self._cursor:
                await self._catch_up()

    async def _open(self, after: int | None) -> None:
        """Say all that the client has not seen. The socket listens already, so nothing falls between."""
        known = await self._reach.db.read(last_seq, self._session_id)
        beyond = after is not None and after > known
        start = 0 if after is None or beyond else after
        missed = await self._reach.db.read(frames_after, self._session_id, start)
        self._cursor = start + len(missed)
        self._socket.drop_passing()
        partial = await self._partial()
        state = ",".join(missed)
        outcome = "resync" if beyond else "fresh" if after is None else "replayed"
        streamed = (
            f',"partial":{dumps({"run_id": partial.run_id, "attempt": partial.attempt, "content": partial.content})}'
            if partial
            else ""
        )
        await self._ws.send_text(
            f'{{"type":"initial_state","session_id":{dumps(self._session_id)},"state_count":{len(missed)},'
            f'"last_seq":{self._cursor},"outcome":"{outcome}"{streamed},"state_messages":[{state}]}}'
        )
        await self._ws.send_text(dumps({"type": "connection_ready", "session_id": self._session_id}))

    async def _partial(self) -> PartialReply | None:
        """The reply being streamed, unless its run has ended: that it has may not have been heard."""
        partial = await self._reach.stream.partial_reply(self._session_id)
        if partial is None:
            return None
        run = await self._reach.db.read(active_run, self._session_id)
        return partial if run is not None and run.id == partial.run_id else None

    async def _heartbeat(self) -> None:
        last = await self._reach.db.read(last_seq, self._session_id)
        await self._ws.send_text(dumps({"type": "heartbeat", "session_id": self._session_id, "last_seq": last}))
        if last > self._cursor:
            await self._catch_up()

    async def _catch_up(self) -> None:
        for frame in await self._reach.db.read(frames_after, self._session_id, self._cursor):
            await self._ws.send_text(frame)
            self._cursor += 1

    async def handle(self, frame: frames.Frame) -> None:
        person, db = self._socket.principal.person, self._reach.db
        match frame:
            case frames.Ping():
                self._socket.say({"type": "pong", "session_id": self._session_id})
            case frames.Seen():
                await db.transact(see_request, person, frame.request_id)
            case frames.Cancel():
                await db.transact(cancel_work, person, self._session_id, "chat")
            case frames.Message():
                await self._message(frame)
            case frames.Confirm():
                await self._answer(
                    await self._sole(frame.request_id, FeedbackType.CONFIRMATION), "approve" if frame.value else "reject"
                )
            case frames.UserInput():
                await self._answer(await self._sole(frame.request_id, FeedbackType.FORM), "submit", frame.values)
            case frames.Answer():
                await self._answer(frame.request_id, frame.action, frame.values, frame.feedback, frame.version)
            case frames.Acknowledged():
                pass

    async def _message(self, frame: frames.Message) -> None:
        person = self._socket.principal.person
        content = frame.content.strip()
        if not content:
            raise Invalid("A message needs some words.", code="empty")
        check_length(self._reach, content)
        await self._reach.budgets.start_work(person.id)
        received = await say(self._reach, person, InboundMessage("chat", person.id, content, self._session_id, frame.client_id))
        if received.repeat:
            self._socket.put(await self._reach.db.read(frame_of_message, self._session_id, received.message["id"]))

    async def _sole(self, request_id: str | None, type: FeedbackType) -> str:
        """The request meant: the one named, or the only open one of its kind."""
        if request_id is not None:
            return request_id
        found = await self._reach.db.read(_open_of_type, self._session_id, type)
        if len(found) != 1:
            how_many = "No" if not found else f"{len(found)}"
            raise Invalid(f"{how_many} open requests are a {type}; name one in request_id.", code="request_id_needed")
        return found[0]

    async def _answer(
        self,
        request_id: str,
        action: str,
        values: dict[str, Any] | None = None,
        feedback: str | None = None,
        version: int | None = None,
    ) -> None:
        person = self._socket.principal.person
        await self._reach.budgets.answer(person.id)
        inbound = InboundAnswer("chat", person.id, request_id, action, values, feedback, version)
        result = await self._reach.db.transact(receive_answer, person, inbound, self._reach.registry, self._reach.policy)
        if isinstance(result, Problem):
            raise result


def _open_of_type(tx: Tx, session_id: str, type: FeedbackType) -> list[str]:
    return [row.id for row in open_requests(tx, session_id) if row.type == type]


@router.websocket("/api/ws/me")
async def my_socket(ws: WebSocket, ticket: str | None = None) -> None:
    """Requests and session changes over all of the person's sessions; being connected here is what presence means."""
    reach = context_of(ws)
    try:
        principal = await _signed_in(ws, reach, ticket)
        reach.sockets.admit(principal.person.id)
    except Problem as problem:
        await ws.send_denial_response(problem_response(problem, ws.scope["request_id"]))
        return
    await ws.accept()
    socket = Socket(ws, principal)

    async def say_ready() -> None:
        await ws.send_text(dumps({"type": "connection_ready", "queue": reach.sockets.queue}))

    async def write() -> None:
        await say_ready()
        while True:
            try:
                item = await socket.take(HEARTBEAT_S)
            except Missed:
                await say_ready()  # as after a new connection, a client reads what it shows
                continue
            await ws.send_text(dumps({"type": "heartbeat"}) if item is None else item[0])

    async def handle(frame: frames.Frame) -> None:
        match frame:
            case frames.Ping():
                socket.say({"type": "pong"})
            case frames.Seen():
                await reach.db.transact(see_request, principal.person, frame.request_id)
            case frames.Acknowledged():
                pass
            case _:
                raise Invalid(f"{frame.type} belongs on the socket of a session.", code="invalid_frame")

    with reach.sockets.holding(socket), _listening(reach, socket, person_topic(principal.person.id)):
        async with _present(reach, socket):
            await socket.run(write, handle)


@contextlib.asynccontextmanager
async def _present(reach: Context, socket: Socket) -> AsyncIterator[None]:
    """Count the person as present for as long as this socket lives."""
    socket_id = new_id("soc")
    await reach.db.transact(enter, socket_id, socket.principal.person.id)
    reach.sockets.presences[socket_id] = socket
    try:
        yield
    finally:
        del reach.sockets.presences[socket_id]
        with contextlib.suppress(Unavailable):  # it ends by itself a minute later
            await reach.db.transact(leave, socket_id)
