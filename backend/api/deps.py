"""What routes ask for by type: the caller, a budget, an idempotency key, a page.

All of it is async, though little of it waits: FastAPI sends each plain function to a thread, at a third of a request's cost."""

from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from fastapi.responses import Response
from fastapi.security import OAuth2PasswordBearer

from backend.api.context import Reach
from backend.auth.principal import Principal
from backend.db.transaction import dumps
from backend.errors import FieldError, Invalid, Problem, Unauthorized

_bearer = OAuth2PasswordBearer(tokenUrl="/api/auth/token", auto_error=False)


async def signed_in(request: Request, reach: Reach, _token: Annotated[str | None, Depends(_bearer)] = None) -> Principal:
    """The caller behind `Authorization: Bearer`. Raises Unauthorized."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized()
    return await reach.sign_ins.principal(token.strip())


SignedIn = Annotated[Principal, Depends(signed_in)]


async def starting_work(principal: SignedIn, reach: Reach) -> Principal:
    reach.budgets.start_work(principal.person.id)
    return principal


async def answering(principal: SignedIn, reach: Reach) -> Principal:
    reach.budgets.answer(principal.person.id)
    return principal


Starting = Annotated[Principal, Depends(starting_work)]
Answering = Annotated[Principal, Depends(answering)]


async def idempotency_key(value: Annotated[str | None, Header(alias="Idempotency-Key", max_length=255)] = None) -> str | None:
    return value or None


IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]


async def page_start(
    cursor: Annotated[str | None, Query(max_length=100, description="`next` of the page before")] = None,
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


def outcome(result: dict[str, Any] | Problem) -> dict[str, Any]:
    """Raise the refusal a committed use case returned."""
    if isinstance(result, Problem):
        raise result
    return result
