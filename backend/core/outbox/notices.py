"""Words that ask nothing, put on their way: the agent's reply, a notice of the platform, what a letter is told."""

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
    """Put words that ask nothing on their way; the id of the delivery. `account` where it is not the one that is linked;
    `event_id` is what they reply to, once; `quotes`: they say what was taken."""
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
    tx.ring(DELIVER_JOB, delivery_id)
    return delivery_id


def send_to_last_channel(tx: Tx, session_id: str, run_id: str, words: TextMessage) -> None:
    """Carry the agent's word to where it was shown while it was written, else to where the person last spoke; in the web app
    it is read in the session's log."""
    via = sessions.last_spoke_via(tx, session_id)
    if finish_draft(tx, run_id, session_id, words) or via not in (ChannelType.SLACK, ChannelType.EMAIL):
        return
    session = sessions.session_row(tx, session_id)
    assert session is not None, "words are said in a session"
    place = linked_accounts.place_of(tx, session_id, via, session.person_id)
    send_message(tx, session.person_id, via, words, session_id=session_id, thread=place.thread if place else None)


def notify_on_another_channel(tx: Tx, person_id: str, channel: str, words: TextMessage) -> None:
    """Tell the person on another of their channels that works, if there is one."""
    for linked in linked_accounts.linked_accounts(tx, person_id):
        if linked.channel != channel and linked.status != ConnectionStatus.DISCONNECTED:
            send_message(tx, person_id, linked.channel, words)
            return
