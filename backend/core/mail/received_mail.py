"""Received mail: each is recorded once, with what it was understood as, and is replied to at most once."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from backend.core.linking.link_codes import issue_code
from backend.core.linking.linked_accounts import check_not_ours
from backend.core.linking.preferences import check_set_up
from backend.core.outbox.notices import send_message
from backend.core.requests.recipients import may_see, viewers_of
from backend.db import Row, Tx
from backend.db.locks import locks
from backend.db.queries import linked_accounts, mail, requests
from backend.db.queries.installations import list_connected
from backend.db.transaction import person_topic, session_topic
from backend.domain.events import FeedbackMail
from backend.domain.people import Person
from backend.domain.states import FeedbackStatus
from backend.errors import FieldError, Invalid, NotFound, TooMany
from backend.ids import new_id
from backend.timestamps import to_text, to_text_or_none
from channels.contract import TextMessage
from channels.mail_contract import MAX_TEXT, MAX_WHOLE, Proposal, ReceivedMail

REST_MS = 2 * 60_000
DAY_MS, MINUTE_MS = 24 * 3600_000, 60_000
ASKED_A_DAY = 3
READINGS = 5  # model readings of one person's mails about one request
UNVERIFIED = 20  # mails recorded about one request: whoever has its address could send without end
NAME_LENGTH = 60
ASKED_TO_LINK = """{name} asked to answer for Assent from this address.

If that was you, reply to this mail with the line shown in the web app as the first line; it begins with `link`.

If it was not you, ignore this mail: nothing will happen."""


@locks(mailbox="letter.mailbox", request="letter.request_id")
def record_mail(tx: Tx, letter: ReceivedMail) -> bool:
    """See `channels.mail_contract.MailInbox`. Open tabs hear of it."""
    if mail.mail_row(tx, letter.mailbox, letter.id) is not None:
        return False
    sender = _storable(letter.sender, 1000)
    request = requests.request_by_id(tx, letter.request_id) if letter.request_id else None
    if request is not None and not letter.verified and mail.count_unverified(tx, request.id) >= UNVERIFIED:
        return False
    account = linked_accounts.account_row(tx, letter.channel, sender) if letter.verified else None
    erased = request is not None and request.erased_at is not None
    place = linked_accounts.session_at(tx, letter.channel, letter.place) if letter.place else None
    mail.insert_mail(
        tx,
        mailbox=letter.mailbox,
        id=letter.id,
        sender="" if erased else sender,
        verified=letter.verified,
        person_id=account.person_id if account else None,
        request_id=request.id if request else None,
        session_id=request.session_id if request else place and place.session_id,
        outcome=letter.outcome,
        text="" if erased else _storable(letter.text, MAX_TEXT),
        whole="" if erased else _storable(letter.whole, MAX_WHOLE),
        proposal=asdict(letter.proposal) if letter.proposal else None,
        sent_at=letter.sent_at,
        received_at=tx.now,
    )
    if request is not None:
        frame = FeedbackMail(type="feedback_mail", session_id=request.session_id, request_id=request.id, outcome=letter.outcome)
        tx.notify(frame, session_topic(request.session_id), *map(person_topic, viewers_of(tx, request.id)))
    return True


def _storable(text: str, most: int) -> str:
    """The text as every database can store it: no NUL, no lone surrogates."""
    return text[:most].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


@locks(account="channel, account")
def reply_to_mail(
    tx: Tx, channel: str, account: str, words: TextMessage, thread: Mapping[str, Any] | None, event_id: str, quotes: bool
) -> None:
    """See `channels.mail_contract.MailInbox.reply`. Whoever is not linked gets nothing."""
    row = linked_accounts.account_row(tx, channel, account)
    if row is None or mail.has_reply(tx, event_id):
        return
    lately = mail.replies_since(tx, row.person_id, tx.now - REST_MS)
    about = (words.about, words.version)
    if not quotes and any((said.get("about"), said.get("version")) == about and not said.get("quotes") for said in lately):
        return
    request = requests.request_by_id(tx, words.about) if words.about else None
    session_id = request.session_id if request else None
    send_message(
        tx,
        row.person_id,
        channel,
        words,
        session_id=session_id,
        thread=thread,
        account=account,
        event_id=event_id,
        quotes=quotes,
    )


def last_proposal(tx: Tx, channel: str, account: str, request_id: str) -> Proposal | None:
    """See `channels.mail_contract.MailInbox.proposal`."""
    row, request = linked_accounts.account_row(tx, channel, account), requests.request_by_id(tx, request_id)
    if row is None or request is None or request.status != FeedbackStatus.PENDING:
        return None
    last = mail.last_undecided_mail(tx, request_id, row.person_id)
    if last is None or last.proposal is None:
        return None
    proposal = Proposal(**last.proposal)
    return proposal if proposal.version in (None, request.version) else None


def may_interpret(tx: Tx, channel: str, account: str, request_id: str) -> bool:
    """See `channels.mail_contract.MailInbox.may_interpret`."""
    row = linked_accounts.account_row(tx, channel, account)
    return row is not None and mail.count_undecided_mails(tx, request_id, row.person_id) < READINGS


def ask_to_link(tx: Tx, person: Person, address: str, set_up: Collection[str]) -> tuple[str, int]:
    """Issue a code that proves the address when it is mailed from there. Returns it and when it expires. Sends the address a
    notice without the code. Raises Invalid, Forbidden (the agent's own address) and TooMany (notified too often)."""
    check_set_up("email", set_up)
    if not list_connected(tx, "email"):
        said = "cannot be linked until an administrator connects the agent's mailbox under Settings, Channels"
        raise Invalid(f"The address {said}.", errors=[FieldError("address", said)])
    check_not_ours(tx, "email", address)
    event = f"link {address} "
    asked = mail.reply_times_since(tx, event, tx.now - DAY_MS)
    if asked and asked[0] > tx.now - MINUTE_MS:
        raise TooMany("A mail was sent to this address less than a minute ago. Wait a moment.", 60)
    if len(asked) >= ASKED_A_DAY:
        raise TooMany(f"{ASKED_A_DAY} mails were sent to this address today. Try again tomorrow.", 3600)
    code, until = issue_code(tx, person, "email", {"address": address})
    words = TextMessage(ASKED_TO_LINK.format(name=_plain_name(person.name)))
    send_message(tx, person.id, "email", words, account=address, event_id=event + new_id("lnk"))
    return code, until


def _plain_name(name: str) -> str:
    """The name with letters and digits alone, safe to show to strangers: no links, no markup."""
    letters = "".join(letter for letter in name if letter.isalnum() or letter in " -'")
    return letters[:NAME_LENGTH].strip() or "Somebody"


def list_mail(tx: Tx, person: Person, request_id: str) -> list[dict[str, Any]]:
    """The mails about the request, oldest first, as clients see them. Raises NotFound if it is not theirs to see."""
    row = requests.request_by_id(tx, request_id)
    if row is None or not may_see(tx, row, person.id):
        raise NotFound("There is no such request, or it is not yours.")
    return [_shape(row) for row in mail.list_mails(tx, request_id)]


def _shape(row: Row[Any]) -> dict[str, Any]:
    shaped = {name: getattr(row, name) for name in ("id", "mailbox", "sender", "verified", "outcome", "text", "whole")}
    return shaped | {"sent_at": to_text_or_none(row.sent_at), "received_at": to_text(row.received_at)}
