"""Receive what people do on external channels: each answer, message or link is recorded once, or refused."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from backend.core.inbound import receive_answer, receive_message
from backend.core.linking.link_codes import redeem_code
from backend.core.linking.linked_accounts import disconnect_accounts
from backend.core.mail.received_mail import last_proposal, may_interpret, record_mail, reply_to_mail
from backend.core.outbox.claim_delivery import question_for
from backend.core.outbox.delivery_results import record_bounce
from backend.core.requests.recipients import NO_LONGER_ASKED, may_decide, may_see, was_asked
from backend.db import Database, Row, Tx
from backend.db.locks import locks
from backend.db.queries import linked_accounts, requests, sessions
from backend.db.queries.mail import mail_row
from backend.db.queries.people import idempotent_reply
from backend.db.queries.sessions import message_by_author
from backend.domain.json_values import check_storable
from backend.domain.people import Person
from backend.domain.policy import Policy
from backend.domain.states import FeedbackType, SessionStatus
from backend.errors import Forbidden, Invalid, NotFound, Refusal, Unavailable
from backend.tools.registry import Registry
from channels.contract import (
    DUPLICATE,
    Accepted,
    ChannelAnswer,
    ChannelMessage,
    ChannelName,
    InboundAnswer,
    InboundMessage,
    Question,
    Refused,
    TextMessage,
)
from channels.errors import Retryable
from channels.mail_contract import Proposal, ReceivedMail

NOT_LINKED = "This account is not linked to anyone in Assent. Sign in to Assent and link it under Settings, Channels."
ALREADY_RECEIVED = Refused("This was received before; nothing was done again.", DUPLICATE)
Result = TypeVar("Result")
Charge = Callable[[str], Awaitable[None]]  # counts against the person's rate limit; raises TooMany


@dataclass(frozen=True, slots=True)
class ChannelInbox:
    """See `channels.mail_contract.MailInbox`. People have the same permissions and rate limits as in the web app."""

    db: Database
    registry: Registry
    policy: Policy
    url: str
    max_length: int
    charge_work: Charge
    charge_answer: Charge

    async def find_request(self, channel: ChannelName, account: str, request_id: str) -> Question | Refused:
        try:
            return await self.db.read(self._find, channel, account, request_id)
        except Unavailable as error:
            raise Retryable(error.detail) from None
        except Refusal as problem:
            return _refused(problem)

    def _find(self, tx: Tx, channel: ChannelName, account: str, request_id: str) -> Question:
        person = _person(tx, channel, account)
        row = requests.request_by_id(tx, request_id)
        if row is not None and was_asked(tx, row, person.id):
            raise Forbidden(NO_LONGER_ASKED, code="not_a_responder")
        if row is None or not may_see(tx, row, person.id):
            raise NotFound("There is no such request, or it is not yours.")
        return question_for(tx, row, channel, self.policy, self.url)

    async def receive_answer(self, answer: ChannelAnswer) -> Accepted | Refused:
        try:
            _check_storable([answer.values, answer.feedback])
            person = await self.db.read(_person, answer.channel, answer.account)
            await self.charge_answer(person.id)
            return await self.db.transact(self._answer, answer)
        except Unavailable as error:
            raise Retryable(error.detail) from None
        except Refusal as problem:
            now = await self.find_request(answer.channel, answer.account, answer.request_id)
            return _refused(problem, now if isinstance(now, Question) else None)

    @locks(account="answer.channel, answer.account", request="answer.request_id")
    def _answer(self, tx: Tx, answer: ChannelAnswer) -> Accepted | Refused:
        person = _person(tx, answer.channel, answer.account)
        what = (answer.request_id, answer.action, answer.values, answer.feedback, answer.version, answer.event_id, answer.sent_at)
        inbound = InboundAnswer(answer.channel, person.id, *what, proof=f"account {answer.account}")
        if (
            message_by_author(tx, person.id, _event_id(answer)) is not None
        ):  # it was received earlier as a message, when no question was open
            return ALREADY_RECEIVED
        try:
            outcome = receive_answer(tx, person, inbound, self.registry, self.policy)
        except Invalid as error:
            if error.code == "idempotency_mismatch":  # the same event id answered another question before
                return ALREADY_RECEIVED
            raise
        row = requests.request_by_id(tx, answer.request_id)
        if isinstance(outcome, Forbidden) and not (row and may_see(tx, row, person.id)):
            return _refused(outcome)
        question = self._find(tx, answer.channel, answer.account, answer.request_id)
        return _refused(outcome, question) if isinstance(outcome, Refusal) else Accepted(question)

    async def open_text_request(self, channel: ChannelName, account: str, place: str) -> str | None:
        return await self._read(_only_open_text_request, channel, account, place)

    async def receive_message(self, message: ChannelMessage) -> Refused | None:
        if len(message.content) > self.max_length:
            long, most = len(message.content), self.max_length
            return Refused(f"The message is {long:,} characters long; the limit is {most:,}.", "too_long")
        try:
            _check_storable(message.content)
            person = await self.db.read(_person, message.channel, message.account)
            await self.charge_work(person.id)
            await self.db.transact(self._message, message)
        except Unavailable as error:
            raise Retryable(error.detail) from None
        except Refusal as problem:
            return _refused(problem)
        return None

    @locks(account="message.channel, message.account", session_at="message.channel, message.place")
    def _message(self, tx: Tx, message: ChannelMessage) -> None:
        """Record a message, unless its event was received before as a message or an answer."""
        person = _person(tx, message.channel, message.account)
        event_id = _event_id(message)
        if (
            message_by_author(tx, person.id, event_id) is not None
            or idempotent_reply(tx, person.id, message.event_id) is not None
        ):
            return
        session_id = _session_at(tx, person, message)
        inbound = InboundMessage(message.channel, person.id, message.content, session_id, event_id, topic=message.topic)
        received = receive_message(tx, person, inbound)
        linked_accounts.bind_place(tx, message.channel, message.place, received.session_id, person.id, dict(message.thread))

    async def link(self, channel: ChannelName, account: str, label: str, code: str) -> str:
        try:
            await self.db.transact(redeem_code, channel, account, label, code)
        except Unavailable as error:
            raise Retryable(error.detail) from None
        except Refusal as problem:
            return problem.detail
        return "Linked. From now on Assent can ask you here."

    async def disconnect(self, channel: ChannelName, account: str, reason: str) -> None:
        await self._record(disconnect_accounts, channel, account, reason)

    async def is_linked(self, channel: ChannelName, account: str) -> bool:
        return await self._read(linked_accounts.account_row, channel, account) is not None

    async def record_mail(self, letter: ReceivedMail) -> bool:
        return await self._record(record_mail, letter)

    async def has_mail(self, channel: ChannelName, mailbox: str, id: str) -> bool:
        return await self._read(mail_row, mailbox, id) is not None

    async def reply(
        self,
        channel: ChannelName,
        account: str,
        words: TextMessage,
        thread: Mapping[str, Any] | None,
        event_id: str,
        *,
        quotes: bool = False,
    ) -> None:
        await self._record(reply_to_mail, channel, account, words, thread, event_id, quotes)

    async def pending_proposal(self, channel: ChannelName, account: str, request_id: str) -> Proposal | None:
        return await self._read(last_proposal, channel, account, request_id)

    async def may_interpret(self, channel: ChannelName, account: str, request_id: str) -> bool:
        return await self._read(may_interpret, channel, account, request_id)

    async def record_bounce(self, channel: ChannelName, account: str, subject_id: str, reason: str) -> None:
        await self._record(record_bounce, channel, account, subject_id, reason)

    async def _read(self, query: Callable[..., Result], *args: Any) -> Result:
        try:
            return await self.db.read(query, *args)
        except Unavailable as error:
            raise Retryable(error.detail) from None

    async def _record(self, use_case: Callable[..., Result], *args: Any) -> Result:
        try:
            return await self.db.transact(use_case, *args)
        except Unavailable as error:
            raise Retryable(error.detail) from None


def _event_id(event: ChannelAnswer | ChannelMessage) -> str:
    """The event id as stored with a message."""
    return f"{event.channel}:{event.event_id}"[:200]


def _check_storable(value: Any) -> None:
    """Refuse what cannot be stored. Raises Invalid."""
    try:
        check_storable(value)
    except ValueError as error:
        raise Invalid(f"What was sent {error}.") from None


def _person(tx: Tx, channel: str, account: str) -> Person:
    """The person who linked the account. Raises NotFound, saying how to link it."""
    row = linked_accounts.account_row(tx, channel, account)
    if row is None:
        raise NotFound(NOT_LINKED, code="not_linked")
    return Person(row.person_id, row.person_name)


def _session_at(tx: Tx, person: Person, message: ChannelMessage) -> str | None:
    """The person's open session for this thread or channel; None to start a new one."""
    place = linked_accounts.session_at(tx, message.channel, message.place)
    session = sessions.session_row(tx, place.session_id) if place else None
    if session is None or session.person_id != person.id or session.status == SessionStatus.CLOSED:
        return None
    return str(session.id)


def _only_open_text_request(tx: Tx, channel: ChannelName, account: str, place: str) -> str | None:
    row, there = linked_accounts.account_row(tx, channel, account), linked_accounts.session_at(tx, channel, place)
    if row is None or there is None:
        return None
    found = [request for request in requests.open_requests(tx, there.session_id) if _asks_for_text(tx, request, row.person_id)]
    return str(found[0].id) if len(found) == 1 else None


def _asks_for_text(tx: Tx, request: Row[Any], person_id: str) -> bool:
    return request.type == FeedbackType.TEXT and may_decide(tx, request, person_id)


def _refused(problem: Refusal, question: Question | None = None) -> Refused:
    errors = tuple((error.field, error.message) for error in problem.errors)
    return Refused(problem.detail, problem.code, errors, question)
