"""Link an account, or install the app, through the provider's OAuth sign-in."""

import secrets
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from backend.api.http.context import AppContext, Context
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
FINISH_PATH = "/settings/channels"


class Start(View):
    url: str


@router.post("/api/auth/{provider}/start", response_model=Start)
async def start_sign_in(provider: str, principal: SignedIn, context: AppContext) -> Response:
    """The URL where the caller proves which account is theirs. The same browser must come back."""
    return await _begin(context, principal, provider, "sign_in")


@router.post("/api/channels/{type}/install", response_model=Start)
async def start_install(type: str, principal: SignedIn, context: AppContext) -> Response:
    """The URL where an administrator lets Assent into a workspace or a mailbox."""
    provider = next((name for name, each in context.providers.items() if each.channel == type), type)
    _provider(context, provider)
    if type == "slack" and not context.settings.many_workspaces:
        raise NotFound("This server uses the one workspace of its settings (SLACK_BOT_TOKEN).")
    if not principal.is_admin:
        raise Forbidden("Only an administrator can install the app.", code="not_an_admin")
    return await _begin(context, principal, provider, "install")


@router.get("/api/auth/{provider}/callback", response_class=RedirectResponse, status_code=303)
async def finish(
    provider: str,
    request: Request,
    context: AppContext,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=2000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The provider redirects the browser here. On a refusal a browser is redirected to the web app, which explains the code;
    programs get the problem."""
    channel = _provider(context, provider).channel
    try:
        return _redirect_uri(context, channel, await _finish(context, provider, request, state, "" if error else code))
    except Refusal as problem:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        return _redirect_to_channels(context, channel, problem.code)


async def _finish(context: Context, provider: str, request: Request, state: str, code: str) -> str:
    """The outcome. Without a `code` the person declined."""
    at, browser = _provider(context, provider), request.cookies.get(COOKIE, "")
    proof = await context.db.transact(use_state, provider, state, browser)
    installing = proof.detail["purpose"] == "install"
    if not code:
        return "not_installed" if installing else "refused"
    granted = await _redeem(at, code, browser)
    if installing:
        await _install(context, proof.person_id, at.channel, granted)
        return "installed"
    await context.db.transact(link_granted_account, proof.person_id, at.channel, granted)
    return "linked"


async def _begin(context: Context, principal: Principal, provider: str, purpose: Purpose) -> Response:
    at = _provider(context, provider)
    await context.rate_limits.provider_start(principal.person.id)
    browser = secrets.token_urlsafe(32)
    state = await context.db.transact(begin_oauth, principal.person, provider, purpose, browser)
    address = at.install_url if purpose == "install" else at.sign_in_url
    reply = Json({"url": address(state, challenge_of(browser))})
    _set_state_cookie(reply, context, browser, COOKIE_S)
    return reply


def _provider(context: Context, name: str) -> OAuthProvider:
    found = context.providers.get(name)
    if found is None:
        raise NotFound(f"{name} sign-in is not set up on this server. Run `assent doctor` to see what is missing.")
    return found


async def _redeem(at: OAuthProvider, code: str, verifier: str) -> OAuthGrant:
    try:
        return await at.redeem(code, verifier)
    except Retryable as error:
        raise Unavailable(f"{error.reason} Start again in a moment.") from None
    except ChannelError as error:
        problem = Refusal(error.reason, code="not_granted")
        problem.status, problem.title = 400, "Not granted"
        raise problem from None


async def _install(context: Context, person_id: str, channel: str, granted: OAuthGrant) -> None:
    installed = granted.installation
    if installed is None:
        raise Invalid("The app was not installed. Start again and allow it.", code="not_granted")
    sealed = context.vault.seal(installed.secret)
    await context.db.transact(save_installation, person_id, channel, installed, sealed)


def _redirect_uri(context: Context, channel: str, outcome: str) -> Response:
    reply = _redirect_to_channels(context, channel, outcome)
    _set_state_cookie(reply, context, "", 0)
    return reply


def _redirect_to_channels(context: Context, channel: str, outcome: str) -> Response:
    return RedirectResponse(f"{context.settings.url}{FINISH_PATH}?{urlencode({channel: outcome})}", 303)


def _set_state_cookie(reply: Response, context: Context, browser: str, seconds: int) -> None:
    """Set the state cookie; SameSite=Lax, because the browser comes back from another site."""
    safe = context.settings.url.startswith("https:")
    reply.set_cookie(COOKIE, browser, max_age=seconds, path="/api/auth", httponly=True, samesite="lax", secure=safe)
