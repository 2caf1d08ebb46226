"""Queries about what lets us speak on a channel at all: a workspace's bot, a mailbox of the agent's own."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, bindparam, insert, select, update

from backend.db.tables import installations
from backend.db.transaction import Tx

_one = select(installations).where(installations.c.channel == bindparam("on"), installations.c.account == bindparam("account_"))


def installation_row(tx: Tx, channel: str, account: str) -> Row[Any] | None:
    return tx.first(_one, {"on": channel, "account_": account})


def list_installations(tx: Tx, channel: str) -> Sequence[Row[Any]]:
    """Where we may speak or once could, oldest first."""
    return tx.all(select(installations).where(installations.c.channel == channel).order_by(installations.c.created_at))


def list_connected(tx: Tx, channel: str) -> Sequence[Row[Any]]:
    """Where we may speak, oldest first."""
    return [row for row in list_installations(tx, channel) if row.status == "connected"]


def upsert_installation(tx: Tx, channel: str, account: str, **values: Any) -> None:
    """Record that we may speak there; what was known of it before gives way. `secret` must be sealed."""
    there = and_(installations.c.channel == channel, installations.c.account == account)
    fresh = {"status": "connected", "error": None, "updated_at": tx.now, **values}
    if tx.execute(update(installations).where(there).values(**fresh)).rowcount == 0:
        tx.execute(insert(installations), {"channel": channel, "account": account, "created_at": tx.now, **fresh})


def revoke_installation(tx: Tx, channel: str, account: str, reason: str) -> Row[Any] | None:
    """The provider took our right to speak there; its credential is forgotten. The row, or None where that was known."""
    there = and_(installations.c.channel == channel, installations.c.account == account, installations.c.status != "disconnected")
    lost = update(installations).where(there).values(status="disconnected", error=reason, secret="", updated_at=tx.now)
    return tx.execute(lost.returning(installations)).first()
