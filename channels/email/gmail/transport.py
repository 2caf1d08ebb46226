"""How Google's libraries reach Google: over httpx, which sends a request once. Their own httplib2 sends a POST again when the
connection ends before the reply, which would be a second mail."""

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httplib2
import httpx
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError, TransportError
from google_auth_httplib2 import Request

CONNECT_S, READ_S = 5.0, 12.0


def connections() -> httpx.Client:
    """What all calls share; threads may use it at once."""
    nobody = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # what one mailbox's calls bring is not for another's
    return httpx.Client(timeout=httpx.Timeout(READ_S, connect=CONNECT_S), cookies=nobody)


class HttpxTransport:
    """In the shape of an httplib2.Http, on behalf of a mailbox's `credentials` if any. Errors are httpx's."""

    def __init__(self, client: httpx.Client, credentials: Credentials | None = None) -> None:
        self._client, self._credentials = client, credentials

    def request(self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any) -> tuple[Any, bytes]:
        headers = dict(headers or {})
        if self._credentials is not None:
            self._credentials.apply(headers)
        reply = self._client.request(method, uri, content=body, headers=headers)
        return httplib2.Response({**reply.headers, "status": str(reply.status_code)}), reply.content

    def close(self) -> None:
        """The connections are shared."""


def refresh_token(credentials: Credentials, client: httpx.Client) -> None:
    """Get a new access token. Raises a GoogleAuthError."""
    try:
        credentials.refresh(_TokenRequest(HttpxTransport(client)))
    except (AttributeError, LookupError, TypeError) as error:  # over JSON that is no object
        raise GoogleAuthError(type(error).__name__) from error


class _TokenRequest(Request):  # type: ignore[misc]
    """The same for the exchange of tokens, where google-auth wants an error of its own."""

    def __call__(
        self, url: str, method: str = "GET", body: Any = None, headers: Any = None, timeout: Any = None, **_: Any
    ) -> Any:
        try:
            return super().__call__(url, method, body, headers)
        except httpx.HTTPError as error:
            raise TransportError(type(error).__name__) from error
