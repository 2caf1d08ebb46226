"""Slack, put together: its channel, its way in over HTTP or Socket Mode, and the tokens it speaks with. Imported only
where Slack is configured: bolt takes 0.4 s."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from pydantic import SecretStr

from backend.adapters.slack_tokens import ConfiguredBotToken, StoredBotTokens
from backend.auth.credential_vault import Vault
from backend.auth.keys import load_secrets
from backend.db import Database
from backend.observability.log import get_logger
from backend.settings.schema import Settings
from channels.contract import Inbox
from channels.errors import ChannelError, Retryable
from channels.slack.app import SlackApp
from channels.slack.channel import SlackChannel
from channels.slack.client import BotTokens, SlackClient
from channels.slack.manifest import SCOPES
from channels.slack.oauth import SlackOAuth
from channels.slack.socket_mode import OnStatus
from channels.webhooks import WebhookHandler

log = get_logger(__name__)
Finding = tuple[bool, str]


def slack_channel(settings: Settings, db: Database) -> SlackChannel:
    return SlackChannel(_client(settings, _tokens(settings, db)))


def slack_provider(settings: Settings) -> SlackOAuth:
    secret = settings.slack_client_secret.get_secret_value() if settings.slack_client_secret else ""
    return SlackOAuth(
        settings.slack_client_id or "",
        secret,
        redirect_uri=f"{settings.url}/api/auth/slack/callback",
        authorize_url=settings.slack_authorize_url,
        api_url=settings.slack_api_url,
    )


@asynccontextmanager
async def slack_hook(settings: Settings, db: Database, inbox: Inbox, tell: OnStatus) -> AsyncIterator[WebhookHandler]:
    """Take in what people do in Slack, for as long as this lasts; the hook is for what comes over HTTP, `tell` hears what is
    wrong with Socket Mode (None: nothing any more)."""
    tokens = _tokens(settings, db)
    client = _client(settings, tokens)
    secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else ""
    app = SlackApp(inbox, tokens, client, signing_secret=secret, api_url=settings.slack_api_url)
    token = settings.slack_app_token
    listening = token and asyncio.create_task(app.listen(token.get_secret_value(), tell), name="slack socket mode")
    try:
        yield app.handle
    finally:
        if listening:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        await app.close()
        await client.close()


async def examine_slack(settings: Settings) -> list[tuple[bool, str]]:
    """Whether Slack takes our tokens and granted what is needed: findings for `assent doctor`."""
    findings = []
    if settings.slack_bot_token is None:
        findings.append((True, "Slack: each workspace installs the app (SLACK_CLIENT_ID)."))
    else:
        findings += await _examine(settings, "SLACK_BOT_TOKEN", settings.slack_bot_token, _examine_bot)
    if settings.slack_app_token is not None:
        findings += await _examine(settings, "SLACK_APP_TOKEN", settings.slack_app_token, _examine_socket)
    return findings


async def _examine(
    settings: Settings, name: str, token: SecretStr, look: Callable[[SlackClient], Awaitable[list[Finding]]]
) -> list[Finding]:
    client = _client(settings, ConfiguredBotToken(token.get_secret_value()))
    try:
        return await look(client)
    except Retryable as error:
        return [(False, f"{error.reason} Is {settings.slack_api_url} open to this machine?")]
    except ChannelError as error:
        return [(False, f"{name}: {error.reason}")]
    finally:
        await client.close()


async def _examine_bot(client: SlackClient) -> list[Finding]:
    known = await client.who_am_i("")
    granted = {scope for scope in known["scopes"].split(",") if scope}
    missing = sorted(set(SCOPES) - granted) if granted else []
    told = f"Slack knows us as {known.get('user')} in {known.get('team')}."
    lacks = f"SLACK_BOT_TOKEN lacks {', '.join(missing)}: take the manifest of `assent slack manifest`, then install again."
    return [(True, told), *([(False, lacks)] if missing else [])]


async def _examine_socket(client: SlackClient) -> list[Finding]:
    await client.socket_url("")
    return [(True, "Slack lets us listen over Socket Mode.")]


def _client(settings: Settings, tokens: BotTokens) -> SlackClient:
    return SlackClient(tokens, settings.slack_api_url)


def _tokens(settings: Settings, db: Database) -> BotTokens:
    own = settings.slack_bot_token
    return ConfiguredBotToken(own.get_secret_value()) if own else StoredBotTokens(db, Vault(*load_secrets(settings)))
