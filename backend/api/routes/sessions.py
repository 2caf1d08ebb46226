"""Sessions: list, read, rename, move and close."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AfterValidator, Field, model_validator

from backend.api.http.authenticate_first import AuthenticateFirst
from backend.api.http.context import AppContext
from backend.api.http.dependencies import Json, PageStart, SignedIn, cursor_after, page
from backend.api.http.schemas import Body, Line, View
from backend.api.live.frame_schemas import EventPage
from backend.core.inbound import shape_message
from backend.core.requests.reroute import change_session
from backend.core.sessions import sessions as core
from backend.db.queries import sessions as store
from backend.db.queries.sessions import PAGE
from backend.domain.client_views import Message
from backend.domain.json_values import check_storable
from backend.timestamps import to_text

router = APIRouter(prefix="/api/sessions", tags=["sessions"], route_class=AuthenticateFirst)


class Session(View):
    id: str
    title: str
    status: Literal["active", "closed"]
    agent_status: Literal["idle", "thinking", "using_tool", "waiting_feedback", "completed", "error"]
    waiting: int
    undelivered: int = Field(description="the number of open requests that are dead letters because a channel failed")
    last_seq: int
    active_run_id: str | None = None
    channel: str | None = Field(default=None, description="the channel on which to ask; absent for the person's own order")
    created_at: str
    updated_at: str


class Sessions(View):
    items: list[Session]
    next: str | None = None


class Messages(View):
    items: list[Message]
    next: str | None = None


class Change(Body):
    """What to change. `auto` returns to the person's own order of channels."""

    title: Line | None = None
    channel: Literal["auto", "chat", "slack", "email"] | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "Change":
        if self.title is None and self.channel is None:
            raise ValueError("send a title, a channel or both")
        return self


@router.get("", response_model=Sessions)
async def list_sessions(
    principal: SignedIn,
    context: AppContext,
    before: PageStart,
    status: Literal["active", "closed"] | None = None,
    q: Annotated[
        str | None, Query(max_length=200, description="part of a title, or an id"), AfterValidator(check_storable)
    ] = None,
) -> Any:
    rows = await context.db.read(store.list_sessions, principal.person.id, status=status, query=q, before=before)
    return Json(page([core.shape_session(row) for row in rows], PAGE, cursor_after(rows, PAGE, "updated_at")))


@router.get("/{session_id}", response_model=Session)
async def read_session(session_id: str, principal: SignedIn, context: AppContext) -> Any:
    return Json(await context.db.read(core.find_session, principal.person, session_id))


@router.patch("/{session_id}", response_model=Session)
async def rename_or_move_session(session_id: str, body: Change, principal: SignedIn, context: AppContext) -> Any:
    """Rename the session, or move it to another channel; open requests are then asked there at once."""
    return Json(
        await context.db.transact(
            change_session, principal.person, session_id, body.title, body.channel, context.set_up, principal.via
        )
    )


@router.delete("/{session_id}", response_model=Session)
async def close_session(session_id: str, principal: SignedIn, context: AppContext) -> Any:
    """Close the session for good: runs are cancelled and open requests withdrawn. The record stays readable."""
    return Json(await context.db.transact(core.close_session, principal.person, session_id, principal.via))


@router.get("/{session_id}/messages", response_model=Messages)
async def list_messages(session_id: str, principal: SignedIn, context: AppContext, before: PageStart) -> Any:
    await context.db.read(core.own_session, principal.person, session_id)
    rows = await context.db.read(store.list_messages, session_id, before)
    return Json(
        page([shape_message(row._mapping, row.author_name) for row in rows], PAGE, cursor_after(rows, PAGE, "created_at"))
    )


@router.get("/{session_id}/events", response_model=EventPage)
async def list_events(
    session_id: str,
    principal: SignedIn,
    context: AppContext,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Any:
    """A page of the session's log, ascending, as frames like those sent live: those after a number, continued at `next`, or
    those before one, continued at `prev`."""
    row = await context.db.read(core.own_session, principal.person, session_id)
    if before is None:
        frames = await context.db.read(store.log_after, session_id, after)
        more = f',"next":"{frames[-1][0]}"' if frames and frames[-1][0] < row.last_seq else ""
    else:
        frames = await context.db.read(store.log_before, session_id, before)
        more = f',"prev":"{frames[0][0]}"' if frames and frames[0][0] > 1 else ""
    items = ",".join(frame for _, frame in frames)
    return Json(f'{{"items":[{items}],"last_seq":{row.last_seq}{more}}}')


@router.get("/{session_id}/audit")
async def list_audit(
    session_id: str, principal: SignedIn, context: AppContext, cursor: Annotated[int | None, Query(ge=1, le=2**53)] = None
) -> Json:
    """The audit log, newest first. `verified` says whether the whole hash chain was intact when the first page was read."""
    await context.db.read(core.own_session, principal.person, session_id)
    rows = await context.db.read(store.audit_page, session_id, cursor)
    whole = await context.db.read(context.records.is_whole, session_id, cursor is not None)
    items = [
        {
            **{name: row._mapping[name] for name in ("n", "actor", "via", "action", "subject", "detail", "prev", "hash")},
            "at": to_text(row.at),
        }
        for row in rows
    ]
    return Json({**page(items, PAGE, str(rows[PAGE - 1].n) if len(rows) > PAGE else ""), "verified": whole})
