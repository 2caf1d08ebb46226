"""Take in a mail: check its sender, then route it to the reply handler, the conversation, account linking or bounces."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from channels.contract import TextMessage
from channels.email.conversation import MailConversation
from channels.email.grammar.decision import LinkRequest, link_request_of
from channels.email.incoming_mail import IncomingMail, RawMail
from channels.email.read.parsed_mail import ParsedMail, read_mail
from channels.email.replies import ReplyHandler
from channels.email.reply_tags import ReplyTags, claimed_subject
from channels.mail_contract import MailInbox, MailOutcome

REQUEST_PREFIX = "req_"
FIRST_VERSION = 1  # mails sent before versions were put into the tag show the first one
_parsers = ThreadPoolExecutor(2, "mail-parser")


async def read_mail_in_thread(raw: bytes, mailbox: str, authserv_id: str) -> ParsedMail:
    """Parse the mail in a worker thread: a large one takes a while."""
    return await asyncio.get_running_loop().run_in_executor(_parsers, read_mail, raw, mailbox, authserv_id)


class MailIntake:
    """Routes each mail received. A mail decides nothing unless its sender is verified and linked and it carries a reply tag
    that was issued to that very address."""

    def __init__(
        self, inbox: MailInbox, tags: ReplyTags, replies: ReplyHandler, conversation: MailConversation, authserv_id: str
    ) -> None:
        self._inbox, self._tags, self._replies, self._conversation = inbox, tags, replies, conversation
        self._authserv_id = authserv_id

    async def receive(self, mailbox: str, raw_mail: RawMail, *, skip_known: bool = False) -> None:
        """Handle one mail; a repeat has no second effect. `skip_known`: skip the mail if it was recorded before. Raises
        channels.errors.Retryable if it cannot be recorded at the moment."""
        mail = await read_mail_in_thread(raw_mail.raw, mailbox, self._authserv_id)
        incoming = IncomingMail(mailbox, raw_mail.id, raw_mail.thread, mail)
        if mail.kind == "own" or (skip_known and await self._inbox.has_mail("email", mailbox, incoming.event_id)):
            return
        if mail.kind == "bounce":
            await self._handle_bounce(incoming)
        elif mail.kind == "human":
            await self._handle_human(incoming)
        else:
            await self._record_if_ours(incoming, "automatic")

    async def _handle_human(self, incoming: IncomingMail) -> None:
        mail = incoming.mail
        known = mail.verified and await self._inbox.is_linked("email", mail.sender)
        subject = self._tags.read(mail.tagged, mail.sender) if known else None
        code = link_request_of(mail.new_text) if mail.verified else None
        if subject is not None and subject.startswith(REQUEST_PREFIX):
            await self._replies.handle(incoming, subject, self._tags.version(subject, mail.tagged, mail.sender) or FIRST_VERSION)
        elif code is not None:
            await self._link(incoming, code)
        elif known and (subject is not None or claimed_subject(mail.tagged) is None):
            await self._conversation.handle(incoming)
        else:
            await self._record_if_ours(incoming, "unverified")

    async def _link(self, incoming: IncomingMail, code: LinkRequest) -> None:
        """Link the address to the person who got the code in the web app. Anyone who is still not linked gets no reply."""
        sender = incoming.mail.sender
        result = await self._inbox.link("email", sender, sender, code.code)
        await self._inbox.record_mail(incoming.received_mail("link"))
        await self._inbox.reply("email", sender, TextMessage(result), incoming.thread, incoming.event_id)

    async def _handle_bounce(self, incoming: IncomingMail) -> None:
        """Record a bounce or a delay of a mail of ours. Its reply tag proves that we sent it to that very address."""
        bounce = incoming.mail.bounce
        if bounce is None:
            return
        subject = self._tags.read(" ".join((*bounce.about, incoming.mail.tagged)), bounce.recipient)
        if subject is None:
            return
        await self._inbox.record_mail(incoming.received_mail("bounce", subject if subject.startswith(REQUEST_PREFIX) else None))
        if bounce.permanent:
            reason = f"The mail to {bounce.recipient} came back" + (f" ({bounce.status})." if bounce.status else ".")
            await self._inbox.record_bounce("email", bounce.recipient, subject, reason)

    async def _record_if_ours(self, incoming: IncomingMail, outcome: MailOutcome) -> None:
        """Record the mail beside the request its tag names, without any effect. A mail without a tag of ours is left in the
        mailbox."""
        subject = claimed_subject(incoming.mail.tagged)
        if subject is not None:
            await self._inbox.record_mail(
                incoming.received_mail(outcome, subject if subject.startswith(REQUEST_PREFIX) else None)
            )
