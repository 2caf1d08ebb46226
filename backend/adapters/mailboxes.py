"""Mailbox credentials for the mail channel, from the database."""

from dataclasses import dataclass

from backend.auth.credential_vault import UnsealError, Vault
from backend.core.linking.linked_accounts import disconnect_accounts
from backend.db import Database
from backend.db.queries.installations import installation_row, list_connected
from backend.domain.states import ConnectionStatus
from backend.errors import Unavailable
from backend.observability.log import get_logger
from channels.errors import Retryable

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredMailboxes:
    """See `channels.email.gmail.client.Mailboxes`."""

    db: Database
    vault: Vault

    async def refresh_token(self, mailbox: str) -> str | None:
        """The mailbox's token; None when it is not connected or its token cannot be decrypted, and it must be connected again."""
        try:
            row = await self.db.read(installation_row, "email", mailbox)
        except Unavailable as error:
            raise Retryable(error.detail) from None
        if row is None or row.status != ConnectionStatus.CONNECTED:
            return None
        try:
            return self.vault.open(row.secret)
        except UnsealError as error:
            log.error("mailbox.token_unreadable", mailbox=mailbox, reason=str(error))
            return None

    async def first_mailbox(self) -> str | None:
        try:
            rows = await self.db.read(list_connected, "email")
        except Unavailable as error:
            raise Retryable(error.detail) from None
        return str(rows[0].account) if rows else None

    async def mark_disconnected(self, mailbox: str, reason: str) -> None:
        try:
            await self.db.transact(disconnect_accounts, "email", f"{mailbox}/", reason)
        except Unavailable as error:
            raise Retryable(error.detail) from None
