"""Authenticate before the body is read. FastAPI would parse it first, so anybody could have a megabyte of JSON parsed with each
request."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from backend.api.http.dependencies import Caller


class AuthenticateFirst(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        caller = next((each.call for each in self.dependant.dependencies if isinstance(each.call, Caller)), None)
        if caller is None or self.body_field is None:
            return handle

        async def identify_and_handle(request: Request) -> Response:
            await caller(request)
            return await handle(request)

        return identify_and_handle
