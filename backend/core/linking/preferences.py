"""The channels a person wants to be asked on, and their order."""

from collections.abc import Collection, Sequence
from typing import Any

from backend.core.outbox.escalation import WAIT_MS, preferred_ladder
from backend.db import Row, Tx
from backend.db.queries import linked_accounts
from backend.db.transaction import person_topic
from backend.domain.events import ChannelsOrdered
from backend.domain.people import Person
from backend.domain.states import ChannelType, ConnectionStatus
from backend.errors import FieldError, Invalid
from backend.timestamps import to_text_or_none

NAMES: dict[str, str] = {ChannelType.CHAT: "the web chat", ChannelType.SLACK: "Slack", ChannelType.EMAIL: "email"}


def list_channels(tx: Tx, person: Person, set_up: Collection[str]) -> list[dict[str, Any]]:
    """Every channel and its status for this person, in their order; `set_up` are the channels of this server."""
    linked = {row.channel: row for row in linked_accounts.linked_accounts(tx, person.id)}
    known = {row.channel: row for row in linked_accounts.list_preferences(tx, person.id)}
    order = [*known, *(channel for channel in ChannelType if channel not in known)]
    return [_shape(channel, known.get(channel), linked.get(channel), channel in set_up) for channel in order]


def _shape(channel: str, preference: Row[Any] | None, linked: Row[Any] | None, set_up: bool) -> dict[str, Any]:
    always = channel == ChannelType.CHAT
    lost = ConnectionStatus.CONNECTED if always else ConnectionStatus.DISCONNECTED
    return {
        "type": channel,
        "status": linked.status if linked else lost,
        "set_up": set_up,
        "linked": always or linked is not None,
        "account": linked.label if linked else None,
        "enabled": preference.enabled if preference else True,
        "wait_seconds": (preference.wait_ms if preference else WAIT_MS) // 1000,
        "error": linked.error if linked else None,
        "failing_since": to_text_or_none(linked.failing_since) if linked else None,
    }


def order_channels(tx: Tx, person: Person, wishes: Sequence[dict[str, Any]]) -> None:
    """Save the person's order: [{type, enabled, wait_seconds}], in the order to try. Raises Invalid."""
    types = [wish["type"] for wish in wishes]
    if len(set(types)) != len(types):
        raise Invalid("Name each channel once.", errors=[FieldError("items", "names a channel twice")])
    if any(wish["type"] == ChannelType.CHAT and not wish["enabled"] for wish in wishes):
        raise Invalid(
            "The web chat cannot be switched off: it holds whatever no other channel could deliver.",
            errors=[FieldError("items", "cannot switch off the web chat")],
        )
    rows = [
        {"channel": wish["type"], "position": n, "enabled": wish["enabled"], "wait_ms": round(wish["wait_seconds"] * 1000)}
        for n, wish in enumerate(wishes)
    ]
    linked_accounts.replace_preferences(tx, person.id, rows)
    tx.notify(ChannelsOrdered(type="channels_ordered"), person_topic(person.id))


def check_reachable(tx: Tx, person_id: str, channel: str, set_up: Collection[str]) -> None:
    """Raises Invalid, saying what to do, if this person cannot be asked on the channel."""
    check_set_up(channel, set_up)
    linked = any(row.channel == channel for row in linked_accounts.linked_accounts(tx, person_id))
    if channel != ChannelType.CHAT and not linked:
        raise Invalid(
            f"No {NAMES.get(channel, channel)} account is linked. Link one under Settings, Channels.",
            errors=[FieldError("channel", "has no linked account")],
        )


def check_set_up(channel: str, set_up: Collection[str]) -> None:
    """Raises Invalid if this server does not have the channel."""
    if channel not in set_up:
        said = "is not set up on this server; `assent doctor` says what is missing"
        name = NAMES.get(channel, channel)
        raise Invalid(f"{name[:1].upper()}{name[1:]} {said}.", errors=[FieldError("channel", said)])


def wait_ms_on(tx: Tx, person_id: str, channel: str) -> int:
    """How long to wait for the person on the channel, in milliseconds."""
    waits = {step["channel"]: int(step["wait_ms"]) for step in preferred_ladder(tx, person_id) or []}
    return waits.get(channel, WAIT_MS)
