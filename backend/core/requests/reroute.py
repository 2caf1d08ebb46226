"""Reroute by hand: ask on another channel, retry a dead letter, move a session to another channel."""

from collections.abc import Collection
from typing import Any

from backend.core.linking.preferences import check_reachable, wait_ms_on
from backend.core.outbox.escalation import preferred_ladder, restart_escalation
from backend.core.requests.publish import publish_change
from backend.core.requests.recipients import deciders_of, may_decide, may_see
from backend.core.requests.view import shape_request
from backend.core.sessions.sessions import find_session, own_session, rename_session
from backend.db import Row, Tx
from backend.db.locks import locks
from backend.db.queries import requests
from backend.db.queries import sessions as store
from backend.db.queries.deliveries import list_deliveries
from backend.db.transaction import person_topic
from backend.domain.client_views import FeedbackRequest
from backend.domain.events import SessionMoved
from backend.domain.people import Person
from backend.domain.states import ChannelType, FeedbackStatus
from backend.errors import Conflict, NotFound

AUTO = "auto"


@locks(request="request_id")
def reroute_request(
    tx: Tx, person: Person, request_id: str, channel: str, set_up: Collection[str], via: str = ChannelType.CHAT
) -> FeedbackRequest:
    """Ask on `channel` now: the session's owner reroutes it for every decider, anybody else for themself. Earlier messages
    can still be answered. Raises NotFound, Conflict (decided) and Invalid (a person cannot be reached on the channel)."""
    row = _load_open(tx, person, request_id)
    for person_id in _people_to_ask(tx, row, person):
        check_reachable(tx, person_id, channel, set_up)
        _ask_on(tx, row, person_id, channel)
    tx.audit(row.session_id, actor=person.id, via=via, action="feedback.rerouted", subject=row.id, channel=channel)
    return _changed(tx, person, request_id)


def _changed(tx: Tx, person: Person, request_id: str) -> FeedbackRequest:
    """Increment the version, since clients saw another route, and publish the change."""
    requests.change_request(tx, request_id)
    return publish_change(tx, _load_open(tx, person, request_id))


def _ask_on(tx: Tx, row: Row[Any], person_id: str, channel: str) -> None:
    """Restart the person's escalation with this channel first and their other channels after it."""
    rest = [step for step in preferred_ladder(tx, person_id) or [] if step["channel"] != channel]
    restart_escalation(tx, row, person_id, [{"channel": channel, "wait_ms": wait_ms_on(tx, person_id, channel)}, *rest])


@locks(request="request_id")
def retry_request(tx: Tx, person: Person, request_id: str, via: str = ChannelType.CHAT) -> FeedbackRequest:
    """Restart every escalation of a dead letter. Raises NotFound and Conflict (decided, or not a dead letter)."""
    row = _load_open(tx, person, request_id)
    if not row.dead_letter:
        raise Conflict(
            "This request is on its way or has arrived. Only a request that could not be delivered can be sent again.",
            code="not_dead",
        )
    for person_id in _people_to_ask(tx, row, person):
        last = [copy for copy in list_deliveries(tx, row.id) if copy.person_id == person_id][-1]
        restart_escalation(tx, row, person_id, last.ladder)
    tx.audit(row.session_id, actor=person.id, via=via, action="feedback.retried", subject=row.id)
    return shape_request(tx, _load_open(tx, person, request_id))


def _load_open(tx: Tx, person: Person, request_id: str) -> Row[Any]:
    row = requests.request_by_id(tx, request_id)
    if row is None or not may_see(tx, row, person.id):
        raise NotFound("There is no such request, or it is not yours.")
    if row.status != FeedbackStatus.PENDING:
        raise Conflict("This request is already decided, so it is not sent again.", code="already_decided")
    return row


def _people_to_ask(tx: Tx, row: Row[Any], person: Person) -> list[str]:
    return [each.id for each in deciders_of(tx, row.id)] if person.id == row.owner_id else [person.id]


@locks(session="session_id")
def change_session(
    tx: Tx,
    person: Person,
    session_id: str,
    title: str | None,
    channel: str | None,
    set_up: Collection[str],
    via: str = ChannelType.CHAT,
) -> dict[str, Any]:
    """Change the title or the channel of a session (`auto`: the person's own order); None leaves a value unchanged.
    Raises NotFound and Invalid."""
    if title is not None:
        rename_session(tx, person, session_id, title)
    if channel is not None:
        _move(tx, person, session_id, None if channel == AUTO else channel, set_up, via)
    return find_session(tx, person, session_id)


def _move(tx: Tx, person: Person, session_id: str, channel: str | None, set_up: Collection[str], via: str) -> None:
    """Ask on `channel` from now on, also about open requests."""
    own_session(tx, person, session_id)
    if channel is not None:
        check_reachable(tx, person.id, channel, set_up)
    store.update_session(tx, session_id, channel=channel)
    for row in requests.open_requests(tx, session_id):
        if channel is not None and may_decide(tx, row, person.id):
            _ask_on(tx, row, person.id, channel)
            _changed(tx, person, row.id)
    tx.audit(session_id, actor=person.id, via=via, action="session.moved", subject=session_id, channel=channel)
    asked_on = None if channel is None else ChannelType(channel)
    moved = SessionMoved(type="session_changed", session_id=session_id, change="channel", channel=asked_on)
    tx.notify(moved, person_topic(person.id))
