"""Connections: linking an account on a channel, the order in which a person wants to be asked, and who is looking."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from typing import Any

from backend.core.outbox.escalation import WAIT_MS, own_ladder
from backend.core.outbox.notices import say_elsewhere
from backend.core.people.accounts import confirm_person
from backend.db import Row, Tx
from backend.db.queries import linked_accounts, mail
from backend.db.queries.installations import installation_row, lose_installation
from backend.db.queries.people import person_by_id
from backend.db.transaction import person_topic
from backend.domain.display_names import cleaned
from backend.domain.events import ChannelsOrdered, ChannelStatus
from backend.domain.people import Person, normal_address
from backend.domain.states import ChannelType, ConnectionStatus
from backend.errors import FieldError, Forbidden, Invalid, NotFound
from backend.ids import new_id
from backend.timestamps import to_text_or_none
from channels.contract import Words

CODE_MS = 10 * 60_000
CODE_LENGTH = 10
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
PRESENT_MS = 60_000
NAMES: dict[str, str] = {ChannelType.CHAT: "the web chat", ChannelType.SLACK: "Slack", ChannelType.EMAIL: "email"}


def list_channels(tx: Tx, person: Person, set_up: Collection[str]) -> list[dict[str, Any]]:
    """Every channel as it stands for this person, in their order; `set_up` are those this server has."""
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
    """Keep the person's order: [{type, enabled, wait_seconds}], first to be tried first. Raises Invalid."""
    types = [wish["type"] for wish in wishes]
    if len(set(types)) != len(types):
        raise Invalid("Name each channel once.", errors=[FieldError("items", "names a channel twice")])
    if any(wish["type"] == ChannelType.CHAT and not wish["enabled"] for wish in wishes):
        raise Invalid(
            "The web chat is always on: it holds whatever no other channel could deliver.",
            errors=[FieldError("items", "cannot switch chat off")],
        )
    rows = [
        {"channel": wish["type"], "position": n, "enabled": wish["enabled"], "wait_ms": round(wish["wait_seconds"] * 1000)}
        for n, wish in enumerate(wishes)
    ]
    linked_accounts.replace_preferences(tx, person.id, rows)
    tx.notify(ChannelsOrdered(type="channels_ordered"), person_topic(person.id))


def check_reachable(tx: Tx, person_id: str, channel: str, set_up: Collection[str]) -> None:
    """Raises Invalid, saying what to do, where this person cannot be asked on the channel."""
    check_set_up(channel, set_up)
    linked = any(row.channel == channel for row in linked_accounts.linked_accounts(tx, person_id))
    if channel != ChannelType.CHAT and not linked:
        raise Invalid(
            f"No {channel} account is linked; link one under Settings, Channels.",
            errors=[FieldError("channel", "has no linked account")],
        )


def check_set_up(channel: str, set_up: Collection[str]) -> None:
    """Raises Invalid where this server has no such channel."""
    if channel not in set_up:
        said = "is not set up on this server; `assent doctor` says what is missing"
        raise Invalid(f"{channel} {said}.", errors=[FieldError("channel", said)])


def wait_on(tx: Tx, person_id: str, channel: str) -> int:
    """How long the person wants to be waited for on the channel, in milliseconds."""
    waits = {step["channel"]: int(step["wait_ms"]) for step in own_ladder(tx, person_id) or []}
    return waits.get(channel, WAIT_MS)


def issue_code(tx: Tx, person: Person, channel: str, detail: dict[str, Any] | None = None) -> tuple[str, int]:
    """A code the person says on the channel to prove that the account there is theirs, and when it ends."""
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    until = tx.now + CODE_MS
    linked_accounts.insert_proof(
        tx, digest=_digest(code), channel=channel, kind="code", person_id=person.id, detail=detail or {}, expires_at=until
    )
    return code, until


def redeem_code(tx: Tx, channel: str, account: str, label: str, code: str) -> Row[Any]:
    """Link the account to whoever was given the code; the proof's row. Raises NotFound for a code that is not good."""
    proof = linked_accounts.use_proof(tx, _digest(code.strip().upper()), channel, "code")
    if proof is None or proof.detail.get("address", account) != account:
        raise NotFound("This code is unknown, used or older than ten minutes; get a new one under Settings, Channels.")
    connect(tx, proof.person_id, channel, account, label)
    return proof


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def connect(tx: Tx, person_id: str, channel: str, account: str, label: str) -> None:
    """Tie a proven account to a person; their earlier account on the channel gives way. A mailbox that is the address they
    sign in with proves that. An account of somebody who is disabled is free for whoever proves that it is theirs now.
    Raises Forbidden where it is somebody else's."""
    check_not_ours(tx, channel, account)
    holder = linked_accounts.holder_of(tx, channel, account)
    if holder is not None and holder.person_id != person_id:
        if holder.disabled_at is None:
            said = f"This {channel} account is linked to somebody else; they must unlink it first."
            raise Forbidden(said, code="account_taken")
        _forget(tx, holder.person_id, channel, actor=person_id, via=channel)
    linked_accounts.delete_connections(tx, person_id, channel)
    linked_accounts.insert_connection(
        tx,
        id=new_id("con"),
        person_id=person_id,
        channel=channel,
        account=account,
        label=cleaned(label, account),
        status=ConnectionStatus.CONNECTED,
        created_at=tx.now,
    )
    tx.audit(person_id, actor=person_id, via=channel, action="channel.linked", subject=person_id, account=account)
    _tell(tx, person_id, channel, ConnectionStatus.CONNECTED)
    person = person_by_id(tx, person_id)
    if channel == ChannelType.EMAIL and person is not None and normal_address(account) == person.email:
        confirm_person(tx, person.email, "mail")


def check_not_ours(tx: Tx, channel: str, account: str) -> None:
    """Raises Forbidden for a mailbox that the agent speaks from."""
    if installation_row(tx, channel, account) is not None:
        raise Forbidden("This is the agent's own account; link one that you read.", code="account_taken")


def disconnect(tx: Tx, person: Person, channel: str, via: str) -> None:
    """Forget the person's account on the channel. Raises NotFound where there is none."""
    if not _forget(tx, person.id, channel, actor=person.id, via=via):
        raise NotFound("No account is linked for this channel.")


def _forget(tx: Tx, person_id: str, channel: str, actor: str, via: str) -> bool:
    if not linked_accounts.delete_connections(tx, person_id, channel):
        return False
    tx.audit(person_id, actor=actor, via=via, action="channel.unlinked", subject=person_id, channel=channel)
    _tell(tx, person_id, channel, ConnectionStatus.DISCONNECTED)
    return True


def lose_accounts(tx: Tx, channel: str, account: str, reason: str) -> None:
    """The provider says that the account, or with a closing slash all under it, can be reached no more."""
    for person_id in linked_accounts.disconnect_accounts(tx, channel, account, reason):
        tx.audit(person_id, actor="system", via=channel, action="channel.lost", subject=person_id, reason=reason)
        _tell(tx, person_id, channel, ConnectionStatus.DISCONNECTED)
    if account.endswith("/"):
        _lose_place(tx, channel, account.removesuffix("/"), reason)


def _lose_place(tx: Tx, channel: str, place: str, reason: str) -> None:
    """Whoever let us in hears of it where else they can be told."""
    lost = lose_installation(tx, channel, place, reason)
    if lost is None:
        return
    mail.close_mailbox(tx, place)
    _tell_all(tx, channel)
    if lost.installed_by is not None:
        _tell(tx, lost.installed_by, channel, ConnectionStatus.DISCONNECTED)
        said = f"Assent can speak no more through {lost.label} ({NAMES[channel]}): {reason}"
        say_elsewhere(tx, lost.installed_by, channel, Words(f"{said} Connect it again under Settings, Channels."))


def _tell_all(tx: Tx, channel: str) -> None:
    """Everybody who is asked on the channel looks again at how it stands."""
    for person_id, status in linked_accounts.people_on(tx, channel):
        _tell(tx, person_id, channel, ConnectionStatus(status))


def regain_accounts(tx: Tx, channel: str, account: str) -> None:
    """We may speak in a workspace or a mailbox again: its people are asked there again. Who left it meanwhile is found out
    by asking."""
    if channel == ChannelType.EMAIL:
        mail.open_mailbox(tx, account)
        _tell_all(tx, channel)
    for person_id in linked_accounts.reconnect_accounts(tx, channel, f"{account}/"):
        tx.audit(person_id, actor="system", via=channel, action="channel.regained", subject=person_id)
        _tell(tx, person_id, channel, ConnectionStatus.CONNECTED)


def _tell(tx: Tx, person_id: str, channel: str, status: ConnectionStatus) -> None:
    tx.notify(ChannelStatus(type="channel_status", channel=ChannelType(channel), status=status), person_topic(person_id))


def enter(tx: Tx, socket_id: str, person_id: str) -> None:
    """The person opened the web app somewhere."""
    linked_accounts.insert_presence(tx, socket_id, person_id, tx.now + PRESENT_MS)


def keep_present(tx: Tx, socket_ids: Sequence[str]) -> None:
    linked_accounts.extend_presences(tx, socket_ids, tx.now + PRESENT_MS)


def leave(tx: Tx, socket_id: str) -> None:
    linked_accounts.delete_presence(tx, socket_id)
