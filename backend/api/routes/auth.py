"""Signing in and out: OAuth2 password form, rotating refresh tokens, tickets for WebSockets."""

from hmac import compare_digest
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from pydantic import AfterValidator, Field, StringConstraints

from backend.api.http.authenticate_first import AuthenticateFirst
from backend.api.http.context import AppContext, Context
from backend.api.http.dependencies import SignedIn
from backend.api.http.schemas import Body, Email, Text, View
from backend.auth.passwords import MAX_LENGTH, MIN_LENGTH, hash_in_thread, verify_in_thread
from backend.auth.tokens import ACCESS_SECONDS, new_ticket
from backend.core.people import accounts as core
from backend.core.people import sign_ins
from backend.core.people.sign_ins import SIGN_IN_MS, SignIn
from backend.db.queries.people import person_by_email, person_by_id
from backend.domain.json_values import check_storable
from backend.domain.people import SignInClient, normal_address
from backend.errors import Forbidden, Unauthorized

router = APIRouter(prefix="/api/auth", tags=["auth"], route_class=AuthenticateFirst)

COOKIE = "assent_refresh"
BROWSER_COOKIE = "assent_browser"
BROWSER_S = 400 * 24 * 3600
WEB_HEADER = "x-assent-web"
NewPassword = Annotated[Text, Field(min_length=MIN_LENGTH, max_length=MAX_LENGTH)]


class Registration(Body):
    email: Email
    password: NewPassword
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), AfterValidator(check_storable)] | None = None
    setup_code: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=40)] = Field(
        "", description="for the very first account, if other machines can reach this one: the code printed in the terminal"
    )


class PersonView(View):
    id: str
    email: str
    name: str
    role: Literal["admin", "member"]
    created_at: str
    confirmed: bool = Field(description="whether the address is confirmed as theirs, so that others can address them by it")


class TokenReply(View):
    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    refresh_token: str | None = None


class Refresh(Body):
    """`refresh_token`, or `cookie` for the web app, whose token travels only in its cookie."""

    refresh_token: str | None = None
    cookie: Literal[0, 1, False, True] = 0


class Revocation(Body):
    token: str | None = None
    token_type_hint: str | None = None
    cookie: Literal[0, 1, False, True] = 0


class PasswordChange(Body):
    current_password: Annotated[str, Field(max_length=MAX_LENGTH)]
    new_password: NewPassword


class Ticket(View):
    ticket: str


@router.post("/register", status_code=201, response_model=PersonView)
async def register(body: Registration, request: Request, context: AppContext) -> Any:
    """Create an account. The password is hashed only if registration is allowed."""
    _refuse_foreign(request, context)
    may_be_first = context.setup_code is None or compare_digest(body.setup_code.encode(), context.setup_code.encode())
    await context.db.read(core.check_registration_open, context.settings.registration, may_be_first)
    await context.rate_limits.register(_address(request))
    await context.db.read(core.check_email_free, body.email)
    hashed = await hash_in_thread(body.password)
    return await context.db.transact(
        core.register,
        email=body.email,
        password_hash=hashed,
        name=body.name,
        mode=context.settings.registration,
        may_be_first=may_be_first,
    )


@router.post("/token", response_model=TokenReply, response_model_exclude_none=True)
async def token(
    request: Request,
    response: Response,
    context: AppContext,
    username: Annotated[str, Form(max_length=254)],
    password: Annotated[str, Form(max_length=MAX_LENGTH)],
    cookie: Annotated[bool, Form()] = False,
) -> Any:
    """OAuth2 password form. With `cookie=1` the refresh token comes only as an HttpOnly cookie, and the browser is recognised
    from then on, so that other people's failed attempts do not lock it out."""
    _refuse_foreign(request, context, cookie)
    account, kept = normal_address(username), request.cookies.get(BROWSER_COOKIE, "")
    async with context.rate_limits.sign_in(account, _address(request), context.browsers.known(kept, account)):
        person = await context.db.read(person_by_email, account)
        hashed = person.password_hash if person is not None and person.disabled_at is None else None
        if not await verify_in_thread(password, hashed) or person is None:
            raise Unauthorized("The email address or password is wrong.", code="wrong_credentials")
        sign_in = await context.db.transact(sign_ins.start_sign_in, person.id, "web" if cookie else "api")
    if cookie:
        known = _cookie(context, BROWSER_COOKIE, context.browsers.remember(kept, account), BROWSER_S, "/api/auth/token")
        response.headers.append("Set-Cookie", known)
    return _reply(context, response, sign_in, cookie)


@router.post("/refresh", response_model=TokenReply, response_model_exclude_none=True)
async def refresh(body: Refresh, request: Request, response: Response, context: AppContext) -> Any:
    claims = context.tokens.read_refresh(_given_token(request, context, body.refresh_token, bool(body.cookie)))
    await context.rate_limits.refresh(claims.sign_in_id)
    door: SignInClient = "web" if body.cookie else "api"
    sign_in = await context.db.transact(sign_ins.rotate_sign_in, claims.sign_in_id, claims.generation, door)
    if isinstance(sign_in, Unauthorized):
        if body.cookie:
            sign_in.headers["Set-Cookie"] = _cookie(context, COOKIE, "", 0)
        raise sign_in
    return _reply(context, response, sign_in, bool(body.cookie))


@router.post("/revoke", status_code=200)
async def revoke(body: Revocation, request: Request, response: Response, context: AppContext) -> dict[str, Any]:
    """RFC 7009: the answer is always 200; a genuine token of either kind ends its sign-in."""
    _refuse_foreign(request, context, bool(body.cookie))
    if body.cookie:
        response.headers["Set-Cookie"] = _cookie(context, COOKIE, "", 0)
    try:
        given = _given_token(request, context, body.token, bool(body.cookie))
        known = context.tokens.read_refresh(given) if given.startswith("rt1.") else context.tokens.read_access(given)
    except Unauthorized:
        return {}
    await context.db.transact(sign_ins.end_sign_in, known.sign_in_id, "signed out")
    return {}


@router.get("/me", response_model=PersonView)
async def me(principal: SignedIn, context: AppContext) -> Any:
    return await context.db.read(core.find_person, principal.person.id)


@router.post("/password", status_code=204)
async def change_password(body: PasswordChange, principal: SignedIn, context: AppContext) -> None:
    """Change the password. Every other sign-in ends; this one stays."""
    async with context.rate_limits.check_own_password(principal.sign_in_id):
        person = await context.db.read(person_by_id, principal.person.id)
        if not await verify_in_thread(body.current_password, person.password_hash if person else None):
            raise Forbidden("The current password is wrong.", code="wrong_credentials")
    hashed = await hash_in_thread(body.new_password)
    await context.db.transact(core.change_password, principal.person.id, hashed, principal.sign_in_id)


@router.post("/ws-ticket", response_model=Ticket)
async def ws_ticket(principal: SignedIn, context: AppContext) -> Any:
    """Issue a single-use ticket, valid for 30 seconds, for browsers, whose WebSockets cannot send headers."""
    await context.rate_limits.ticket(principal.person.id)
    ticket, digest = new_ticket()
    await context.db.transact(sign_ins.issue_ticket, digest, principal.person.id, principal.sign_in_id)
    return {"ticket": ticket}


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _refuse_foreign(request: Request, context: Context, cookie: bool = False) -> None:
    """Refuse pages of other sites: requests with a foreign Origin, and requests that set or use a cookie without a header that
    no form can send."""
    origin = request.headers.get("origin")
    if (origin is not None and origin not in context.settings.origins) or (cookie and WEB_HEADER not in request.headers):
        raise Forbidden(
            f"This is only for this installation's own web app. Programs leave out `cookie` or send {WEB_HEADER}.",
            code="foreign_origin",
        )


def _given_token(request: Request, context: Context, token: str | None, cookie: bool) -> str:
    _refuse_foreign(request, context, cookie)
    if not cookie:
        if not token:
            raise Unauthorized("Send the refresh token.", code="invalid_refresh_token")
        return token
    kept = request.cookies.get(COOKIE)
    if not kept:
        raise Unauthorized("Sign in again.", code="invalid_refresh_token")
    return kept


def _reply(context: Context, response: Response, sign_in: SignIn, cookie: bool) -> dict[str, Any]:
    refresh_token = context.tokens.issue_refresh(sign_in.id, sign_in.generation)
    reply = {
        "access_token": context.tokens.issue_access(sign_in.person.id, sign_in.id),
        "token_type": "bearer",
        "expires_in": ACCESS_SECONDS,
    }
    if cookie:
        response.headers.append("Set-Cookie", _cookie(context, COOKIE, refresh_token, SIGN_IN_MS // 1000))
        return reply
    return {**reply, "refresh_token": refresh_token}


def _cookie(context: Context, name: str, value: str, seconds: int, path: str = "/api/auth") -> str:
    secure = "; Secure" if context.settings.url.startswith("https://") else ""
    return f"{name}={value}; Max-Age={seconds}; Path={path}; HttpOnly; SameSite=Strict{secure}"
