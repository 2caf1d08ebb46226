"""Escalation: on which channels a person is asked, in which order, and when the next step begins."""

from collections.abc import Sequence
from typing import Any

from backend.core.requests.recipients import deciders_of, viewers_of
from backend.db import Row, Tx
from backend.db.queries import deliveries, linked_accounts, sessions
from backend.db.transaction import person_topic, session_topic
from backend.domain.events import FeedbackDelivery
from backend.domain.states import ChannelType, ConnectionStatus, DeliveryStatus
from backend.ids import new_id
from channels.escalation import (
    IN_PROGRESS,
    SEEN_GRACE_MS,
    DeliveryState,
    GiveUp,
    LadderStep,
    SendStep,
    WaitForAnswer,
    next_escalation,
)

DELIVER_JOB = "carry"
WAIT_MS = 15 * 60_000

Ladder = list[dict[str, Any]]  # [{channel, wait_ms}]


def ladder_for(tx: Tx, person_id: str, route: Sequence[dict[str, Any]], session_id: str) -> Ladder | None:
    """The steps of the asker's route that apply to this person, else the person's own order; None: the web chat alone."""
    asked = [step for step in route if step.get("to") in (None, person_id)]
    if asked:
        return [{"channel": step["channel"], "wait_ms": round(step["wait_seconds"] * 1000)} for step in asked]
    ladder = preferred_ladder(tx, person_id)
    if ladder is None:
        return None
    session = sessions.session_row(tx, session_id)
    wanted = session.channel if session is not None and session.person_id == person_id else None
    return sorted(ladder, key=lambda step: step["channel"] != wanted)


def preferred_ladder(tx: Tx, person_id: str) -> Ladder | None:
    """The person's own order of the web chat and their working accounts; None without such accounts."""
    accounts = linked_accounts.linked_accounts(tx, person_id)
    linked = [row.channel for row in accounts if row.status != ConnectionStatus.DISCONNECTED]
    if not linked:
        return None
    known = {row.channel: row for row in linked_accounts.list_preferences(tx, person_id)}
    reachable = [ChannelType.CHAT, *dict.fromkeys(linked)]
    wanted = [channel for channel in known if known[channel].enabled and channel in reachable]
    rest = [channel for channel in reachable if channel not in known]
    waits = {channel: row.wait_ms for channel, row in known.items()}
    return [{"channel": channel, "wait_ms": waits.get(channel, WAIT_MS)} for channel in (*wanted, *rest)] or None


def first_delivery(tx: Tx, request_id: str, person_id: str, ladder: Ladder | None) -> dict[str, Any]:
    """The delivery of the first step, recorded with the request itself. On the web chat the committed event is the delivery,
    so it counts as sent at once. Whether the person saw it is checked a moment later, or immediately if they are away and
    there are further steps."""
    copy = new_delivery(tx, request_id, person_id, ladder)
    if copy["channel"] != ChannelType.CHAT:
        return copy
    looked_for = tx.now if ladder and not linked_accounts.is_present(tx, person_id) else tx.now + SEEN_GRACE_MS
    return copy | {"status": DeliveryStatus.SENT, "attempts": 1, "sent_at": tx.now, "next_at": looked_for}


def new_delivery(tx: Tx, request_id: str, person_id: str, ladder: Ladder | None, step: int = 0, round: int = 0) -> dict[str, Any]:
    """A queued delivery for a step that begins now."""
    return {
        "id": new_id("dlv"),
        "request_id": request_id,
        "person_id": person_id,
        "channel": ladder[step]["channel"] if ladder else ChannelType.CHAT,
        "round": round,
        "step": step,
        "ladder": ladder,
        "status": DeliveryStatus.QUEUED,
        "attempts": 0,
        "error": None,
        "created_at": tx.now,
        "next_at": tx.now,
        "sent_at": None,
        "seen_at": None,
        "settled_at": None,
    }


def queue_deliveries(tx: Tx, copies: Sequence[dict[str, Any]]) -> None:
    """Insert deliveries and ring a worker for those that are due."""
    deliveries.insert_deliveries(tx, copies)
    for copy in copies:
        if copy["next_at"] == tx.now:
            tx.enqueue(DELIVER_JOB, copy["id"])


def escalate(tx: Tx, request: Row[Any], person_id: str) -> None:
    """Take the next escalation step of an open request: another delivery, a wait, or a dead letter."""
    copies = deliveries.list_deliveries(tx, request.id)
    round = max(copy.round for copy in copies if copy.person_id == person_id)
    own = sorted((copy for copy in copies if (copy.person_id, copy.round) == (person_id, round)), key=lambda copy: int(copy.step))
    last = own[-1]
    ladder = last.ladder or [{"channel": ChannelType.CHAT, "wait_ms": WAIT_MS}]
    steps = [LadderStep(step["channel"], step["wait_ms"]) for step in ladder]
    move = next_escalation(tx.now, steps, [_as_copy(copy) for copy in own], linked_accounts.is_present(tx, person_id))
    until = move.until if isinstance(move, WaitForAnswer) else None
    if last.status not in IN_PROGRESS:
        deliveries.update_delivery(tx, last.id, next_at=until)
    if isinstance(move, SendStep):
        copy = new_delivery(tx, request.id, person_id, last.ladder, move.step, round)
        queue_deliveries(tx, [copy])
        publish_delivery(tx, request, copy)
    elif isinstance(move, GiveUp) and not _is_anyone_else_reachable(tx, request, copies, person_id):
        _mark_dead_letter(tx, request, last)


def _as_copy(copy: Row[Any]) -> DeliveryState:
    return DeliveryState(
        step=copy.step,
        channel=copy.channel,
        status=copy.status,
        sent_at=copy.sent_at,
        seen_at=copy.seen_at,
        error=copy.error,
        retry_at=copy.next_at if copy.status == DeliveryStatus.RETRY_WAIT else None,
        reached_when_sent=copy.channel != ChannelType.CHAT,
    )


def _is_anyone_else_reachable(tx: Tx, request: Row[Any], copies: Sequence[Row[Any]], person_id: str) -> bool:
    """Whether another recipient was reached or may still be."""
    asked = {person.id for person in deciders_of(tx, request.id)} - {person_id}
    others = [copy for copy in copies if copy.person_id in asked]
    return any(_as_copy(copy).reached_at is not None or copy.status in IN_PROGRESS or copy.next_at is not None for copy in others)


def _mark_dead_letter(tx: Tx, request: Row[Any], last: Row[Any]) -> None:
    if last.channel == ChannelType.CHAT and not last.error:
        deliveries.update_delivery(tx, last.id, error="Nobody saw it in the web app.")
    if not request.dead_letter and deliveries.mark_dead_letter(tx, request.id, True):
        tx.audit(request.session_id, actor="system", via=last.channel, action="feedback.dead_letter", subject=request.id)
        publish_delivery(tx, request, last._mapping, dead_letter=True)


def restart_escalation(tx: Tx, request: Row[Any], person_id: str, ladder: Ladder | None) -> None:
    """Start a new round for one person, with the same ladder or another. Earlier messages can still be answered."""
    earlier = [copy for copy in deliveries.list_deliveries(tx, request.id) if copy.person_id == person_id]
    for copy in earlier:
        _abandon(tx, copy)
    round = max((copy.round for copy in earlier), default=-1) + 1
    begun = new_delivery(tx, request.id, person_id, ladder, round=round)
    queue_deliveries(tx, [begun])
    if request.dead_letter:
        deliveries.mark_dead_letter(tx, request.id, False)
    publish_delivery(tx, request, begun, dead_letter=False)


def _abandon(tx: Tx, copy: Row[Any]) -> None:
    """Stop a delivery of an earlier round: cancel it if it waits, leave it if it is being sent."""
    if copy.status in (DeliveryStatus.QUEUED, DeliveryStatus.RETRY_WAIT):
        error = "Asked on another channel instead."
        deliveries.update_delivery(tx, copy.id, status=DeliveryStatus.FAILED, error=error, next_at=None)
    elif copy.status != DeliveryStatus.SENDING:
        deliveries.update_delivery(tx, copy.id, next_at=None)


def withdraw_deliveries(tx: Tx, request_id: str, person_id: str, why: str) -> None:
    """Stop asking a person about an open request: cancel what waits and have a worker close what was sent."""
    for copy in deliveries.withdraw_deliveries(tx, request_id, person_id, why):
        if copy.next_at is not None:
            tx.enqueue(DELIVER_JOB, copy.id)


def publish_delivery(tx: Tx, request: Row[Any], copy: Any, dead_letter: bool | None = None) -> None:
    """Publish the status of a delivery to open tabs; `dead_letter` if that changed."""
    frame = FeedbackDelivery(
        type="feedback_delivery",
        session_id=request.session_id,
        request_id=request.id,
        channel=copy["channel"],
        person_id=copy["person_id"],
        status=copy["status"],
    )
    if copy["error"]:
        frame["error"] = copy["error"]
    if dead_letter is not None:
        frame["dead_letter"] = dead_letter
    tx.notify(frame, session_topic(request.session_id), *map(person_topic, viewers_of(tx, request.id)))
