"""Routes whose bodies hold what agents and people wrote: FastAPI's own reading of JSON rounds decimals and lets a name stand
twice, so that what is approved would not be what was sent."""

from collections.abc import Callable, Coroutine
from json import JSONDecodeError
from typing import Any

from fastapi import Request, Response

from backend.api.caller_first import CallerFirst
from backend.errors import FieldError, Invalid
from channels.exact import read_json


class ExactRoute(CallerFirst):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_exactly(request: Request) -> Response:
            return await handle(_ExactRequest(request.scope, request.receive))

        return handle_exactly


class _ExactRequest(Request):
    async def json(self) -> Any:
        """Raises JSONDecodeError, which FastAPI answers, and Invalid where it is JSON that cannot be taken as written."""
        try:
            return read_json((await self.body()).decode())
        except JSONDecodeError:
            raise
        except ValueError as error:
            said = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            raise Invalid(f"The body cannot be used: {said}.", errors=[FieldError("body", said)]) from None
