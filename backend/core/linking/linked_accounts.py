"""Link accounts on a channel to people, unlink them, and mark them as lost or regained."""

from backend.core.linking.preferences import NAMES
from backend.core.outbox.notices import notify_on_another_channel
from backend.core.people.accounts import confirm_person
from backend.db import Tx
from backend.db.queries import linked_accounts, mail
from backend.db.queries.installations import installation_row, revoke_installation
from backend.db.queries.people import person_by_id
from backend.db.transaction import person_topic
from backend.domain.display_names import clean_name
from backend.domain.events import ChannelStatus
from backend.domain.people import Person, normal_address
from backend.domain.states import ChannelType, ConnectionStatus
from backend.errors import Forbidden, NotFound
from backend.ids import new_id
from channels.contract import TextMessage


def link_account(tx: Tx, person_id: str, channel: str, account: str, label: str) -> None:
    """Link a proven account to a person, replacing their earlier account on the channel. Linking the mailbox of the address
    they sign in with confirms that address. An account of a disabled person can be linked by whoever proves to own it.
    Raises Forbidden if it is linked to somebody else."""
    check_not_ours(tx, channel, account)
    holder = linked_accounts.holder_of(tx, channel, account)
    if holder is not None and holder.person_id != person_id:
        if holder.disabled_at is None:
            said = f"This {NAMES.get(channel, channel)} account is linked to somebody else, who must unlink it first."
            raise Forbidden(said, code="account_taken")
        _unlink(tx, holder.person_id, channel, actor=person_id, via=channel)
    linked_accounts.delete_connections(tx, person_id, channel)
    linked_accounts.insert_connection(
        tx,
        id=new_id("con"),
        person_id=person_id,
        channel=channel,
        account=account,
        label=clean_name(label, account),
        status=ConnectionStatus.CONNECTED,
        created_at=tx.now,
    )
    tx.audit(person_id, actor=person_id, via=channel, action="channel.linked", subject=person_id, account=account)
    _publish_status(tx, person_id, channel, ConnectionStatus.CONNECTED)
    person = person_by_id(tx, person_id)
    if channel == ChannelType.EMAIL and person is not None and normal_address(account) == person.email:
        confirm_person(tx, person.email, "mail")


def check_not_ours(tx: Tx, channel: str, account: str) -> None:
    """Raises Forbidden for a mailbox that the agent sends from."""
    if installation_row(tx, channel, account) is not None:
        raise Forbidden("This is the agent's own account. Link an account that you read yourself.", code="account_taken")


def unlink_account(tx: Tx, person: Person, channel: str, via: str) -> None:
    """Unlink the person's account on the channel. Raises NotFound if there is none."""
    if not _unlink(tx, person.id, channel, actor=person.id, via=via):
        raise NotFound("No account is linked for this channel.")


def _unlink(tx: Tx, person_id: str, channel: str, actor: str, via: str) -> bool:
    if not linked_accounts.delete_connections(tx, person_id, channel):
        return False
    tx.audit(person_id, actor=actor, via=via, action="channel.unlinked", subject=person_id, channel=channel)
    _publish_status(tx, person_id, channel, ConnectionStatus.DISCONNECTED)
    return True


def disconnect_accounts(tx: Tx, channel: str, account: str, reason: str) -> None:
    """Mark an account as disconnected because the provider says so; with a trailing slash, every account below it."""
    for person_id in linked_accounts.disconnect_accounts(tx, channel, account, reason):
        tx.audit(person_id, actor="system", via=channel, action="channel.lost", subject=person_id, reason=reason)
        _publish_status(tx, person_id, channel, ConnectionStatus.DISCONNECTED)
    if account.endswith("/"):
        _disconnect_installation(tx, channel, account.removesuffix("/"), reason)


def _disconnect_installation(tx: Tx, channel: str, place: str, reason: str) -> None:
    """Mark an installation as lost and notify whoever installed it on another channel."""
    lost = revoke_installation(tx, channel, place, reason)
    if lost is None:
        return
    mail.disconnect_mailbox(tx, place)
    _publish_status_to_all(tx, channel)
    if lost.installed_by is not None:
        _publish_status(tx, lost.installed_by, channel, ConnectionStatus.DISCONNECTED)
        said = f"Assent can speak no more through {lost.label} ({NAMES[channel]}): {reason}"
        notify_on_another_channel(
            tx, lost.installed_by, channel, TextMessage(f"{said} Connect it again under Settings, Channels.")
        )


def _publish_status_to_all(tx: Tx, channel: str) -> None:
    """Tell everyone who uses the channel to refetch its status."""
    for person_id, status in linked_accounts.people_with_account_on(tx, channel):
        _publish_status(tx, person_id, channel, ConnectionStatus(status))


def reconnect_accounts(tx: Tx, channel: str, account: str) -> None:
    """Reconnect the accounts of a workspace or mailbox that is installed again. Whether a person left it meanwhile shows at
    the next delivery."""
    if channel == ChannelType.EMAIL:
        mail.connect_mailbox(tx, account)
        _publish_status_to_all(tx, channel)
    for person_id in linked_accounts.reconnect_accounts(tx, channel, f"{account}/"):
        tx.audit(person_id, actor="system", via=channel, action="channel.regained", subject=person_id)
        _publish_status(tx, person_id, channel, ConnectionStatus.CONNECTED)


def _publish_status(tx: Tx, person_id: str, channel: str, status: ConnectionStatus) -> None:
    tx.notify(ChannelStatus(type="channel_status", channel=ChannelType(channel), status=status), person_topic(person_id))
