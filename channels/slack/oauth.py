"""Slack's OAuth 2: a person proves their account, an administrator installs the app into a workspace."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from channels.contract import ChannelName
from channels.errors import Rejected
from channels.oauth import Installation, OAuthGrant
from channels.slack.client import TIMEOUT_S, channel_error_of
from channels.slack.manifest import SCOPES, SIGN_IN_SCOPE


class SlackOAuth:
    """See `channels.oauth.OAuthProvider`. Does not use PKCE, which at Slack permanently makes an app a public
    client and removes bot scopes from installations on localhost (docs/decisions/0009); a server has a secret."""

    name = "slack"
    channel: ChannelName = "slack"

    def __init__(self, client_id: str, client_secret: str, *, redirect_uri: str, authorize_url: str, api_url: str) -> None:
        self._id, self._secret, self._redirect_uri = client_id, client_secret, redirect_uri
        self._authorize_url, self._api_url = authorize_url, api_url.rstrip("/") + "/"

    def sign_in_url(self, state: str, challenge: str) -> str:
        return self._url(state, scope="", user_scope=SIGN_IN_SCOPE)

    def install_url(self, state: str, challenge: str) -> str:
        return self._url(state, scope=",".join(SCOPES), user_scope="")

    async def redeem(self, code: str, verifier: str) -> OAuthGrant:
        client = AsyncWebClient(base_url=self._api_url, retry_handlers=[])
        try:
            async with asyncio.timeout(TIMEOUT_S):
                reply = await client.oauth_v2_access(
                    client_id=self._id, client_secret=self._secret, code=code, redirect_uri=self._redirect_uri
                )
        except (SlackApiError, SlackClientError, aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise channel_error_of(error, writes=False) from None
        return _granted(reply.data)

    def _url(self, state: str, **scopes: str) -> str:
        query = {"client_id": self._id, **scopes, "state": state, "redirect_uri": self._redirect_uri}
        return f"{self._authorize_url}?{urlencode(query)}"


def _granted(response: Any) -> OAuthGrant:
    """Raises Rejected if the response names no account, or a permission we need was not granted.

    An installation for a whole organisation is refused: its token belongs to no workspace and works in none until an
    administrator adds some (https://docs.slack.dev/enterprise/organization-ready-apps), while people are identified by
    their workspace, so nobody could be reached with it. Our manifest does not offer it either."""
    if isinstance(response, dict) and response.get("is_enterprise_install"):
        raise Rejected("The app works in workspaces, not in a whole organisation. Install it in each workspace.", "organisation")
    try:
        workspace = response["team"]
        team, name, user = str(workspace["id"]), str(workspace.get("name") or workspace["id"]), str(response["authed_user"]["id"])
        token = response.get("access_token") if response.get("token_type") == "bot" else None
    except (AttributeError, KeyError, TypeError):
        raise Rejected("Slack did not say whose account this is.", "incomplete") from None
    if token is None:
        return OAuthGrant(f"{team}/{user}", f"{user} in {name}")
    scopes = set(str(response.get("scope", "")).split(","))
    missing = sorted(set(SCOPES) - scopes)
    if missing:
        raise Rejected(
            f"Slack did not grant {', '.join(missing)}. Install the app again and grant all permissions.", "missing_scope"
        )
    detail = {"scopes": sorted(scopes), "bot_user": response.get("bot_user_id")}
    return OAuthGrant(f"{team}/{user}", f"{user} in {name}", Installation(team, name, str(token), detail))
