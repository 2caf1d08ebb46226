"""Linking an account, or installing the app, by signing in at the provider."""

import secrets
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from backend.api.http.context import Context, Reach
from backend.api.http.dependencies import Json, SignedIn
from backend.api.http.schemas import View
from backend.auth.principal import Principal
from backend.core.linking.installations import save_installation
from backend.core.linking.oauth_states import Purpose, begin_oauth, challenge_of, link_granted_account, use_state
from backend.errors import Forbidden, Invalid, NotFound, Refusal, Unavailable
from channels.errors import ChannelError, Retryable
from channels.oauth import OAuthGrant, OAuthProvider

router = APIRouter(tags=["channels"])

COOKIE = "assent_oauth"
COOKIE_S = 600
BACK = "/settings/channels"


class Start(View):
    url: str


@router.post("/api/auth/{provider}/start", response_model=Start)
async def start_sign_in(provider: str, principal: SignedIn, reach: Reach) -> Response:
    """Where the caller proves which account is theirs; the browser that asks is the one that must come back."""
    return await _begin(reach, principal, provider, "sign_in")


@router.post("/api/channels/{type}/install", response_model=Start)
async def start_install(type: str, principal: SignedIn, reach: Reach) -> Response:
    """Where an administrator lets us into a workspace, or a mailbox."""
    provider = next((name for name, each in reach.providers.items() if each.channel == type), type)
    _provider(reach, provider)
    if type == "slack" and not reach.settings.many_workspaces:
        raise NotFound("This server serves the one workspace of its settings (SLACK_BOT_TOKEN).")
    if not principal.is_admin:
        raise Forbidden("Only an administrator can install this.", code="not_an_admin")
    return await _begin(reach, principal, provider, "install")


@router.get("/api/auth/{provider}/callback", response_class=RedirectResponse, status_code=303)
async def finish(
    provider: str,
    request: Request,
    reach: Reach,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=2000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The provider sends the browser back here. A refusal leads a browser on to the web app, which says what its code
    means; programs get the problem."""
    channel = _provider(reach, provider).channel
    try:
        return _back(reach, channel, await _finish(reach, provider, request, state, "" if error else code))
    except Refusal as problem:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        return _to_channels(reach, channel, problem.code)


async def _finish(reach: Context, provider: str, request: Request, state: str, code: str) -> str:
    """What came of it. Without a `code` the person declined."""
    at, browser = _provider(reach, provider), request.cookies.get(COOKIE, "")
    proof = await reach.db.transact(use_state, provider, state, browser)
    installing = proof.detail["purpose"] == "install"
    if not code:
        return "not_installed" if installing else "refused"
    granted = await _redeem(at, code, browser)
    if installing:
        await _install(reach, proof.person_id, at.channel, granted)
        return "installed"
    await reach.db.transact(link_granted_account, proof.person_id, at.channel, granted)
    return "linked"


async def _begin(reach: Context, principal: Principal, provider: str, purpose: Purpose) -> Response:
    at = _provider(reach, provider)
    await reach.budgets.provider_start(principal.person.id)
    browser = secrets.token_urlsafe(32)
    state = await reach.db.transact(begin_oauth, principal.person, provider, purpose, browser)
    address = at.install_url if purpose == "install" else at.sign_in_url
    reply = Json({"url": address(state, challenge_of(browser))})
    _keep(reply, reach, browser, COOKIE_S)
    return reply


def _provider(reach: Context, name: str) -> OAuthProvider:
    found = reach.providers.get(name)
    if found is None:
        raise NotFound(f"{name} offers no sign-in on this server; `assent doctor` says what is missing.")
    return found


async def _redeem(at: OAuthProvider, code: str, verifier: str) -> OAuthGrant:
    try:
        return await at.redeem(code, verifier)
    except Retryable as error:
        raise Unavailable(f"{error.reason} Begin again in a moment.") from None
    except ChannelError as error:
        problem = Refusal(error.reason, code="not_granted")
        problem.status, problem.title = 400, "Not granted"
        raise problem from None


async def _install(reach: Context, person_id: str, channel: str, granted: OAuthGrant) -> None:
    installed = granted.installation
    if installed is None:
        raise Invalid("The app was not installed; begin again and allow it.", code="not_granted")
    sealed = reach.vault.seal(installed.secret)
    await reach.db.transact(save_installation, person_id, channel, installed, sealed)


def _back(reach: Context, channel: str, outcome: str) -> Response:
    reply = _to_channels(reach, channel, outcome)
    _keep(reply, reach, "", 0)
    return reply


def _to_channels(reach: Context, channel: str, outcome: str) -> Response:
    return RedirectResponse(f"{reach.settings.url}{BACK}?{urlencode({channel: outcome})}", 303)


def _keep(reply: Response, reach: Context, browser: str, seconds: int) -> None:
    """Lax, because the browser comes back from another site."""
    safe = reach.settings.url.startswith("https:")
    reply.set_cookie(COOKIE, browser, max_age=seconds, path="/api/auth", httponly=True, samesite="lax", secure=safe)
