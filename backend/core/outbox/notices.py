"""Queue messages that ask nothing: the agent's reply, a notice of the platform, the reply to a mail."""

from collections.abc import Mapping
from typing import Any

from backend.core.outbox.drafts import finish_draft
from backend.core.outbox.escalation import DELIVER_JOB
from backend.db import Tx
from backend.db.queries import deliveries as store
from backend.db.queries import linked_accounts, sessions
from backend.domain.states import ChannelType, ConnectionStatus, DeliveryStatus
from backend.ids import new_id
from channels.contract import TextMessage


def send_message(
    tx: Tx,
    person_id: str,
    channel: str,
    words: TextMessage,
    *,
    session_id: str | None = None,
    thread: Mapping[str, Any] | None = None,
    account: str | None = None,
    event_id: str | None = None,
    quotes: bool = False,
) -> str:
    """Queue a message that asks nothing; returns the delivery's id. `account`: send to it instead of the linked one;
    `event_id`: the event it replies to, at most once; `quotes`: it quotes the answer that was understood."""
    delivery_id = new_id("dlv")
    row = {
        "id": delivery_id,
        "session_id": session_id,
        "person_id": person_id,
        "channel": channel,
        "words": {"text": words.text, "author": words.author, "about": words.about, "version": words.version, "quotes": quotes},
        "event_id": event_id,
        "account": account,
        "thread": dict(thread) if thread else None,
        "status": DeliveryStatus.QUEUED,
        "attempts": 0,
        "created_at": tx.now,
        "next_at": tx.now,
    }
    store.insert_deliveries(tx, [row])
    tx.enqueue(DELIVER_JOB, delivery_id)
    return delivery_id


def send_to_last_channel(tx: Tx, session_id: str, run_id: str, words: TextMessage) -> None:
    """Send the agent's message to where its draft was shown, else to where the person last wrote. The web app reads it from
    the session's log."""
    via = sessions.last_channel_used(tx, session_id)
    if finish_draft(tx, run_id, session_id, words) or via not in (ChannelType.SLACK, ChannelType.EMAIL):
        return
    session = sessions.session_row(tx, session_id)
    assert session is not None, "a message belongs to a session"
    place = linked_accounts.place_of(tx, session_id, via, session.person_id)
    send_message(tx, session.person_id, via, words, session_id=session_id, thread=place.thread if place else None)


def notify_on_another_channel(tx: Tx, person_id: str, channel: str, words: TextMessage) -> None:
    """Notify the person on another of their channels that works, if there is one."""
    for linked in linked_accounts.linked_accounts(tx, person_id):
        if linked.channel != channel and linked.status != ConnectionStatus.DISCONNECTED:
            send_message(tx, person_id, linked.channel, words)
            return
