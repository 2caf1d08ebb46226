"""Bot tokens for the Slack channel, from the settings or the database."""

from dataclasses import dataclass

from backend.auth.credential_vault import UnsealError, Vault
from backend.db import Database
from backend.db.queries.installations import installation_row
from backend.domain.states import ConnectionStatus
from backend.errors import Unavailable
from backend.observability.log import get_logger
from channels.errors import Retryable

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ConfiguredBotToken:
    """See `channels.slack.client.BotTokens`: the one workspace of the settings."""

    token: str

    async def bot_token(self, team: str) -> str | None:
        return self.token


@dataclass(frozen=True, slots=True)
class StoredBotTokens:
    """See `channels.slack.client.BotTokens`: every workspace that installed the app."""

    db: Database
    vault: Vault

    async def bot_token(self, team: str) -> str | None:
        """The workspace's token; None when it is not installed or its token cannot be decrypted, and the app must be installed
        again."""
        try:
            row = await self.db.read(installation_row, "slack", team)
        except Unavailable as error:
            raise Retryable(error.detail) from None
        if row is None or row.status != ConnectionStatus.CONNECTED:
            return None
        try:
            return self.vault.open(row.secret)
        except UnsealError as error:
            log.error("slack.token_unreadable", team=team, reason=str(error))
            return None
