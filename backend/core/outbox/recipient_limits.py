"""How much others may have sent to one person on one channel: what is above it waits, and says so; nothing is lost.

Counted from what is on record, so that all processes count alike. What a person's own session asks is not counted: it is
theirs. So many of all are kept for what is pressing that a flood of the rest cannot use them up."""

from typing import Any

from backend.db import Row, Tx
from backend.db.queries import deliveries as store
from backend.domain.states import ChannelType, DeliveryStatus
from backend.timestamps import to_text

HOUR_MS = 3600 * 1000
MOST_IN_ALL, MOST_FROM_ONE, MOST_URGENT_EXTRA = 20, 10, 10
NAMES: dict[str, str] = {ChannelType.SLACK: "Slack messages", ChannelType.EMAIL: "mails"}


def delay_over_limit(tx: Tx, request: Row[Any], copy: Row[Any]) -> tuple[int, str] | None:
    """Until when this copy waits and why; None: it may go now. A try that is under way is never held."""
    if copy.person_id == request.owner_id or copy.channel not in NAMES or copy.status == DeliveryStatus.SENDING:
        return None
    sent = store.sent_for_others(tx, copy.person_id, copy.channel, tx.now - HOUR_MS)
    from_one = [at for owner, at in sent if owner == request.owner_id]
    most = MOST_IN_ALL + (MOST_URGENT_EXTRA if _is_urgent(tx, request) else 0)
    if len(from_one) >= MOST_FROM_ONE:
        return _delay_until(
            from_one[-MOST_FROM_ONE], copy.channel, f"{MOST_FROM_ONE} {NAMES[copy.channel]} an hour from one asker"
        )
    if len(sent) >= most:
        return _delay_until(sent[-most][1], copy.channel, f"{most} {NAMES[copy.channel]} an hour from others")
    return None


def _is_urgent(tx: Tx, request: Row[Any]) -> bool:
    """Of high risk by its tool's own declaration, or due before it could go otherwise. Each asker is held to their own share."""
    risk = (request.body.get("action") or {}).get("risk")
    soon = request.due_at is not None and request.due_at <= tx.now + HOUR_MS
    return soon or (request.run_id is not None and risk == "high")


def _delay_until(oldest: int, channel: str, share: str) -> tuple[int, str]:
    until = oldest + HOUR_MS
    at = to_text(until)[11:16]
    return until, f"Held back until {at} UTC: this person has had {share}. It can be answered in the web app."
