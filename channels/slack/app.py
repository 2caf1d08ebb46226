"""The Slack app: one Bolt app that receives events over HTTP and over Socket Mode."""

import asyncio
import json
import logging
import re
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult

from channels.contract import Inbox
from channels.errors import ChannelError, Retryable
from channels.slack.client import API_URL, BotTokens, SlackClient
from channels.slack.conversation import SlackConversation
from channels.slack.interactions import Interactions
from channels.slack.manifest import COMMAND
from channels.slack.payloads import UnreadablePayload, check_text
from channels.slack.signature import SignedWebhook
from channels.slack.socket_mode import OnStatus, SocketMode
from channels.webhooks import WebhookRejected, WebhookResponse

EVENTS = ("message", "app_mention", "app_uninstalled", "tokens_revoked", "user_change")
_ANY = re.compile(".*", re.DOTALL)
UNHANDLED_STATUS = 404
BOLT_ERRORS = (AttributeError, IndexError, KeyError, TypeError)  # raised by Bolt for malformed payloads
log = logging.getLogger(__name__)
_bolt_log = logging.getLogger(f"{__name__}.bolt")
_bolt_log.setLevel(logging.ERROR)  # it warns about SLACK_BOT_TOKEN in the environment and about every event without a listener


@dataclass(frozen=True, slots=True)
class AppToken:
    """See `channels.slack.client.BotTokens`: the app-level token, which only opens connections."""

    token: str

    async def bot_token(self, team: str) -> str | None:
        return self.token


class SlackApp:
    """Receives everything Slack delivers. `signing_secret` may be empty if only Socket Mode is used."""

    def __init__(
        self, inbox: Inbox, tokens: BotTokens, client: SlackClient, *, signing_secret: str = "", api_url: str = API_URL
    ) -> None:
        self._tokens, self._api_url = tokens, api_url.rstrip("/") + "/"
        self._webhook = SignedWebhook(signing_secret, time.time) if signing_secret else None
        self._interactions = Interactions(inbox, client, self._start_background)
        self._conversation = SlackConversation(inbox, client, self._start_background)
        self._background_tasks: set[asyncio.Task[None]] = set()
        self._bolt = self._build_app()

    async def handle(self, headers: Mapping[str, str], body: bytes) -> WebhookResponse:
        """Handle one HTTP call; its effect is recorded before this returns. Raises WebhookRejected."""
        if self._webhook is None:
            raise WebhookRejected("This installation receives Slack events over Socket Mode only.", authentic=False)
        payload = self._webhook.read(headers, body)
        try:
            reply = await self._dispatch(payload)
        except BOLT_ERRORS:
            raise WebhookRejected("The body is not a Slack payload.", authentic=True) from None
        if reply.status == 400:
            raise WebhookRejected("The payload is incomplete.", authentic=True)
        if reply.status == UNHANDLED_STATUS:  # no listener for the event; any other status would make Slack send it again
            return WebhookResponse(200)
        kind = (reply.headers.get("content-type") or ["text/plain; charset=utf-8"])[0]
        return WebhookResponse(reply.status, reply.body or "", kind)

    async def listen(self, app_token: str, on_status: OnStatus) -> None:
        """Receive the same over Socket Mode until cancelled. Reconnects by itself; `on_status` is told what is wrong, None once
        connected."""
        client = SlackClient(AppToken(app_token), self._api_url)
        try:
            await SocketMode(lambda: client.socket_url(""), self._dispatch_envelope, on_status).run()
        finally:
            await client.close()

    async def close(self) -> None:
        """Finish the background tasks."""
        await self.wait_idle()

    async def _dispatch(self, payload: Mapping[str, Any]) -> BoltResponse:
        return await self._bolt.async_dispatch(AsyncBoltRequest(body=dict(payload), mode="socket_mode"))

    async def _dispatch_envelope(self, payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the payload to acknowledge with; None not to acknowledge, so that Slack delivers the envelope again."""
        try:
            reply = await self._dispatch(payload)
        except BOLT_ERRORS:
            return {}
        if reply.status >= 500:
            return None
        if not reply.body:
            return {}
        is_json = (reply.headers.get("content-type") or [""])[0].startswith("application/json")
        found: Mapping[str, Any] = json.loads(reply.body) if is_json else {"text": reply.body}
        return found if reply.status == 200 else {}

    async def wait_idle(self) -> None:
        """Wait until no background task is running."""
        while self._background_tasks:
            await asyncio.wait(set(self._background_tasks))

    def _build_app(self) -> AsyncApp:
        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            """The signed payload identifies who acts; Bolt requires a token all the same."""
            token = await self._tokens.bot_token(team_id or enterprise_id or "")
            return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token or "")

        # Events are acknowledged after their listener ran, so that Slack repeats what could not be recorded.
        app = AsyncApp(
            authorize=authorize,
            process_before_response=True,
            request_verification_enabled=False,
            ssl_check_enabled=False,
            ignoring_self_events_enabled=False,
            attaching_function_token_enabled=False,
            logger=_bolt_log,
        )
        for event in EVENTS:
            app.event(event)(self._on_event)
        app.action(_ANY)(self._on_click)
        app.view(_ANY)(self._on_submission)
        app.command(COMMAND)(self._on_command)
        app.error(self._on_error)
        return app

    async def _on_event(self, body: dict[str, Any]) -> None:
        check_text(body)
        await self._conversation.on_event(body)

    async def _on_click(self, body: dict[str, Any], ack: Any) -> None:
        check_text(body)
        await self._interactions.on_click(body, ack)

    async def _on_submission(self, body: dict[str, Any], ack: Any) -> None:
        check_text(body)
        await self._interactions.on_submission(body, ack)

    async def _on_command(self, body: dict[str, Any], ack: Any) -> None:
        check_text(body)
        await self._conversation.on_command(body, ack)

    async def _on_error(self, error: Exception) -> BoltResponse:
        if isinstance(error, UnreadablePayload):
            return BoltResponse(status=400)
        if isinstance(error, Retryable):
            return BoltResponse(status=503)
        log.error("slack.event_failed", exc_info=error)
        return BoltResponse(status=500)

    def _start_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._run_in_background(work))
        self._background_tasks.add(task)
        task.add_done_callback(self._background_tasks.discard)

    async def _run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except ChannelError as error:  # the effect is recorded, and the worker updates the message too
            log.warning("slack.reply_failed", extra={"reason": error.reason, "code": error.code})
