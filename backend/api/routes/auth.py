"""Signing in and out: OAuth2 password form, rotating refresh tokens, tickets for WebSockets."""

from hmac import compare_digest
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from pydantic import AfterValidator, Field, StringConstraints

from backend.api.http.authenticate_first import AuthenticateFirst
from backend.api.http.context import Context, Reach
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
        "", description="for the very first account, where other machines reach this one: as printed in the terminal"
    )


class PersonView(View):
    id: str
    email: str
    name: str
    role: Literal["admin", "member"]
    created_at: str
    confirmed: bool = Field(description="whether the address is proven to be theirs, so that others can name them by it")


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
async def register(body: Registration, request: Request, reach: Reach) -> Any:
    """What a new account costs is spent once it may be made: nothing of it where registration is closed."""
    _refuse_foreign(request, reach)
    may_be_first = reach.setup_code is None or compare_digest(body.setup_code.encode(), reach.setup_code.encode())
    await reach.db.read(core.check_registration_open, reach.settings.registration, may_be_first)
    await reach.budgets.register(_address(request))
    await reach.db.read(core.check_email_free, body.email)
    hashed = await hash_in_thread(body.password)
    return await reach.db.transact(
        core.register,
        email=body.email,
        password_hash=hashed,
        name=body.name,
        mode=reach.settings.registration,
        may_be_first=may_be_first,
    )


@router.post("/token", response_model=TokenReply, response_model_exclude_none=True)
async def token(
    request: Request,
    response: Response,
    reach: Reach,
    username: Annotated[str, Form(max_length=254)],
    password: Annotated[str, Form(max_length=MAX_LENGTH)],
    cookie: Annotated[bool, Form()] = False,
) -> Any:
    """OAuth2 password form. With `cookie=1` the refresh token comes only as an HttpOnly cookie, and the browser is known
    from then on: strangers' guesses do not shut it out."""
    _refuse_foreign(request, reach, cookie)
    account, kept = normal_address(username), request.cookies.get(BROWSER_COOKIE, "")
    async with reach.budgets.sign_in(account, _address(request), reach.browsers.known(kept, account)):
        person = await reach.db.read(person_by_email, account)
        hashed = person.password_hash if person is not None and person.disabled_at is None else None
        if not await verify_in_thread(password, hashed) or person is None:
            raise Unauthorized("Email address or password is wrong.", code="wrong_credentials")
        sign_in = await reach.db.transact(sign_ins.start_sign_in, person.id, "web" if cookie else "api")
    if cookie:
        known = _cookie(reach, BROWSER_COOKIE, reach.browsers.remember(kept, account), BROWSER_S, "/api/auth/token")
        response.headers.append("Set-Cookie", known)
    return _reply(reach, response, sign_in, cookie)


@router.post("/refresh", response_model=TokenReply, response_model_exclude_none=True)
async def refresh(body: Refresh, request: Request, response: Response, reach: Reach) -> Any:
    claims = reach.tokens.read_refresh(_given_token(request, reach, body.refresh_token, bool(body.cookie)))
    await reach.budgets.refresh(claims.sign_in_id)
    door: SignInClient = "web" if body.cookie else "api"
    sign_in = await reach.db.transact(sign_ins.rotate_sign_in, claims.sign_in_id, claims.generation, door)
    if isinstance(sign_in, Unauthorized):
        if body.cookie:
            sign_in.headers["Set-Cookie"] = _cookie(reach, COOKIE, "", 0)
        raise sign_in
    return _reply(reach, response, sign_in, bool(body.cookie))


@router.post("/revoke", status_code=200)
async def revoke(body: Revocation, request: Request, response: Response, reach: Reach) -> dict[str, Any]:
    """RFC 7009: whatever the token, the answer is 200; a genuine one of either kind ends its sign-in."""
    _refuse_foreign(request, reach, bool(body.cookie))
    if body.cookie:
        response.headers["Set-Cookie"] = _cookie(reach, COOKIE, "", 0)
    try:
        given = _given_token(request, reach, body.token, bool(body.cookie))
        known = reach.tokens.read_refresh(given) if given.startswith("rt1.") else reach.tokens.read_access(given)
    except Unauthorized:
        return {}
    await reach.db.transact(sign_ins.end_sign_in, known.sign_in_id, "signed out")
    return {}


@router.get("/me", response_model=PersonView)
async def me(principal: SignedIn, reach: Reach) -> Any:
    return await reach.db.read(core.find_person, principal.person.id)


@router.post("/password", status_code=204)
async def change_password(body: PasswordChange, principal: SignedIn, reach: Reach) -> None:
    """Every other sign-in ends; this one stays."""
    async with reach.budgets.prove_password(principal.sign_in_id):
        person = await reach.db.read(person_by_id, principal.person.id)
        if not await verify_in_thread(body.current_password, person.password_hash if person else None):
            raise Forbidden("The current password is wrong.", code="wrong_credentials")
    hashed = await hash_in_thread(body.new_password)
    await reach.db.transact(core.change_password, principal.person.id, hashed, principal.sign_in_id)


@router.post("/ws-ticket", response_model=Ticket)
async def ws_ticket(principal: SignedIn, reach: Reach) -> Any:
    """Single use, 30 seconds: for browsers, whose WebSockets cannot send headers."""
    await reach.budgets.ticket(principal.person.id)
    ticket, digest = new_ticket()
    await reach.db.transact(sign_ins.issue_ticket, digest, principal.person.id, principal.sign_in_id)
    return {"ticket": ticket}


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _refuse_foreign(request: Request, reach: Context, cookie: bool = False) -> None:
    """Pages of other sites may not sign anybody in, out or up: neither with an Origin of theirs, nor, where a cookie is
    set or used, without a header that no form can send."""
    origin = request.headers.get("origin")
    if (origin is not None and origin not in reach.settings.origins) or (cookie and WEB_HEADER not in request.headers):
        raise Forbidden(
            f"This is only for this installation's own web app; a program leaves out `cookie` or sends {WEB_HEADER}.",
            code="foreign_origin",
        )


def _given_token(request: Request, reach: Context, token: str | None, cookie: bool) -> str:
    _refuse_foreign(request, reach, cookie)
    if not cookie:
        if not token:
            raise Unauthorized("Send the refresh token.", code="invalid_refresh_token")
        return token
    kept = request.cookies.get(COOKIE)
    if not kept:
        raise Unauthorized("Sign in again.", code="invalid_refresh_token")
    return kept


def _reply(reach: Context, response: Response, sign_in: SignIn, cookie: bool) -> dict[str, Any]:
    refresh_token = reach.tokens.issue_refresh(sign_in.id, sign_in.generation)
    reply = {
        "access_token": reach.tokens.issue_access(sign_in.person.id, sign_in.id),
        "token_type": "bearer",
        "expires_in": ACCESS_SECONDS,
    }
    if cookie:
        response.headers.append("Set-Cookie", _cookie(reach, COOKIE, refresh_token, SIGN_IN_MS // 1000))
        return reply
    return {**reply, "refresh_token": refresh_token}


def _cookie(reach: Context, name: str, value: str, seconds: int, path: str = "/api/auth") -> str:
    secure = "; Secure" if reach.settings.url.startswith("https://") else ""
    return f"{name}={value}; Max-Age={seconds}; Path={path}; HttpOnly; SameSite=Strict{secure}"
