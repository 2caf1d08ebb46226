"""The health of a person's connection, as deliveries find it: what is wrong since when, and that it works again."""

from typing import Any

from backend.db import Row, Tx
from backend.db.queries import linked_accounts
from backend.db.transaction import person_topic
from backend.domain.events import ChannelStatus
from backend.domain.states import ConnectionStatus


def mark_failing(tx: Tx, row: Row[Any], status: ConnectionStatus, reason: str) -> None:
    """Record what is wrong with the person's connection and since when. `degraded` is still tried, `disconnected` is not."""
    linked = [each for each in linked_accounts.linked_accounts(tx, row.person_id) if each.channel == row.channel]
    if row.account not in (None, *(each.account for each in linked)):
        return  # the address is not linked yet, or no longer
    begun = next((each.failing_since for each in linked if each.failing_since is not None), tx.now)
    linked_accounts.update_connections(tx, row.person_id, row.channel, status=status, error=reason, failing_since=begun)
    tx.notify(ChannelStatus(type="channel_status", channel=row.channel, status=status), person_topic(row.person_id))


def mark_recovered(tx: Tx, row: Row[Any]) -> None:
    """Record that the person's connection works again, because a message was sent over it."""
    for linked in linked_accounts.linked_accounts(tx, row.person_id):
        if linked.channel == row.channel and linked.status != ConnectionStatus.CONNECTED:
            well = ConnectionStatus.CONNECTED
            linked_accounts.update_connections(tx, row.person_id, row.channel, status=well, error=None, failing_since=None)
            tx.notify(ChannelStatus(type="channel_status", channel=row.channel, status=well), person_topic(row.person_id))
