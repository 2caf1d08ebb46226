"""WebSockets: who may connect, to a session's log as it grows or to a person's requests over all sessions."""

import contextlib
from collections.abc import AsyncIterator, Iterator

from fastapi import APIRouter, WebSocket

from backend.api.http.context import Context, context_of
from backend.api.http.problems import problem_response
from backend.api.live.me_feed import PersonFeed
from backend.api.live.session_feed import SessionFeed
from backend.api.live.sockets import SIGNED_OUT, Socket
from backend.auth.principal import Principal
from backend.auth.tokens import ticket_digest
from backend.core.linking.presence import end_presence, record_presence
from backend.core.people.sign_ins import redeem_ticket
from backend.core.sessions.sessions import own_session
from backend.db.queries.sessions import LOG_PAGE
from backend.db.transaction import person_topic, session_topic, sign_in_topic
from backend.errors import Forbidden, Invalid, Refusal, Unauthorized, Unavailable
from backend.ids import new_id
from backend.messaging.stream.contract import MISSED_TOPIC

router = APIRouter()


async def _signed_in(ws: WebSocket, reach: Context, ticket: str | None) -> Principal:
    """The caller: by a single-use ticket from an allowed Origin, or by an Authorization header. Raises Problem."""
    origin = ws.headers.get("origin")
    if origin is not None and origin not in reach.settings.origins:
        raise Forbidden("This origin may not connect; add it to ASSENT_ALLOWED_ORIGINS if it should.", code="foreign_origin")
    if ticket is not None:
        if origin is None:
            raise Forbidden("A ticket is for browsers, which send an Origin; use an Authorization header.", code="foreign_origin")
        sign_in_id = await reach.db.transact(redeem_ticket, ticket_digest(ticket))
        if sign_in_id is None:
            raise Unauthorized("The ticket is unknown, used or older than 30 seconds; get a new one.", code="bad_ticket")
        return await reach.sign_ins.by_id(sign_in_id)
    scheme, _, token = ws.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized()
    return await reach.sign_ins.principal(token.strip())


@router.websocket("/api/ws/session/{session_id}")
async def session_socket(
    ws: WebSocket, session_id: str, ticket: str | None = None, after: str | None = None, window: str | None = None
) -> None:
    """`after`: the number of the last event seen. `window`: of a log that is new to the client, only so many of the latest."""
    reach = context_of(ws)
    try:
        principal = await _signed_in(ws, reach, ticket)
        await reach.db.read(own_session, principal.person, session_id)
        cursor, latest = _number("after", after), _number("window", window, least=1, most=LOG_PAGE)
        reach.sockets.admit(principal.person.id)
    except Refusal as problem:
        await ws.send_denial_response(problem_response(problem, ws.scope["request_id"]))
        return
    await ws.accept()
    socket = Socket(ws, principal)
    with reach.sockets.holding(socket), _listening(reach, socket, session_topic(session_id)):
        feed = SessionFeed(ws, socket, reach, session_id)
        await socket.run(lambda: feed.write(cursor, latest), feed.handle)


def _number(name: str, given: str | None, least: int = 0, most: int = 10**15 - 1) -> int | None:
    if given is None:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > 15 or not least <= int(given) <= most:
        raise Invalid(f"{name} must be a whole number from {least} to {most}.", code="invalid")
    return int(given)


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


@router.websocket("/api/ws/me")
async def my_socket(ws: WebSocket, ticket: str | None = None) -> None:
    """Requests and session changes over all of the person's sessions; being connected here is what presence means."""
    reach = context_of(ws)
    try:
        principal = await _signed_in(ws, reach, ticket)
        reach.sockets.admit(principal.person.id)
    except Refusal as problem:
        await ws.send_denial_response(problem_response(problem, ws.scope["request_id"]))
        return
    await ws.accept()
    socket = Socket(ws, principal)
    with reach.sockets.holding(socket), _listening(reach, socket, person_topic(principal.person.id)):
        async with _present(reach, socket):
            feed = PersonFeed(ws, socket, reach)
            await socket.run(feed.write, feed.handle)


@contextlib.asynccontextmanager
async def _present(reach: Context, socket: Socket) -> AsyncIterator[None]:
    """Count the person as present for as long as this socket lives."""
    socket_id = new_id("soc")
    await reach.db.transact(record_presence, socket_id, socket.principal.person.id)
    reach.sockets.presences[socket_id] = socket
    try:
        yield
    finally:
        del reach.sockets.presences[socket_id]
        with contextlib.suppress(Unavailable):  # it ends by itself a minute later
            await reach.db.transact(end_presence, socket_id)
