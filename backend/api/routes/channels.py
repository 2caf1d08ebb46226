"""Channels: how and in which order the caller is reached, and test messages."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from backend.api.http.authenticate_first import AuthenticateFirst
from backend.api.http.context import AppContext, Context
from backend.api.http.dependencies import Json, SignedIn, Starting, outcome
from backend.api.http.schemas import Body, Email, View
from backend.auth.principal import Principal
from backend.core.linking import link_codes, preferences
from backend.core.linking import linked_accounts as core
from backend.core.mail.received_mail import ask_to_link
from backend.core.requests.ask import Ask, ask_people
from backend.db import Row, Tx
from backend.db.queries.installations import list_connected, list_installations
from backend.domain.client_views import FeedbackRequest
from backend.domain.people import Person
from backend.domain.states import ConnectionStatus, FeedbackType
from backend.errors import Refusal
from backend.timestamps import to_text

router = APIRouter(prefix="/api/channels", tags=["channels"], route_class=AuthenticateFirst)

ChannelType = Literal["chat", "slack", "email"]
NO_MAILBOX = "The agent has no mailbox yet; an administrator connects one."
CONNECT_AGAIN = "The agent's mailbox must be connected again."
WEEK_S = 7 * 24 * 3600
TEST_S = 15 * 60


class Install(View):
    workspaces: list[str] = Field(description="the workspaces that have the app, by name")


class Mailbox(View):
    account: str
    status: Literal["connected", "disconnected"]
    error: str | None = None


class ChannelView(View):
    type: ChannelType
    status: Literal["connected", "degraded", "disconnected"]
    set_up: bool
    sign_in: bool = Field(description="whether an account can be linked by signing in")
    provider: str | None = Field(None, description="the provider to sign in at: POST /api/auth/{provider}/start")
    install: Install | None = Field(None, description="whether the caller may install the app: POST /api/channels/{type}/install")
    mailboxes: list[Mailbox] | None = Field(
        None, description="the agent's mailboxes, for administrators, who may connect one: POST /api/channels/{type}/install"
    )
    linked: bool
    account: str | None = None
    enabled: bool
    wait_seconds: int
    error: str | None = None
    failing_since: str | None = None


class Channels(View):
    items: list[ChannelView]


class Wish(Body):
    type: ChannelType
    enabled: bool = True
    wait_seconds: Annotated[float, Field(ge=0, le=WEEK_S)] = 15 * 60


class Order(Body):
    items: list[Wish] = Field(max_length=3)


class AddressToLink(Body):
    address: Email


class Code(View):
    code: str
    expires_at: str


@router.get("", response_model=Channels)
async def list_channels(principal: SignedIn, context: AppContext) -> Any:
    """Every channel in the caller's order; the first is tried first."""
    return await _list(await context.db.read(preferences.list_channels, principal.person, context.set_up), principal, context)


@router.put("", response_model=Channels)
async def order_channels(body: Order, principal: SignedIn, context: AppContext) -> Any:
    """Set the order in which the caller is asked, and how long to wait on each channel before the next. Channels left out come
    last."""
    wishes = [wish.model_dump() for wish in body.items]
    return await _list(await context.db.transact(_order, principal.person, wishes, context.set_up), principal, context)


async def _list(channels: list[dict[str, Any]], principal: Principal, context: Context) -> Json:
    providers = {each.channel: each.name for each in context.providers.values()}
    mailboxes = await context.db.read(list_installations, "email") if "email" in context.set_up else []
    for channel in channels:
        name = providers.get(channel["type"])
        wrong = context.sockets.wrong.get(channel["type"])
        if wrong and channel["status"] == ConnectionStatus.CONNECTED and channel["linked"]:
            channel |= {"status": ConnectionStatus.DEGRADED, "error": wrong}
        channel |= {"sign_in": name is not None, "provider": name, "install": None, "mailboxes": None}
        if channel["type"] == "email" and "email" in context.set_up:
            channel |= _mailboxes(mailboxes, channel, principal.is_admin)
        elif channel["type"] == "slack" and principal.is_admin and context.settings.many_workspaces:
            channel |= {"install": {"workspaces": await context.db.read(_workspaces, "slack")}}
    return Json({"items": channels})


def _workspaces(tx: Tx, channel: str) -> list[str]:
    return [row.label for row in list_connected(tx, channel)]


def _mailboxes(rows: Sequence[Row[Any]], channel: dict[str, Any], admin: bool) -> dict[str, Any]:
    """The agent's mailboxes; without one nobody is asked by mail, even if their address is linked."""
    shown = {"mailboxes": [{"account": row.account, "status": row.status, "error": row.error} for row in rows]} if admin else {}
    if any(row.status == ConnectionStatus.CONNECTED for row in rows):
        return shown
    error = rows[0].error or CONNECT_AGAIN if rows else NO_MAILBOX
    return shown | {"status": ConnectionStatus.DISCONNECTED, "error": error}


def _order(tx: Tx, person: Person, wishes: list[dict[str, Any]], set_up: frozenset[str]) -> list[dict[str, Any]]:
    preferences.order_channels(tx, person, wishes)
    return preferences.list_channels(tx, person, set_up)


@router.post("/{type}/test", response_model=FeedbackRequest)
async def test_channel(type: ChannelType, principal: Starting, context: AppContext) -> Any:
    """Send the caller a harmless test question on this channel only. Follow the request to see it sent, seen and answered."""
    return Json(outcome(await context.db.transact(_test, principal, type, context.set_up)))


def _test(tx: Tx, principal: Principal, channel: str, set_up: frozenset[str]) -> FeedbackRequest | Refusal:
    preferences.check_reachable(tx, principal.person.id, channel, set_up)
    body = {
        "title": f"Does this reach you through {preferences.NAMES[channel]}?",
        "prompt": "This is a test of the channel. Approving it changes nothing.",
        "allowed_actions": ["approve", "reject"],
        "route": [{"channel": channel, "wait_seconds": TEST_S}],
    }
    return ask_people(tx, principal.person, Ask(FeedbackType.CONFIRMATION, body, due_in=TEST_S), None, principal.via)


@router.delete("/{type}", status_code=204)
async def unlink_channel(type: ChannelType, principal: SignedIn, context: AppContext) -> Response:
    """Unlink the caller's account on this channel."""
    await context.db.transact(core.unlink_account, principal.person, type, principal.via)
    return Response(status_code=204)


@router.post("/slack/link", response_model=Code)
async def link_slack(principal: Starting, context: AppContext) -> Any:
    """Issue a code to send to the bot as a direct message: `link CODE`."""
    code, until = await context.db.transact(_issue, principal.person, "slack", context.set_up)
    return Json({"code": code, "expires_at": to_text(until)})


@router.post("/email/link", response_model=Code)
async def link_email(body: AddressToLink, principal: Starting, context: AppContext) -> Any:
    """Send a mail to the address. Replying to it from there with `link CODE` as the first line links it."""
    code, until = await context.db.transact(ask_to_link, principal.person, body.address.lower(), context.set_up)
    return Json({"code": code, "expires_at": to_text(until)})


def _issue(tx: Tx, person: Person, channel: str, set_up: frozenset[str]) -> tuple[str, int]:
    preferences.check_set_up(channel, set_up)
    return link_codes.issue_code(tx, person, channel)
