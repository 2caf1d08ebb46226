"""Every refusal, in one class tree; each has its HTTP status and error code.

Refusal
├── Unauthorized   401  no valid credentials                    (sign in again)
├── Forbidden      403  visible to you, but not allowed
├── NotFound       404  missing, or not yours: the answer is the same
├── Conflict       409  the state has changed          (look again)
├── TooSlow        408  the request did not arrive in time
├── TooLarge       413
├── Misdirected    421  unknown host name
├── Invalid        422  the input is invalid    (errors per field)
├── TooMany        429  rate limit exceeded         (Retry-After)
└── Unavailable    503  cannot be recorded now         (nothing was done; retry)
"""

from collections.abc import Sequence
from typing import Any, NamedTuple


class FieldError(NamedTuple):
    """What is wrong with one field, in terms its sender can act on."""

    field: str
    message: str


class Refusal(Exception):
    """A refusal that may be shown to the caller. `extra` adds members to the problem document."""

    status = 500
    code = "internal"
    title = "Something went wrong"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.errors = tuple(errors)
        self.headers = headers or {}
        self.extra = extra


class BadRequest(Refusal):
    status, code, title = 400, "bad_request", "The request cannot be read"


class Unauthorized(Refusal):
    status, code, title = 401, "unauthorized", "Sign in first"

    def __init__(self, detail: str = "Sign in first: this needs a valid access token.", **extra: Any) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"}, **extra)


class Forbidden(Refusal):
    status, code, title = 403, "forbidden", "Not allowed"


class NotFound(Refusal):
    status, code, title = 404, "not_found", "Not found"


class Conflict(Refusal):
    status, code, title = 409, "conflict", "The state has changed"


class TooSlow(Refusal):
    status, code, title = 408, "too_slow", "Too slow"


class TooLarge(Refusal):
    status, code, title = 413, "too_large", "Too large"


class Misdirected(Refusal):
    status, code, title = 421, "unknown_host", "Unknown host name"


class Invalid(Refusal):
    status, code, title = 422, "invalid", "Some values cannot be used"


class TooMany(Refusal):
    status, code, title = 429, "rate_limited", "Too many requests"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, retry_after=retry_after)


class Unavailable(Refusal):
    status, code, title = 503, "unavailable", "Temporarily unavailable"

    def __init__(
        self, detail: str = "This cannot be saved right now. Nothing was changed; try again in a moment.", **extra: Any
    ) -> None:
        super().__init__(detail, headers={"Retry-After": "2"}, **extra)
