"""Keep open requests up to date with the groups, people and rules they depend on: who may decide is judged now, not when
the request was opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend.core.outbox.escalation import escalate, ladder_for, restart_escalation, withdraw_deliveries
from backend.core.requests.addressing import Addressee, current_addressees, people_addressed
from backend.core.requests.close_request import mark_dead_letter
from backend.core.requests.publish import publish_change
from backend.core.runs.call_digest import action_of, fits_definition
from backend.db import Row, Tx
from backend.db.locks import locks
from backend.db.queries import requests as store
from backend.db.queries.linked_accounts import groups_of
from backend.db.queries.recipients import DECIDES, insert_recipients, list_recipients, open_of_person, update_recipient
from backend.db.transaction import person_topic
from backend.domain.events import FeedbackDelivery
from backend.domain.people import SYSTEM, Person
from backend.domain.policy import Policy
from backend.domain.states import ChannelType, DeliveryStatus, FeedbackStatus, RecipientStatus, Role
from backend.tools.registry import Registry

NO_LONGER = "No longer asked: {}."
DISABLED, NOT_A_DECIDER = "the account was disabled", "they may no longer decide this"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a call is judged by: the declared tools and the installation's policy."""

    registry: Registry
    policy: Policy


@dataclass(frozen=True, slots=True)
class _CurrentState:
    """What a request should hold now."""

    addressees: list[Addressee] | None
    people: list[Person]
    rule: dict[str, Any] | None
    body: dict[str, Any]
    why: str = ""


def bring_up_to_date(tx: Tx, row: Row[Any], rules: Rules | None = None) -> Row[Any]:
    """Update an open request: remove deciders who no longer qualify and close their deliveries, ask those who joined, and
    replace a call whose definition or rule changed. Increments the version if anything changed. Without `rules` only the
    people are checked."""
    if row.status != FeedbackStatus.PENDING:
        return row
    now = _current_state(tx, row, rules)
    known = {(each.person_id, each.role): each for each in list_recipients(tx, row.id)}
    sitting = {id for (id, role), each in known.items() if role in DECIDES and each.status == RecipientStatus.ACTIVE}
    meant = {person.id: person for person in now.people}
    left, joined = sorted(sitting - meant.keys()), [person for id, person in meant.items() if id not in sitting]
    if not (left or joined or now.why or now.rule != row.rule):
        return row
    for id in left:
        _remove_decider(tx, row, known, id)
    _add_deciders(tx, row, known, joined)
    store.change_request(tx, row.id, body=now.body, addressed=now.addressees, rule=now.rule)
    row = _reload(tx, row.id)
    for person in joined:
        restart_escalation(tx, row, person.id, ladder_for(tx, person.id, row.body["route"], row.session_id))
    if not meant:
        mark_dead_letter(tx, row)
    for id in sorted(sitting & meant.keys()) if left else ():
        escalate(tx, row, id)  # a delivery to somebody who left may have kept it from being a dead letter
    _audit_change(tx, row, left, joined, now.why)
    publish_change(tx, _reload(tx, row.id))
    return _reload(tx, row.id)


def _reload(tx: Tx, id: str) -> Row[Any]:
    row = store.request_by_id(tx, id)
    assert row is not None, "requests are never deleted"
    return row


def _current_state(tx: Tx, row: Row[Any], rules: Rules | None) -> _CurrentState:
    addressees, rule, body, why = row.addressed, row.rule, row.body, ""
    tool = rules.registry.get(body["action"]["tool"]) if rules and row.run_id and body.get("action") else None
    if rules is not None and tool is not None:
        names = rules.policy.approvers_of(tool.spec)
        addressees = current_addressees(tx, names) if names else None
        rule = rules.policy.rule_of_votes(tool.spec)
        if not fits_definition(tool.spec, body["action"], row.run_id, row.id, rules.policy):
            why = f"What {tool.name} does, or the rule for it, changed since this was asked."
            action = action_of(tool.spec, body["action"]["args"], row.run_id, row.id, rules.policy)
            body = {**body, "action": action, "changed": why}
    people = people_addressed(tx, addressees) if addressees is not None else _owner(tx, row)
    if (rule or {}).get("distinct_from_requester"):
        people = [person for person in people if person.id != row.owner_id]
    return _CurrentState(addressees, people, rule, body, why)


def _owner(tx: Tx, row: Row[Any]) -> list[Person]:
    addressees = [addressee for addressee in list_recipients(tx, row.id) if addressee.person_id == row.owner_id]
    return [Person(addressee.person_id, addressee.name) for addressee in addressees[:1] if addressee.disabled_at is None]


def _remove_decider(tx: Tx, row: Row[Any], known: dict[tuple[str, str], Row[Any]], person_id: str) -> None:
    gone = [each for (id, role), each in known.items() if id == person_id and role in DECIDES]
    disabled = any(each.disabled_at is not None for each in gone)
    for each in gone:
        status = RecipientStatus.DISABLED if disabled else RecipientStatus.LEFT
        update_recipient(tx, row.id, person_id, each.role, status=status)
    why = NO_LONGER.format(DISABLED if disabled else NOT_A_DECIDER)
    withdraw_deliveries(tx, row.id, person_id, why)
    _notify_removed(tx, row, person_id, why)


def _notify_removed(tx: Tx, row: Row[Any], person_id: str, why: str) -> None:
    """Tell the person's open tabs to refetch the request, which they can no longer see."""
    frame = FeedbackDelivery(
        type="feedback_delivery",
        session_id=row.session_id,
        request_id=row.id,
        channel=ChannelType.CHAT,
        person_id=person_id,
        status=DeliveryStatus.SETTLED,
        error=why,
    )
    tx.notify(frame, person_topic(person_id))


def _add_deciders(tx: Tx, row: Row[Any], known: dict[tuple[str, str], Row[Any]], joined: Sequence[Person]) -> None:
    last = max((each.position for each in known.values()), default=0)
    for place, person in enumerate(joined, start=last + 1):
        if (person.id, Role.DECIDER) in known:
            update_recipient(tx, row.id, person.id, Role.DECIDER, status=RecipientStatus.ACTIVE)
        else:
            insert_recipients(tx, [{"request_id": row.id, "person_id": person.id, "role": Role.DECIDER, "position": place}])


def _audit_change(tx: Tx, row: Row[Any], left: Sequence[str], joined: Sequence[Person], why: str) -> None:
    tx.audit(
        row.session_id,
        actor=SYSTEM,
        via="api",
        action="feedback.changed",
        subject=row.id,
        version=row.version,
        left=list(left),
        joined=[person.id for person in joined],
        why=why,
        digest=(row.body.get("action") or {}).get("digest"),
    )


def refresh_requests_of_person(tx: Tx, person_id: str) -> None:
    """Update open requests after the person's account was disabled, enabled or confirmed."""
    groups, theirs = groups_of(tx, person_id), open_of_person(tx, person_id)
    for row in store.all_open_requests(tx):
        addressees = row.addressed or [{"person": row.owner_id}]
        named = any(addressee.get("person") == person_id or addressee.get("group") in groups for addressee in addressees)
        if named or row.id in theirs:
            bring_up_to_date(tx, row)


def refresh_requests_of_group(tx: Tx, name: str) -> None:
    """Update open requests addressed to the group after somebody joined or left it."""
    for row in store.all_open_requests(tx):
        if {"group": name} in (row.addressed or ()):
            bring_up_to_date(tx, row)


@locks(request="request_id")
def refresh_rules(tx: Tx, request_id: str, rules: Rules) -> None:
    """Update the request to the rules as they are now."""
    bring_up_to_date(tx, _reload(tx, request_id), rules)
