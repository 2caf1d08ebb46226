"""What deliveries tell of a person's connection: what is wrong with it and since when, and that it works again."""

from typing import Any

from backend.db import Row, Tx
from backend.db.queries import linked_accounts
from backend.db.transaction import person_topic
from backend.domain.events import ChannelStatus
from backend.domain.states import ConnectionStatus


def mark_failing(tx: Tx, row: Row[Any], status: ConnectionStatus, reason: str) -> None:
    """Keep what is wrong with the person's connection, since when; `degraded` is still tried, `disconnected` is not."""
    linked = [each for each in linked_accounts.linked_accounts(tx, row.person_id) if each.channel == row.channel]
    if row.account not in (None, *(each.account for each in linked)):
        return  # an address that is not linked yet, or not any more
    begun = next((each.failing_since for each in linked if each.failing_since is not None), tx.now)
    linked_accounts.update_connections(tx, row.person_id, row.channel, status=status, error=reason, failing_since=begun)
    tx.notify(ChannelStatus(type="channel_status", channel=row.channel, status=status), person_topic(row.person_id))


def mark_recovered(tx: Tx, row: Row[Any]) -> None:
    """A message went out over it."""
    for linked in linked_accounts.linked_accounts(tx, row.person_id):
        if linked.channel == row.channel and linked.status != ConnectionStatus.CONNECTED:
            well = ConnectionStatus.CONNECTED
            linked_accounts.update_connections(tx, row.person_id, row.channel, status=well, error=None, failing_since=None)
            tx.notify(ChannelStatus(type="channel_status", channel=row.channel, status=well), person_topic(row.person_id))
