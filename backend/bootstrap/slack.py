"""Wire up the Slack channel and its events over HTTP or Socket Mode. Imported only when Slack is configured, because bolt takes
0.4 s to import."""

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
async def slack_webhook(
    settings: Settings, db: Database, inbox: Inbox, report_problem: OnStatus
) -> AsyncIterator[WebhookHandler]:
    """Receive what people do in Slack until the context ends. Gives the webhook for HTTP; `report_problem` is called with what
    is wrong with Socket Mode, or None once it works."""
    tokens = _tokens(settings, db)
    client = _client(settings, tokens)
    secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else ""
    app = SlackApp(inbox, tokens, client, signing_secret=secret, api_url=settings.slack_api_url)
    token = settings.slack_app_token
    listening = token and asyncio.create_task(app.listen(token.get_secret_value(), report_problem), name="slack socket mode")
    try:
        yield app.handle
    finally:
        if listening:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        await app.close()
        await client.close()


async def check_slack(settings: Settings) -> list[tuple[bool, str]]:
    """Check for `assent doctor` that Slack accepts our tokens and granted the scopes we need."""
    findings = []
    if settings.slack_bot_token is None:
        findings.append((True, "Slack: each workspace installs the app itself (SLACK_CLIENT_ID)."))
    else:
        findings += await _check_token(settings, "SLACK_BOT_TOKEN", settings.slack_bot_token, _check_bot_token)
    if settings.slack_app_token is not None:
        findings += await _check_token(settings, "SLACK_APP_TOKEN", settings.slack_app_token, _check_app_token)
    return findings


async def _check_token(
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


async def _check_bot_token(client: SlackClient) -> list[Finding]:
    known = await client.who_am_i("")
    granted = {scope for scope in known["scopes"].split(",") if scope}
    missing = sorted(set(SCOPES) - granted) if granted else []
    told = f"Slack knows the app as {known.get('user')} in {known.get('team')}."
    lacks = f"SLACK_BOT_TOKEN lacks {', '.join(missing)}. Update the app from `assent slack manifest`, then install it again."
    return [(True, told), *([(False, lacks)] if missing else [])]


async def _check_app_token(client: SlackClient) -> list[Finding]:
    await client.socket_url("")
    return [(True, "Slack accepts the Socket Mode connection.")]


def _client(settings: Settings, tokens: BotTokens) -> SlackClient:
    return SlackClient(tokens, settings.slack_api_url)


def _tokens(settings: Settings, db: Database) -> BotTokens:
    own = settings.slack_bot_token
    return ConfiguredBotToken(own.get_secret_value()) if own else StoredBotTokens(db, Vault(*load_secrets(settings)))
