"""Make what the settings choose: the model, the approval policy, the run limits, and the concrete engine and channels."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from backend.adapters.open_tabs import OpenTabs
from backend.db import Database
from backend.domain.policy import Policy, parse_channel_risk, parse_policy
from backend.domain.runs import Caps
from backend.engines.contract import Engine
from backend.engines.model_providers import ModelSettings
from backend.language.contract import Language
from backend.messaging.stream.contract import Stream
from backend.settings.schema import Settings, SettingsError
from backend.tools.registry import registry
from channels.chat.channel import ChatChannel
from channels.contract import Channel, Inbox
from channels.mail_contract import MailboxReader, MailInbox
from channels.oauth import OAuthProvider
from channels.webhooks import WebhookHandler

if TYPE_CHECKING:
    from backend.engines.baml.model import BamlModel


def model_settings(settings: Settings) -> ModelSettings:
    """The part of the settings an engine needs. Raises SettingsError naming what is missing."""
    own_key = {
        "openai": settings.openai_api_key,
        "anthropic": settings.anthropic_api_key,
        "openrouter": settings.openrouter_api_key,
        "azure": settings.azure_openai_api_key,
    }.get(settings.llm)
    key = settings.llm_api_key or own_key
    model = ModelSettings(
        provider=settings.llm,
        base_url=settings.llm_base_url,
        model=settings.llm_model or (settings.azure_openai_model or "" if settings.llm == "azure" else ""),
        api_key=key.get_secret_value() if key else "",
        azure_endpoint=settings.azure_openai_endpoint or "",
        azure_deployment=settings.azure_openai_deployment or "",
        azure_api_version=settings.azure_openai_api_version or ModelSettings().azure_api_version,
    )
    missing = model.validate()
    if missing:
        raise SettingsError("\n".join(missing))
    return model


def approval_policy(settings: Settings) -> Policy:
    """The rules of ASSENT_APPROVALS. Raises SettingsError naming the rule that cannot be read."""
    try:
        policy = parse_policy(settings.approvals, {spec.name: spec for spec in registry.specs()})
        return replace(policy, channel_risk={**policy.channel_risk, **parse_channel_risk(settings.channel_risk)})
    except ValueError as error:
        raise SettingsError(f"ASSENT_APPROVALS, ASSENT_CHANNEL_RISK: {error}") from None


def run_caps(settings: Settings) -> Caps:
    return Caps(settings.run_max_steps, settings.run_max_tokens, settings.run_max_seconds)


def make_model(settings: ModelSettings) -> "BamlModel":
    from backend.engines.baml.model import BamlModel  # the BAML runtime takes 0.3 s to import

    return BamlModel(settings)


def make_engine(model: "BamlModel") -> Engine:
    from backend.engines.baml import BamlEngine

    return BamlEngine(model)


def make_language(model: "BamlModel") -> Language:
    from backend.language.baml_language import BamlLanguage

    return BamlLanguage(model)


def make_channels(settings: Settings, db: Database, stream: Stream) -> dict[str, Channel]:
    """The configured channels, by name."""
    channels: list[Channel] = [ChatChannel(OpenTabs(stream))]
    if settings.has_slack:
        from backend.bootstrap.slack import slack_channel

        channels.append(slack_channel(settings, db))
    if settings.has_email:
        from backend.bootstrap.email import email_channel

        channels.append(email_channel(settings, db))
    return {channel.name: channel for channel in channels}


def make_providers(settings: Settings) -> dict[str, OAuthProvider]:
    """The configured OAuth providers, by name."""
    providers: list[OAuthProvider] = []
    if settings.slack_client_id:
        from backend.bootstrap.slack import slack_provider

        providers.append(slack_provider(settings))
    if settings.has_email:
        from backend.bootstrap.email import google_provider

        providers.append(google_provider(settings))
    return {provider.name: provider for provider in providers}


def make_mailbox_reader(settings: Settings, db: Database, inbox: MailInbox, language: Language) -> MailboxReader | None:
    """The reader of the connected mailboxes, if mail is configured."""
    if not settings.has_email:
        return None
    from backend.bootstrap.email import email_mailbox_reader

    return email_mailbox_reader(settings, db, inbox, language)


@asynccontextmanager
async def open_webhooks(
    settings: Settings, db: Database, inbox: Inbox, report_slack_problem: Callable[[str | None], None]
) -> AsyncIterator[dict[str, WebhookHandler]]:
    """Run the handlers of the providers' webhooks, by channel, until the context ends. `report_slack_problem` is called with
    what is wrong with the Socket Mode connection, or None."""
    async with AsyncExitStack() as stack:
        hooks: dict[str, WebhookHandler] = {}
        if settings.has_slack:
            from backend.bootstrap.slack import slack_webhook

            hooks["slack"] = await stack.enter_async_context(slack_webhook(settings, db, inbox, report_slack_problem))
        if settings.has_email and settings.gmail_push_account:
            from backend.bootstrap.email import email_webhook

            hooks["gmail"] = email_webhook(settings, db)
        yield hooks
