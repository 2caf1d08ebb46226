"""The Slack client, the only caller of Slack's Web API. Each call is one attempt; each failure is one of the channel errors."""

import asyncio
import math
from collections.abc import Callable
from typing import Any, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from channels.errors import ChannelError, Disconnected, Rejected, Retryable

API_URL = "https://slack.com/api/"
TIMEOUT_S = 12
CONNECT_S = 5
HISTORY_PAGES = 5
CLOCK_SLACK_S = 300
# The errors of every method, and https://docs.slack.dev/reference/methods/chat.postMessage#errors
ACCESS_LOST = {
    "access_denied",
    "account_inactive",
    "app_not_installed",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "invalid_auth",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
    "two_factor_setup_required",
}
TEMPORARY = {"fatal_error", "internal_error", "ratelimited", "rate_limited", "request_timeout", "service_unavailable"}
REASONS = {
    "missing_scope": "The Slack app lacks a permission. An administrator must install it again.",
    "account_inactive": "The Slack account or app was deactivated.",
    "token_revoked": "Slack revoked the app's access. An administrator must install it again.",
    "channel_not_found": "Slack no longer knows this conversation.",
    "is_archived": "The Slack channel is archived.",
    "not_in_channel": "The app is not in this Slack channel. Invite it.",
    "user_not_found": "Slack no longer knows this person.",
}
Json = dict[str, Any]


class BotTokens(Protocol):
    """The bot tokens of all workspaces."""

    async def bot_token(self, team: str) -> str | None:
        """Return the token of a workspace (or organisation); None if the app is not installed there. Raises Retryable if the
        token cannot be looked up at the moment."""
        ...


class SlackClient:
    """A client for any workspace, over shared connections. Methods raise only the errors of `channels.errors`."""

    def __init__(self, tokens: BotTokens, api_url: str = API_URL, timeout_s: float = TIMEOUT_S) -> None:
        self._tokens, self._api_url, self._timeout_s = tokens, api_url.rstrip("/") + "/", timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def open_dm(self, team: str, user: str) -> str:
        """Return the id of the direct conversation with a person."""
        reply = await self._call(team, "conversations.open", {"users": user})
        return str(_part(reply, "channel", "id"))

    async def post(self, team: str, channel: str, message: Json, thread_ts: str | None = None) -> str:
        """Post a message and return its ts."""
        thread = {"thread_ts": thread_ts} if thread_ts else {}
        still = {"unfurl_links": False, "unfurl_media": False, "link_names": False}
        reply = await self._call(team, "chat.postMessage", {"channel": channel, **message, **thread, **still}, writes=True)
        return str(_part(reply, "ts"))

    async def update(self, team: str, channel: str, ts: str, message: Json) -> None:
        await self._call(team, "chat.update", {"channel": channel, "ts": ts, **message})

    async def start_stream(self, team: str, channel: str, thread_ts: str, account: str, markdown: str) -> str:
        """Start a streamed message in reply to that person and return its ts."""
        person_team, _, user = account.partition("/")
        to = {"recipient_team_id": person_team, "recipient_user_id": user}
        body = {"channel": channel, "thread_ts": thread_ts, "markdown_text": markdown, **to}
        return str(_part(await self._call(team, "chat.startStream", body, writes=True), "ts"))

    async def append_stream(self, team: str, channel: str, ts: str, markdown: str) -> None:
        await self._call(team, "chat.appendStream", {"channel": channel, "ts": ts, "markdown_text": markdown}, writes=True)

    async def stop_stream(self, team: str, channel: str, ts: str) -> None:
        """End the stream, so that the message can be rewritten."""
        await self._call(team, "chat.stopStream", {"channel": channel, "ts": ts})

    async def set_status(self, team: str, channel: str, thread_ts: str, status: str) -> None:
        """Show a status such as "is thinking…" in the thread; an empty one removes it."""
        body = {"channel_id": channel, "thread_ts": thread_ts, "status": status}
        await self._call(team, "assistant.threads.setStatus", body)

    async def find_stream(self, team: str, channel: str, thread_ts: str, since_s: float) -> str | None:
        """Return the ts of our message in the thread that was started as a stream since then and is not finished."""
        me = str((await self.who_am_i(team)).get("user_id", ""))
        begun = await self._search(team, channel, since_s, thread_ts, lambda message: _is_open_stream(message, me, since_s))
        return begun[0] if begun else None

    async def post_ephemeral(self, team: str, channel: str, user: str, text: str) -> None:
        """Post a message that only this person sees."""
        await self._call(team, "chat.postEphemeral", {"channel": channel, "user": user, "text": text})

    async def open_view(self, team: str, trigger_id: str, view: Json) -> None:
        await self._call(team, "views.open", {"trigger_id": trigger_id, "view": view})

    async def find(
        self, team: str, channel: str, event: str, request_id: str, since_s: float, thread_ts: str | None = None
    ) -> list[str]:
        """Return the ts of each of our messages about this request posted since then."""
        return await self._search(team, channel, since_s, thread_ts, lambda message: _is_about(message, event, request_id))

    async def _search(
        self, team: str, channel: str, since_s: float, thread_ts: str | None, fits: Callable[[Json], bool]
    ) -> list[str]:
        method = "conversations.replies" if thread_ts else "conversations.history"
        oldest = f"{since_s - CLOCK_SLACK_S:.6f}"
        asked: Json = {"channel": channel, "oldest": oldest, "include_all_metadata": True, "limit": 200}
        asked |= {"ts": thread_ts} if thread_ts else {}
        found: list[str] = []
        for _ in range(HISTORY_PAGES):
            reply = await self._call(team, method, asked, reads=True)
            found += [str(message["ts"]) for message in _part(reply, "messages") if fits(message)]
            cursor = (reply.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
            asked["cursor"] = cursor
        return found

    async def name_of(self, team: str, user: str) -> str:
        """Return the display name of a person."""
        profile = _part(await self._call(team, "users.info", {"user": user}, reads=True), "user")
        return str(profile.get("real_name") or profile.get("name") or user)

    async def who_am_i(self, team: str) -> Json:
        """auth.test of the workspace's token: `team_id`, `user_id`, `bot_id`, ... and `scopes`."""
        return await self._call(team, "auth.test", {})

    async def socket_url(self, team: str) -> str:
        """Return the URL to connect to for Socket Mode. The token must be an app-level token."""
        return str(_part(await self._call(team, "apps.connections.open", {}), "url"))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _call(self, team: str, method: str, body: Json, *, writes: bool = False, reads: bool = False) -> Json:
        """`writes`: a repeat would be visible twice. `reads`: a GET, as Slack takes no JSON here."""
        token = await self._tokens.bot_token(team)
        if token is None:
            raise Disconnected("The app is not installed in this Slack workspace.", "not_installed")
        client = AsyncWebClient(token=token, base_url=self._api_url, session=self._connections(), retry_handlers=[])
        try:
            async with asyncio.timeout(self._timeout_s):
                call = client.api_call(method, http_verb="GET", params=body) if reads else client.api_call(method, json=body)
                reply = await call
        except (SlackApiError, SlackClientError, aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise channel_error_of(error, writes) from None
        if not isinstance(reply.data, dict):
            raise Retryable("Slack sent a response that cannot be read.", "not_json", unknown=writes)
        return {**reply.data, "scopes": reply.headers.get("x-oauth-scopes", "")} if method == "auth.test" else reply.data

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=CONNECT_S), trust_env=True
            )
        return self._session


def _is_about(message: Json, event: str, request_id: str) -> bool:
    """By the metadata, or, if the workspace does not return any, by the block id of the buttons."""
    found = message.get("metadata") or {}
    if found.get("event_type") == event and (found.get("event_payload") or {}).get("request_id") == request_id:
        return True
    return any(str(block.get("block_id", "")).startswith(f"{request_id} ") for block in message.get("blocks") or ())


def _is_open_stream(message: Json, me: str, since_s: float) -> bool:
    """Slack may have ended the stream by itself; a stream that we finished carries our metadata."""
    if message.get("user") != me or "streaming_state" not in message:
        return False
    return message["streaming_state"] == "in_progress" or ("metadata" not in message and float(message["ts"]) >= since_s)


def channel_error_of(error: Exception, writes: bool) -> ChannelError:
    """Map a failure to a channel error. `writes`: the call may have taken effect although it failed."""
    if isinstance(error, SlackApiError):
        return _from_response(error, writes)
    never_sent = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return Retryable("Slack cannot be reached.", type(error).__name__, unknown=writes and not never_sent)


def _from_response(error: SlackApiError, writes: bool) -> ChannelError:
    response: Any = error.response
    status = int(getattr(response, "status_code", None) or getattr(response, "status", 0) or 0)
    code = _code(response)
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return Retryable("Slack asks us to slow down.", "ratelimited", after=retry_after(response.headers.get("Retry-After")))
    if code in ACCESS_LOST or status in (401, 403):
        return Disconnected(REASONS.get(code, f"Slack denied access: {code or status}."), code)
    if status == 404 and not code:
        return Rejected("Slack does not know this method.", "unknown_method")
    if status >= 500 or code in TEMPORARY or not code:
        return Retryable(f"Slack has an internal problem ({code or status}).", code or str(status), unknown=writes)
    return Rejected(REASONS.get(code, f"Slack refused the message: {code}."), code)


def _code(response: Any) -> str:
    data = getattr(response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) and code.replace("_", "").isalnum() else ""


def retry_after(header: str | None) -> float | None:
    """Parse Retry-After in seconds; None if it is missing or invalid."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _part(reply: Json, *path: str) -> Any:
    part: Any = reply
    for name in path:
        part = part.get(name) if isinstance(part, dict) else None
    if part is None:
        raise Retryable("Slack sent an incomplete response.", "incomplete", unknown=True)
    return part
