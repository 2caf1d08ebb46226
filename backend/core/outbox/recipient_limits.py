"""Rate limits per recipient: how many messages an hour other people's requests may send to one person on one channel.

Messages over the limit are delayed, not dropped. They are counted from the deliveries table, so that all processes agree.
Requests from the person's own sessions are not counted, and urgent requests have an extra share."""

from typing import Any

from backend.db import Row, Tx
from backend.db.queries import deliveries as store
from backend.domain.states import ChannelType, DeliveryStatus
from backend.timestamps import to_text

HOUR_MS = 3600 * 1000
MOST_IN_ALL, MOST_FROM_ONE, MOST_URGENT_EXTRA = 20, 10, 10
NAMES: dict[str, str] = {ChannelType.SLACK: "Slack messages", ChannelType.EMAIL: "mails"}


def delay_over_limit(tx: Tx, request: Row[Any], copy: Row[Any]) -> tuple[int, str] | None:
    """Until when to delay the delivery and why; None if it may be sent now. An attempt in progress is never delayed."""
    if copy.person_id == request.owner_id or copy.channel not in NAMES or copy.status == DeliveryStatus.SENDING:
        return None
    sent = store.sent_on_behalf_of_others(tx, copy.person_id, copy.channel, tx.now - HOUR_MS)
    from_one = [at for owner, at in sent if owner == request.owner_id]
    most = MOST_IN_ALL + (MOST_URGENT_EXTRA if _is_urgent(tx, request) else 0)
    if len(from_one) >= MOST_FROM_ONE:
        return _delay_until(
            from_one[-MOST_FROM_ONE], copy.channel, f"{MOST_FROM_ONE} {NAMES[copy.channel]} an hour from one person"
        )
    if len(sent) >= most:
        return _delay_until(sent[-most][1], copy.channel, f"{most} {NAMES[copy.channel]} an hour from others")
    return None


def _is_urgent(tx: Tx, request: Row[Any]) -> bool:
    """Whether the request is due within the hour, or an agent's tool declares the call to be of high risk."""
    risk = (request.body.get("action") or {}).get("risk")
    soon = request.due_at is not None and request.due_at <= tx.now + HOUR_MS
    return soon or (request.run_id is not None and risk == "high")


def _delay_until(oldest: int, channel: str, share: str) -> tuple[int, str]:
    until = oldest + HOUR_MS
    at = to_text(until)[11:16]
    return until, f"Delayed until {at} UTC: this person has already received {share}. They can answer in the web app."
