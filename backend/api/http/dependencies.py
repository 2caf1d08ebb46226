"""Dependencies of the routes: the caller, rate limits, idempotency keys and pages.

All of them are async, although few of them wait: FastAPI runs each plain function in a thread, which costs a third of a
request."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from fastapi.openapi.models import OAuth2, OAuthFlowPassword, OAuthFlows
from fastapi.responses import Response
from fastapi.security.base import SecurityBase
from pydantic import AfterValidator

from backend.api.http.context import context_of
from backend.api.http.rate_limits import RateLimits
from backend.auth.principal import Principal
from backend.db.transaction import dumps
from backend.domain.client_views import FeedbackRequest
from backend.domain.json_values import check_storable
from backend.errors import FieldError, Invalid, Refusal, Unauthorized

PRINCIPAL_KEY = "assent.caller"


class Caller(SecurityBase):
    """The person behind `Authorization: Bearer`, whose rate limit the call counts against; `scheme_name` and `model` describe it
    in the OpenAPI document. One dependency instead of a chain, because each link costs a hot route 2 % of its CPU."""

    def __init__(self, charge: Callable[[RateLimits, str], Awaitable[None]] | None = None) -> None:
        self.scheme_name = "OAuth2PasswordBearer"
        self.model = OAuth2(flows=OAuthFlows(password=OAuthFlowPassword(tokenUrl="/api/auth/token", scopes={})))
        self._charge = charge

    async def __call__(self, request: Request) -> Principal:
        """Raises Unauthorized, and TooMany when the rate limit is exceeded. Called again for the same request, it counts
        nothing."""
        known: Principal | None = request.scope.get(PRINCIPAL_KEY)
        if known is not None:
            return known
        context = context_of(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized()
        principal = await context.principal_cache.principal(token.strip())
        if self._charge is not None:
            await self._charge(context.rate_limits, principal.person.id)
        request.scope[PRINCIPAL_KEY] = principal
        return principal


SignedIn = Annotated[Principal, Depends(Caller())]
Starting = Annotated[Principal, Depends(Caller(RateLimits.start_work))]
Answering = Annotated[Principal, Depends(Caller(RateLimits.answer))]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=255), AfterValidator(lambda key: key or None)]
MessageKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200), AfterValidator(lambda key: key or None)]


async def page_start(
    cursor: Annotated[
        str | None, Query(max_length=100, description="the `next` value of the previous page"), AfterValidator(check_storable)
    ] = None,
) -> tuple[int, str] | None:
    if not cursor:
        return None
    at, _, id = cursor.partition("-")
    if not at.isascii() or not at.isdigit() or len(at) > 18 or not id:
        raise Invalid(
            "The cursor is not valid. Leave it out to start at the beginning.",
            errors=[FieldError("cursor", "is not a valid cursor")],
        )
    return int(at), id


PageStart = Annotated[tuple[int, str] | None, Depends(page_start)]


def page(items: list[Any], size: int, cursor: str) -> dict[str, Any]:
    """A page as clients see it: at most `size` items, and the cursor of the next page if there are more."""
    return {"items": items[:size]} | ({"next": cursor} if len(items) > size else {})


def cursor_after(rows: Any, size: int, at: str) -> str:
    """The cursor behind the last row shown."""
    return f"{getattr(rows[size - 1], at)}-{rows[size - 1].id}" if len(rows) > size else ""


class Json(Response):
    """A JSON response that is sent as it is, without validation: the core built it."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return (content if isinstance(content, str) else dumps(content)).encode()


def outcome(result: FeedbackRequest | Refusal) -> FeedbackRequest:
    """Raise the refusal that a committed use case returned."""
    if isinstance(result, Refusal):
        raise result
    return result
