"""Drafts: where a reply is shown on a channel while it is being written.

The shown text is temporary, but its place is recorded, so that the delivery of the finished reply replaces that message
instead of sending a second one (docs/decisions/0010)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from backend.core.outbox.escalation import DELIVER_JOB
from backend.db import Row, Tx
from backend.db.locks import locks
from backend.db.queries import deliveries, linked_accounts, sessions
from backend.db.queries import drafts as store
from backend.domain.states import DeliveryStatus
from backend.ids import new_id
from channels.contract import Address, TextMessage

IN_FLIGHT_MS = 6_000  # longer than one call that shows text
MAYBE_SHOWN = "It is not known whether the unfinished reply was shown."


@dataclass(frozen=True, slots=True)
class Draft:
    """Where to show a reply. `delivery_id` identifies it on the channel; `ref` is set if it is shown already."""

    delivery_id: str
    channel: str
    to: Address
    ref: Mapping[str, Any] | None = None


def last_address(tx: Tx, session_id: str, person_id: str, showing: Collection[str]) -> tuple[str, Address] | None:
    """The channel and thread in which the person last wrote, if that channel can show unfinished text."""
    via = sessions.last_channel_used(tx, session_id)
    if via is None or via not in showing:
        return None
    place, account = linked_accounts.place_of(tx, session_id, via, person_id), linked_accounts.account_on(tx, person_id, via)
    return (via, Address(account, place.thread)) if place and account else None


@locks(session="session_id")
def begin_draft(tx: Tx, run_id: str, session_id: str, person_id: str, token: int, showing: Collection[str]) -> Draft | None:
    """Start the draft of a run's reply where the person last wrote, or continue that of a worker that died. None if there is
    nowhere to show it, or if it is not known where the other worker did."""
    row = store.take_over_draft(tx, run_id, token)
    if row is not None:
        to = Address(row.account, row.thread)
        return None if row.ref is None else Draft(row.delivery_id, row.channel, to, row.ref)
    where = last_address(tx, session_id, person_id, showing)
    if where is None:
        return None
    channel, to = where
    draft = Draft(new_id("dlv"), channel, to)
    values = {"delivery_id": draft.delivery_id, "channel": channel, "account": to.account, "thread": to.thread}
    store.insert_draft(tx, run_id=run_id, token=token, ref=None, begun_at=tx.now, **values)
    return draft


@locks(run="run_id")
def record_shown(tx: Tx, run_id: str, token: int, ref: Mapping[str, Any]) -> None:
    """Record where the reply is shown; no effect if the run has ended or another worker holds it."""
    store.update_draft_ref(tx, run_id, token, dict(ref))


def finish_draft(tx: Tx, run_id: str, session_id: str, words: TextMessage, *, at_once: bool = True) -> bool:
    """Send `words` in place of the draft; False if there is none. Pass `at_once=False` if another process may be in the
    middle of a call that shows more."""
    row = store.delete_draft(tx, run_id)
    if row is None:
        return False
    due = tx.now if at_once else tx.now + IN_FLIGHT_MS
    deliveries.insert_deliveries(tx, [_delivery(tx, row, session_id, words, due)])
    if row.ref is None:
        deliveries.begin_attempt(tx, row.delivery_id, "say", row.begun_at)
        deliveries.end_attempt(tx, row.delivery_id, "unknown", MAYBE_SHOWN)
    if at_once:
        tx.enqueue(DELIVER_JOB, row.delivery_id)
    return True


def _delivery(tx: Tx, row: Row[Any], session_id: str, words: TextMessage, due: int) -> dict[str, Any]:
    """The delivery that replaces the draft; a draft that may or may not have been shown counts as one attempt."""
    unknown, session = row.ref is None, sessions.session_row(tx, session_id)
    assert session is not None, "a reply belongs to a session"
    return {
        "id": row.delivery_id,
        "session_id": session_id,
        "person_id": session.person_id,
        "channel": row.channel,
        "words": {"text": words.text, "author": words.author},
        "account": row.account,
        "thread": row.thread,
        "ref": row.ref,
        "status": DeliveryStatus.RETRY_WAIT if unknown else DeliveryStatus.QUEUED,
        "error": MAYBE_SHOWN if unknown else None,
        "attempts": int(unknown),
        "created_at": tx.now,
        "next_at": due,
    }
