"""Routes that read JSON bodies exactly. FastAPI's own parser rounds decimals and accepts duplicate keys, so what is approved
could differ from what was sent."""

from collections.abc import Callable, Coroutine
from json import JSONDecodeError
from typing import Any

from fastapi import Request, Response

from backend.api.http.authenticate_first import AuthenticateFirst
from backend.errors import FieldError, Invalid
from backend.thread_pools import ThreadPool
from channels.exact_numbers import read_json

LARGE_BODY = 16 * 1024  # bytes from which a body is parsed in a thread
MAX_VALUES = 20_000
_threads = ThreadPool("json")


class ExactJsonRoute(AuthenticateFirst):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_exactly(request: Request) -> Response:
            return await handle(_ExactJsonRequest(request.scope, request.receive))

        return handle_exactly


class _ExactJsonRequest(Request):
    async def json(self) -> Any:
        """Raises JSONDecodeError, which FastAPI handles, and Invalid for JSON that cannot be read exactly."""
        body = await self.body()
        try:
            return await _threads.run(_read, body) if len(body) > LARGE_BODY else _read(body)
        except JSONDecodeError:
            raise
        except ValueError as error:
            said = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            raise Invalid(f"The body is invalid: {said}.", errors=[FieldError("body", said)]) from None


def _read(body: bytes) -> Any:
    """Raises ValueError, also for more values than a person could review."""
    value = read_json(body.decode())
    count, open_ = 0, [value] if isinstance(value, dict | list) else []
    while open_:
        inner = open_.pop()
        items = inner.values() if isinstance(inner, dict) else inner
        count += len(inner)
        open_ += [each for each in items if isinstance(each, dict | list)]
        if count > MAX_VALUES:
            raise ValueError(f"it contains more than {MAX_VALUES:,} values")
    return value
