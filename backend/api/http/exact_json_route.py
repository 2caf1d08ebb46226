"""Routes whose bodies hold what agents and people wrote: FastAPI's own reading of JSON rounds decimals and lets a name stand
twice, so that what is approved would not be what was sent."""

from collections.abc import Callable, Coroutine
from json import JSONDecodeError
from typing import Any

from fastapi import Request, Response

from backend.api.http.authenticate_first import AuthenticateFirst
from backend.errors import FieldError, Invalid
from backend.thread_pools import Threads
from channels.exact_numbers import read_json

LARGE = 16 * 1024  # what is read in a thread
MOST_VALUES = 20_000
_threads = Threads("json")


class ExactRoute(AuthenticateFirst):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_exactly(request: Request) -> Response:
            return await handle(_ExactRequest(request.scope, request.receive))

        return handle_exactly


class _ExactRequest(Request):
    async def json(self) -> Any:
        """Raises JSONDecodeError, which FastAPI answers, and Invalid where it is JSON that cannot be taken as written."""
        body = await self.body()
        try:
            return await _threads.run(_read, body) if len(body) > LARGE else _read(body)
        except JSONDecodeError:
            raise
        except ValueError as error:
            said = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            raise Invalid(f"The body cannot be used: {said}.", errors=[FieldError("body", said)]) from None


def _read(body: bytes) -> Any:
    """Raises ValueError, also for more values than a person could look through."""
    value = read_json(body.decode())
    count, open_ = 0, [value] if isinstance(value, dict | list) else []
    while open_:
        inner = open_.pop()
        items = inner.values() if isinstance(inner, dict) else inner
        count += len(inner)
        open_ += [each for each in items if isinstance(each, dict | list)]
        if count > MOST_VALUES:
            raise ValueError(f"it holds more than {MOST_VALUES:,} values")
    return value
