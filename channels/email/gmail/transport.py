"""The HTTP transport of Google's libraries: httpx, which sends a request once. Their default, httplib2, repeats a POST if the
connection ends before the response, which would send a second mail."""

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httplib2
import httpx
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError, TransportError
from google_auth_httplib2 import Request

CONNECT_S, READ_S = 5.0, 12.0


def connections() -> httpx.Client:
    """Return the connection pool that all calls share. Thread-safe."""
    nobody = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # mailboxes must not share cookies
    return httpx.Client(timeout=httpx.Timeout(READ_S, connect=CONNECT_S), cookies=nobody)


class HttpxTransport:
    """The interface of httplib2.Http, with a mailbox's `credentials` if given. Raises the errors of httpx."""

    def __init__(self, client: httpx.Client, credentials: Credentials | None = None) -> None:
        self._client, self._credentials = client, credentials

    def request(self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any) -> tuple[Any, bytes]:
        headers = dict(headers or {})
        if self._credentials is not None:
            self._credentials.apply(headers)
        reply = self._client.request(method, uri, content=body, headers=headers)
        return httplib2.Response({**reply.headers, "status": str(reply.status_code)}), reply.content

    def close(self) -> None:
        """Leave the shared connections open."""


def refresh_token(credentials: Credentials, client: httpx.Client) -> None:
    """Get a new access token. Raises GoogleAuthError."""
    try:
        credentials.refresh(_TokenRequest(HttpxTransport(client)))
    except (AttributeError, LookupError, TypeError) as error:  # raised for JSON that is not an object
        raise GoogleAuthError(type(error).__name__) from error


class _TokenRequest(Request):  # type: ignore[misc]
    """The same for token requests, where google-auth expects its own TransportError."""

    def __call__(
        self, url: str, method: str = "GET", body: Any = None, headers: Any = None, timeout: Any = None, **_: Any
    ) -> Any:
        try:
            return super().__call__(url, method, body, headers)
        except httpx.HTTPError as error:
            raise TransportError(type(error).__name__) from error
