"""Stream a session's log to a socket as it grows, and handle the frames that the client sends.

A socket keeps a cursor into the log. A published frame is only a hint that the log grew: if it does not follow the cursor, the
socket reads from SQL, so nothing is lost, repeated or reordered whatever the stream does."""

from typing import Any

from fastapi import WebSocket

from backend.api.compat.chat import check_length, send_message
from backend.api.http.context import Context
from backend.api.live import client_frames
from backend.api.live.sockets import MissedFrames, Socket
from backend.core.inbound import receive_answer
from backend.core.requests.mark_seen import mark_request_seen
from backend.core.sessions.sessions import cancel_work
from backend.db import Tx
from backend.db.queries.requests import open_requests
from backend.db.queries.runs import active_run
from backend.db.queries.sessions import frame_of_message, last_seq, log_after, log_before
from backend.db.transaction import dumps
from backend.domain.events import ConnectionReady, Generating, Heartbeat, InitialStateHead, Piece, Pong, SocketFrame
from backend.domain.states import FeedbackType
from backend.errors import Invalid, Refusal
from backend.messaging.stream.contract import ReplySoFar
from channels.contract import InboundAnswer, InboundMessage


class SessionFeed:
    """Sends one session's log to one socket, and handles its frames."""

    def __init__(self, ws: WebSocket, socket: Socket, context: Context, session_id: str) -> None:
        self._ws = ws
        self._socket = socket
        self._context = context
        self._session_id = session_id
        self._cursor = 0

    async def write(self, after: int | None, window: int | None = None) -> None:
        await self._send_initial_state(after, window)
        while True:
            try:
                item = await self._socket.next_frame()
            except MissedFrames:
                await self._catch_up()
                continue
            if isinstance(item, int):
                await self._heartbeat(item)
                continue
            text, seq = item
            if seq is None:
                await self._ws.send_text(text)
            elif seq == self._cursor + 1:
                self._cursor = seq
                await self._ws.send_text(text)
            elif seq > self._cursor:
                await self._catch_up()

    async def _send_initial_state(self, after: int | None, window: int | None) -> None:
        """Send what the client has not seen: a first page, and the rest page by page as fast as it reads. The socket is
        subscribed already, so nothing is missed in between."""
        known = await self._context.db.read(last_seq, self._session_id)
        beyond = after is not None and after > known
        begins = 0 if after is None or beyond else after
        if window is not None and (after is None or beyond):
            piece = await self._context.db.read(log_before, self._session_id, known + 1, window)
        else:
            piece = await self._context.db.read(log_after, self._session_id, begins)
        self._cursor = piece[-1][0] if piece else begins
        head = InitialStateHead(
            type="initial_state",
            session_id=self._session_id,
            state_count=len(piece),
            first_seq=piece[0][0] if piece else begins + 1,
            last_seq=self._cursor,
            outcome="resync" if beyond else "fresh" if after is None else "replayed",
        )
        whole = self._cursor >= known
        self._socket.drop_passing()
        partial = await self._partial_reply() if whole else None
        if partial is not None:
            head["partial"] = {"run_id": partial.run_id, "attempt": partial.attempt, "content": partial.content}
        state = ",".join(frame for _, frame in piece)
        await self._ws.send_text(f'{dumps(head).removesuffix("}")},"state_messages":[{state}]}}')
        await self._send(ConnectionReady(type="connection_ready", session_id=self._session_id))
        if not whole:
            await self._catch_up()
            await self._send_partial_reply()

    async def _send_partial_reply(self) -> None:
        """Send what was streamed of a reply while the client received the log before it."""
        self._socket.drop_passing()
        partial = await self._partial_reply()
        if partial is not None and partial.content:
            data: Piece = {
                "content": partial.content,
                "event": "delta",
                "run_id": partial.run_id,
                "attempt": partial.attempt,
                "offset": 0,
            }
            await self._ws.send_text(dumps(Generating(type="generating", session_id=self._session_id, data=data)))

    async def _send(self, frame: SocketFrame) -> None:
        await self._ws.send_text(dumps(frame))

    async def _partial_reply(self) -> ReplySoFar | None:
        """The reply being streamed, unless its run has ended, which the stream may not have reported."""
        partial = await self._context.stream.partial_reply(self._session_id)
        if partial is None:
            return None
        run = await self._context.db.read(active_run, self._session_id)
        return partial if run is not None and run.id == partial.run_id else None

    async def _heartbeat(self, last: int) -> None:
        await self._send(Heartbeat(type="heartbeat", session_id=self._session_id, last_seq=max(last, self._cursor)))
        if last > self._cursor:
            await self._catch_up()

    async def _catch_up(self) -> None:
        """Read a page only when the one before was sent, so that a slow client costs one page of memory."""
        while piece := await self._context.db.read(log_after, self._session_id, self._cursor):
            for seq, frame in piece:
                await self._ws.send_text(frame)
                self._cursor = seq

    async def handle(self, frame: client_frames.Frame) -> None:
        person, via, db = self._socket.principal.person, self._socket.principal.via, self._context.db
        match frame:
            case client_frames.Ping():
                self._socket.send_frame(Pong(type="pong", session_id=self._session_id))
            case client_frames.Seen():
                await db.transact(mark_request_seen, person, frame.request_id)
            case client_frames.Cancel():
                await db.transact(cancel_work, person, self._session_id, via)
            case client_frames.MessageFrame():
                await self._receive_message(frame)
            case client_frames.Confirm():
                await self._receive_answer(
                    await self._resolve_request(frame.request_id, FeedbackType.CONFIRMATION),
                    "approve" if frame.value else "reject",
                )
            case client_frames.UserInput():
                await self._receive_answer(
                    await self._resolve_request(frame.request_id, FeedbackType.FORM), "submit", frame.values
                )
            case client_frames.AnswerFrame():
                await self._receive_answer(frame.request_id, frame.action, frame.values, frame.feedback, frame.version)
            case client_frames.Acknowledged():
                pass

    async def _receive_message(self, frame: client_frames.MessageFrame) -> None:
        person, via = self._socket.principal.person, self._socket.principal.via
        content = frame.content.strip()
        if not content:
            raise Invalid("A message needs some text.", code="empty")
        check_length(self._context, content)
        await self._context.rate_limits.start_work(person.id)
        received = await send_message(
            self._context, person, InboundMessage(via, person.id, content, self._session_id, frame.client_id)
        )
        if received.repeat:
            self._socket.queue_frame(await self._context.db.read(frame_of_message, self._session_id, received.message["id"]))

    async def _resolve_request(self, request_id: str | None, type: FeedbackType) -> str:
        """The request that the frame answers: the one it names, or the only open one of its type."""
        if request_id is not None:
            return request_id
        found = await self._context.db.read(_open_of_type, self._session_id, type)
        if len(found) != 1:
            how_many = "No" if not found else f"{len(found)}"
            raise Invalid(f"{how_many} open requests are a {type}; name one of them in request_id.", code="request_id_needed")
        return found[0]

    async def _receive_answer(
        self,
        request_id: str,
        action: str,
        values: dict[str, Any] | None = None,
        feedback: str | None = None,
        version: int | None = None,
    ) -> None:
        principal, person = self._socket.principal, self._socket.principal.person
        await self._context.rate_limits.answer(person.id)
        said = (request_id, action, values, feedback, version)
        inbound = InboundAnswer(principal.via, person.id, *said, proof=principal.proof)
        result = await self._context.db.transact(receive_answer, person, inbound, self._context.registry, self._context.policy)
        if isinstance(result, Refusal):
            raise result


def _open_of_type(tx: Tx, session_id: str, type: FeedbackType) -> list[str]:
    return [row.id for row in open_requests(tx, session_id) if row.type == type]
