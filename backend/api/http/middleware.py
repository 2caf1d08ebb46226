"""The single middleware: request ids, body limits, security headers and the request log. Pure ASGI, because each
BaseHTTPMiddleware costs a third more CPU."""

import re
import secrets
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.http.allowed_hosts import AllowedHosts
from backend.api.http.problems import problem_response
from backend.errors import Misdirected, Refusal, TooLarge
from backend.observability.log import get_logger

log = get_logger("access")

MAX_BODY = 1024 * 1024
MAX_UNAUTHENTICATED_BODY = 16 * 1024  # for paths anybody may call: an address, a password, a token
UNAUTHENTICATED_PATHS = frozenset(f"/api/auth/{name}" for name in ("register", "token", "refresh", "revoke"))
SAFE_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
UNLOGGED_PATHS = ("/healthz", "/readyz", "/metrics", "/assets/")
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_RAW_SECURITY_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


class Middleware:
    """Wraps the application, which is served under these host names only."""

    def __init__(self, app: ASGIApp, hosts: AllowedHosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        scope["request_id"] = given if SAFE_ID.fullmatch(given) else secrets.token_hex(8)
        with structlog.contextvars.bound_contextvars(request_id=scope["request_id"]):
            if scope["type"] == "http":
                await self._serve(scope, receive, send)
            elif self._hosts.serve(Headers(scope=scope).get("host", "")):
                await self._app(scope, receive, send)
            else:
                await problem_response(_check_host(scope), scope["request_id"])(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status = 500
        taken = 0
        most = MAX_UNAUTHENTICATED_BODY if scope["path"] in UNAUTHENTICATED_PATHS else MAX_BODY

        async def receive_bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise TooLarge(f"The body is larger than {most // 1024} kB.")
            return message

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(scope, MutableHeaders(raw=message["headers"]))
            await send(message)

        try:
            refusal: Refusal | None = None
            if not self._hosts.serve(Headers(scope=scope).get("host", "")):
                refusal = _check_host(scope)
            elif _declared_length(scope) > most:
                refusal = TooLarge(f"The body is larger than {most // 1024} kB.")
            if refusal is not None:
                await problem_response(refusal, scope["request_id"])(scope, receive, send_with_headers)
            else:
                await self._app(scope, receive_bounded, send_with_headers)
        finally:
            if not scope["path"].startswith(UNLOGGED_PATHS):
                ms = round((time.perf_counter() - started) * 1000, 1)
                log.info("request.served", method=scope["method"], path=scope["path"], status=status, ms=ms)

    @staticmethod
    def _add_headers(scope: Scope, headers: MutableHeaders) -> None:
        headers["X-Request-Id"] = scope["request_id"]
        given = {name for name, _ in headers.raw}
        headers.raw.extend(pair for pair in _RAW_SECURITY_HEADERS if pair[0] not in given)
        if scope["path"].startswith("/api"):
            headers.setdefault("Cache-Control", "no-store")
        if scope["scheme"] == "https":
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def _declared_length(scope: Scope) -> int:
    declared = Headers(scope=scope).get("content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() and len(declared) < 16 else 0


def _check_host(scope: Scope) -> Refusal:
    host = Headers(scope=scope).get("host", "")[:100]
    return Misdirected(f"{host!r} is not a name of this installation; if it should be, add it to ASSENT_ALLOWED_HOSTS.")
