"""WebSocket routes: one session's log, and one person's requests over all sessions."""

import contextlib
from collections.abc import AsyncIterator, Iterator

from fastapi import APIRouter, WebSocket

from backend.api.http.context import Context, context_of
from backend.api.http.problems import problem_response
from backend.api.live.person_feed import PersonFeed
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


async def _signed_in(ws: WebSocket, context: Context, ticket: str | None) -> Principal:
    """The caller: by a single-use ticket from an allowed Origin, or by an Authorization header. Raises Refusal."""
    origin = ws.headers.get("origin")
    if origin is not None and origin not in context.settings.origins:
        raise Forbidden(
            "This origin is not allowed to connect. To allow it, add it to ASSENT_ALLOWED_ORIGINS.", code="foreign_origin"
        )
    if ticket is not None:
        if origin is None:
            raise Forbidden(
                "Tickets are for browsers, which send an Origin header. Use an Authorization header instead.",
                code="foreign_origin",
            )
        sign_in_id = await context.db.transact(redeem_ticket, ticket_digest(ticket))
        if sign_in_id is None:
            raise Unauthorized("The ticket is unknown, used or older than 30 seconds. Get a new one.", code="bad_ticket")
        return await context.principal_cache.by_id(sign_in_id)
    scheme, _, token = ws.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized()
    return await context.principal_cache.principal(token.strip())


@router.websocket("/api/ws/session/{session_id}")
async def session_socket(
    ws: WebSocket, session_id: str, ticket: str | None = None, after: str | None = None, window: str | None = None
) -> None:
    """`after` is the number of the last event seen. `window` limits a log that is new to the client to so many of its latest
    events."""
    context = context_of(ws)
    try:
        principal = await _signed_in(ws, context, ticket)
        await context.db.read(own_session, principal.person, session_id)
        cursor, latest = _number("after", after), _number("window", window, least=1, most=LOG_PAGE)
        context.sockets.admit(principal.person.id)
    except Refusal as problem:
        await ws.send_denial_response(problem_response(problem, ws.scope["request_id"]))
        return
    await ws.accept()
    socket = Socket(ws, principal, session_id)
    with context.sockets.register(socket), _subscribe_socket(context, socket, session_topic(session_id)):
        feed = SessionFeed(ws, socket, context, session_id)
        await socket.run(lambda: feed.write(cursor, latest), feed.handle)


def _number(name: str, given: str | None, least: int = 0, most: int = 10**15 - 1) -> int | None:
    if given is None:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > 15 or not least <= int(given) <= most:
        raise Invalid(f"{name} must be a whole number from {least} to {most}.", code="invalid")
    return int(given)


@contextlib.contextmanager
def _subscribe_socket(context: Context, socket: Socket, topic: str) -> Iterator[None]:
    stop_feeding = context.stream.subscribe([topic], socket.queue_frame)
    stop_looking = context.stream.subscribe([MISSED_TOPIC], socket.check_log)
    stop_watching = context.stream.subscribe([sign_in_topic(socket.principal.sign_in_id)], lambda *_: socket.close(SIGNED_OUT))
    try:
        yield
    finally:
        stop_feeding()
        stop_looking()
        stop_watching()


@router.websocket("/api/ws/me")
async def me_socket(ws: WebSocket, ticket: str | None = None) -> None:
    """Requests and session changes over all of the person's sessions. Being connected here counts as being present."""
    context = context_of(ws)
    try:
        principal = await _signed_in(ws, context, ticket)
        context.sockets.admit(principal.person.id)
    except Refusal as problem:
        await ws.send_denial_response(problem_response(problem, ws.scope["request_id"]))
        return
    await ws.accept()
    socket = Socket(ws, principal)
    with context.sockets.register(socket), _subscribe_socket(context, socket, person_topic(principal.person.id)):
        async with _count_as_present(context, socket):
            feed = PersonFeed(ws, socket, context)
            await socket.run(feed.write, feed.handle)


@contextlib.asynccontextmanager
async def _count_as_present(context: Context, socket: Socket) -> AsyncIterator[None]:
    """Count the person as present while this socket is open."""
    socket_id = new_id("soc")
    await context.db.transact(record_presence, socket_id, socket.principal.person.id)
    context.sockets.presences[socket_id] = socket
    try:
        yield
    finally:
        del context.sockets.presences[socket_id]
        with contextlib.suppress(Unavailable):  # it expires a minute later
            await context.db.transact(end_presence, socket_id)
