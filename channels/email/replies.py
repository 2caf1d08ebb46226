"""Handle a linked person's reply to a request: exact keywords decide, a model may only propose, and the sender is told the
result."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from channels.contract import DUPLICATE, Accepted, ChannelAnswer, Question, Refused, TextMessage
from channels.email.grammar.answer_options import available_actions
from channels.email.grammar.decision import InvalidValues, MailDecision, ParsedReply, ProposalConfirmed, UnclearReply, parse_reply
from channels.email.incoming_mail import IncomingMail
from channels.email.read.parsed_mail import ParsedMail
from channels.email.write import reply_notices
from channels.mail_contract import MailInbox, MailOutcome, Proposal

InterpretReply = Callable[[Mapping[str, Any], str], Awaitable[Proposal | None]]
"""(request, text) -> the answer a model proposes; None if it finds none or no model is available."""

NOT_BY_MAIL = "This cannot be decided by email. Open it in the web app."
INVALID_ANSWER = "Your answer contains values that are not valid."
_reply_parsers = ThreadPoolExecutor(2, "mail-reader")


async def parse_in_thread(mail: ParsedMail, request: Mapping[str, Any], *, proposed: bool) -> ParsedReply:
    """Parse the reply in a worker thread: a long one takes a while."""
    parse = partial(parse_reply, mail.new_text, request, certain=mail.certain, proposed=proposed, names=mail.names)
    return await asyncio.get_running_loop().run_in_executor(_reply_parsers, parse)


class ReplyHandler:
    """Records every effect before it replies to the sender. A mail handled twice has one effect."""

    def __init__(self, inbox: MailInbox, interpret: InterpretReply) -> None:
        self._inbox, self._interpret_reply = inbox, interpret

    async def handle(self, incoming: IncomingMail, request_id: str, version: int | None) -> None:
        """Handle a reply. `version` is the version of the request shown in the mail it answers; None if it answers no
        particular mail. Raises channels.errors.Retryable if it cannot be recorded at the moment."""
        mail = incoming.mail
        found = await self._inbox.find_request("email", mail.sender, request_id)
        if isinstance(found, Refused):
            await self._record_and_reply(incoming, "refused", reply_notices.refused(found.reason, (), None), None)
            return
        proposal = await self._inbox.pending_proposal("email", mail.sender, request_id)
        match await parse_in_thread(mail, found.request, proposed=proposal is not None):
            case MailDecision(action, values, feedback):
                await self._answer(incoming, found, Proposal(action, values, feedback, version))
            case ProposalConfirmed() if proposal is not None:
                await self._answer(incoming, found, proposal)
            case _ if found.request["status"] != "pending":
                await self._record_and_reply(incoming, "late", reply_notices.late(found, mail.new_text), found)
            case InvalidValues(errors):
                await self._record_and_reply(incoming, "refused", reply_notices.refused(INVALID_ANSWER, errors, found), found)
            case UnclearReply(why):
                await self._propose(incoming, found, why, version)
            case other:
                raise AssertionError(f"{other!r} is not a parsed reply")

    async def _answer(self, incoming: IncomingMail, question: Question, answer: Proposal) -> None:
        if question.request["status"] == "pending" and answer.action not in available_actions(question):
            await self._record_and_reply(incoming, "refused", reply_notices.refused(NOT_BY_MAIL, (), question), question)
            return
        outcome = await self._inbox.receive_answer(
            ChannelAnswer(
                "email",
                incoming.mail.sender,
                incoming.event_id,
                str(question.request["id"]),
                answer.action,
                answer.values,
                answer.feedback,
                answer.version,
                incoming.mail.sent_at,
            )
        )
        if isinstance(outcome, Refused) and outcome.code == DUPLICATE:
            return
        now = outcome.question or question
        if isinstance(outcome, Accepted):
            await self._record_and_reply(incoming, "answer", reply_notices.accepted(now), now, quotes=True)
        elif now.request["status"] != "pending":
            await self._record_and_reply(incoming, "late", reply_notices.late(now, incoming.mail.new_text), now)
        elif outcome.code == "version_conflict":
            await self._record_and_reply(incoming, "refused", reply_notices.changed(outcome.reason, now), now)
        else:
            await self._record_and_reply(incoming, "refused", reply_notices.refused(outcome.reason, outcome.errors, now), now)

    async def _propose(self, incoming: IncomingMail, question: Question, why: str, version: int | None) -> None:
        """Record a proposal and ask the sender to confirm it. On a repeat, ask about the proposal recorded first."""
        if version not in (None, question.request["version"]):
            await self._record_and_reply(
                incoming, "refused", reply_notices.changed(reply_notices.REQUEST_CHANGED, question), question
            )
            return
        proposal = await self._interpret(question, incoming.mail.sender, incoming.mail.new_text)
        outcome: MailOutcome = "proposal" if proposal else "unclear"
        request_id = str(question.request["id"])
        await self._inbox.record_mail(incoming.received_mail(outcome, request_id, proposal))
        recorded = await self._inbox.pending_proposal("email", incoming.mail.sender, request_id) if proposal else None
        text = (
            reply_notices.proposed(question, recorded.action, recorded.values, recorded.feedback)
            if recorded
            else reply_notices.unclear(question, why)
        )
        await self._reply(incoming, text, question)

    async def _interpret(self, question: Question, sender: str, text: str) -> Proposal | None:
        """Ask the model for a proposal. None for a high risk, which takes the person's own exact keyword."""
        request = question.request
        if (request.get("action") or {}).get("risk") == "high" or not text.strip():
            return None
        if not await self._inbox.may_interpret("email", sender, str(request["id"])):
            return None
        proposal = await self._interpret_reply(request, text)
        if proposal is None or proposal.action not in available_actions(question):
            return None
        return Proposal(proposal.action, proposal.values, proposal.feedback, request["version"])

    async def _record_and_reply(
        self, incoming: IncomingMail, outcome: MailOutcome, text: str, question: Question | None, *, quotes: bool = False
    ) -> None:
        request_id = str(question.request["id"]) if question else None
        await self._inbox.record_mail(incoming.received_mail(outcome, request_id))
        await self._reply(incoming, text, question, quotes=quotes)

    async def _reply(self, incoming: IncomingMail, text: str, question: Question | None, *, quotes: bool = False) -> None:
        about = {"about": str(question.request["id"]), "version": question.request["version"]} if question else {}
        message = TextMessage(text, **about)
        await self._inbox.reply("email", incoming.mail.sender, message, incoming.thread, incoming.event_id, quotes=quotes)
