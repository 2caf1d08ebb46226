"""What routes ask for by type: the caller, a budget, an idempotency key, a page.

All of it is async, though little of it waits: FastAPI sends each plain function to a thread, at a third of a request's cost."""

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

KNOWN = "assent.caller"


class Caller(SecurityBase):
    """The person behind `Authorization: Bearer`, whose budget the call is charged to; `scheme_name` and `model` are what
    the API's description says of it. One dependency instead of a chain: each link costs a hot route 2 % of its CPU."""

    def __init__(self, charge: Callable[[RateLimits, str], Awaitable[None]] | None = None) -> None:
        self.scheme_name = "OAuth2PasswordBearer"
        self.model = OAuth2(flows=OAuthFlows(password=OAuthFlowPassword(tokenUrl="/api/auth/token", scopes={})))
        self._charge = charge

    async def __call__(self, request: Request) -> Principal:
        """Raises Unauthorized, and TooMany where the budget is spent. Asked again about one request, it charges nothing."""
        known: Principal | None = request.scope.get(KNOWN)
        if known is not None:
            return known
        reach = context_of(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized()
        principal = await reach.sign_ins.principal(token.strip())
        if self._charge is not None:
            await self._charge(reach.budgets, principal.person.id)
        request.scope[KNOWN] = principal
        return principal


SignedIn = Annotated[Principal, Depends(Caller())]
Starting = Annotated[Principal, Depends(Caller(RateLimits.start_work))]
Answering = Annotated[Principal, Depends(Caller(RateLimits.answer))]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=255), AfterValidator(lambda key: key or None)]
MessageKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200), AfterValidator(lambda key: key or None)]


async def page_start(
    cursor: Annotated[
        str | None, Query(max_length=100, description="`next` of the page before"), AfterValidator(check_storable)
    ] = None,
) -> tuple[int, str] | None:
    if not cursor:
        return None
    at, _, id = cursor.partition("-")
    if not at.isascii() or not at.isdigit() or len(at) > 18 or not id:
        raise Invalid(
            "The cursor is not one of ours; leave it out to start at the beginning.",
            errors=[FieldError("cursor", "is not known")],
        )
    return int(at), id


PageStart = Annotated[tuple[int, str] | None, Depends(page_start)]


def page(items: list[Any], size: int, cursor: str) -> dict[str, Any]:
    """A list as clients see it: at most `size` of the items, and where to go on when there was one more."""
    return {"items": items[:size]} | ({"next": cursor} if len(items) > size else {})


def cursor_after(rows: Any, size: int, at: str) -> str:
    """The cursor behind the last row shown."""
    return f"{getattr(rows[size - 1], at)}-{rows[size - 1].id}" if len(rows) > size else ""


class Json(Response):
    """JSON as it stands, without a second look: what the core shaped is what clients see."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return (content if isinstance(content, str) else dumps(content)).encode()


def outcome(result: FeedbackRequest | Refusal) -> FeedbackRequest:
    """Raise the refusal a committed use case returned."""
    if isinstance(result, Refusal):
        raise result
    return result
