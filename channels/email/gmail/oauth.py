"""Google's OAuth 2 with PKCE: a person proves their address, an administrator connects an agent's mailbox."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.auth import jwt
from google.auth.exceptions import GoogleAuthError
from google_auth_oauthlib.flow import Flow
from oauthlib.oauth2 import OAuth2Error
from requests import RequestException

from channels.contract import ChannelName
from channels.errors import ChannelError, Rejected, Retryable
from channels.oauth import Installation, OAuthGrant

AUTH_URL = "https://accounts.google.com/o/oauth2/v2/auth"
IDENTITY_SCOPES = ("openid", "email")
SEND, READ = (f"https://www.googleapis.com/auth/gmail.{name}" for name in ("send", "readonly"))
TIMEOUT_S, DEADLINE_S = 12, 20.0
_threads = ThreadPoolExecutor(4, "google-oauth")
RECONNECT = "connect the mailbox again and grant all permissions"


class GoogleOAuth:
    """See `channels.oauth.OAuthProvider`. Without an installation, the account is the person's own address; with one, it is the
    agent's mailbox and nobody's address."""

    name = "google"
    channel: ChannelName = "email"

    def __init__(self, client_id: str, client_secret: str, *, redirect_uri: str, auth_url: str, token_url: str) -> None:
        self._id, self._redirect_uri = client_id, redirect_uri
        ours = {"client_id": client_id, "client_secret": client_secret, "redirect_uris": [redirect_uri]}
        self._config = {"web": {**ours, "auth_uri": auth_url, "token_uri": token_url}}

    def sign_in_url(self, state: str, challenge: str) -> str:
        return self._url(state, challenge, IDENTITY_SCOPES, access_type="online", prompt="select_account")

    def install_url(self, state: str, challenge: str) -> str:
        """Google issues a refresh token only with prompt=consent."""
        return self._url(state, challenge, (*IDENTITY_SCOPES, SEND, READ), access_type="offline", prompt="select_account consent")

    async def redeem(self, code: str, verifier: str) -> OAuthGrant:
        try:
            async with asyncio.timeout(DEADLINE_S):
                response = await asyncio.get_running_loop().run_in_executor(_threads, self._exchange, code, verifier)
        except (OAuth2Error, RequestException, OSError, ValueError) as error:
            raise _failure(error) from None
        return self._granted(response)

    def _url(self, state: str, challenge: str, scopes: tuple[str, ...], **more: str) -> str:
        url, _ = self._flow(scopes).authorization_url(state=state, code_challenge=challenge, code_challenge_method="S256", **more)
        return str(url)

    def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        """Pass no scopes, so that `_granted` checks what was granted instead of the library."""
        flow = self._flow(None)
        try:
            return dict(flow.fetch_token(code=code, code_verifier=verifier, include_client_id=True, timeout=TIMEOUT_S))
        except (AttributeError, LookupError, TypeError) as error:  # raised for JSON that is not an object
            raise ValueError(type(error).__name__) from error

    def _flow(self, scopes: tuple[str, ...] | None) -> Any:
        return Flow.from_client_config(
            self._config, scopes=scopes, redirect_uri=self._redirect_uri, autogenerate_code_verifier=False
        )

    def _granted(self, response: Mapping[str, Any]) -> OAuthGrant:
        """Raises Rejected if the address is not verified, or a permission we need was not granted."""
        address = self._address(response)
        scopes = response.get("scope") or ()
        granted = set(scopes.split() if isinstance(scopes, str) else map(str, scopes))
        if not granted & {SEND, READ}:
            return OAuthGrant(address, address)
        missing = [what for what, scope in (("to send mail", SEND), ("to read mail", READ)) if scope not in granted]
        if missing:
            raise Rejected(f"Google did not grant permission {' and '.join(missing)}; {RECONNECT}.", "missing_scope")
        token = response.get("refresh_token")
        if not isinstance(token, str) or not token:
            raise Rejected(f"Google issued no refresh token; {RECONNECT}.", "no_refresh_token")
        return OAuthGrant(address, address, Installation(address, address, token, {"scopes": sorted(granted)}))

    def _address(self, response: Mapping[str, Any]) -> str:
        """From the ID token, which came directly from Google and needs no signature check (OpenID Connect Core, 3.1.3.7)."""
        try:
            claims = jwt.decode(str(response.get("id_token")), verify=False)
        except (GoogleAuthError, ValueError):
            claims = {}
        address = str(claims.get("email") or "").strip().lower()
        if claims.get("aud") != self._id or "@" not in address:
            raise Rejected("Google did not say whose account this is.", "incomplete")
        if claims.get("email_verified") is not True:
            raise Rejected("Google has not verified this address; verify it there first.", "not_verified")
        return address


def _failure(error: Exception) -> ChannelError:
    match error:
        case OAuth2Error():
            code = str(error.error or "refused")
            return Rejected(f"Google refused the sign-in ({code}). Start again.", code)
        case RequestException() | OSError():
            return Retryable("Google cannot be reached.", type(error).__name__)
        case _:
            return Retryable("Google sent a response that cannot be read.", "not_json")
