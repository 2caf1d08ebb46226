"""Installations: the credentials with which Assent sends messages on a channel."""

from backend.core.linking.linked_accounts import reconnect_accounts
from backend.db import Tx
from backend.db.queries.installations import upsert_installation
from backend.domain.display_names import clean_name
from channels.oauth import Installation


def save_installation(tx: Tx, person_id: str, channel: str, installed: Installation, sealed: str) -> None:
    """Save the credentials and reconnect the accounts that an earlier installation had lost."""
    values = {
        "label": clean_name(installed.label, installed.account),
        "detail": dict(installed.detail),
        "secret": sealed,
        "installed_by": person_id,
    }
    upsert_installation(tx, channel, installed.account, **values)
    reconnect_accounts(tx, channel, installed.account)
    tx.audit(person_id, actor=person_id, via="chat", action="channel.installed", subject=person_id, account=installed.account)
