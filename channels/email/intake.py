"""One mail that incoming: whether it is a person's, whether we believe whose, and who is to hear it."""

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
FIRST_VERSION = 1  # a mail that does not say which version it shows is from when there was but one
_parsers = ThreadPoolExecutor(2, "mail-parser")


async def read_mail_in_thread(raw: bytes, mailbox: str, authserv_id: str) -> ParsedMail:
    """A large mail takes a while to read: on threads that nothing else waits for."""
    return await asyncio.get_running_loop().run_in_executor(_parsers, read_mail, raw, mailbox, authserv_id)


class MailIntake:
    """Takes in one mail after another. Whatever it is, nothing is decided by it unless its sender is proven and linked and
    it brings back a tag of ours that was made for them."""

    def __init__(
        self, inbox: MailInbox, tags: ReplyTags, replies: ReplyHandler, talk: MailConversation, authserv_id: str
    ) -> None:
        self._inbox, self._tags, self._replies, self._conversation = inbox, tags, replies, talk
        self._authserv_id = authserv_id

    async def receive(self, mailbox: str, arrived: RawMail, *, skip_known: bool = False) -> None:
        """Raises channels.errors.Retryable when it cannot be recorded now; a repeat has no second effect. `skip_known`:
        it may have been taken in long ago, and is then passed over."""
        mail = await read_mail_in_thread(arrived.raw, mailbox, self._authserv_id)
        incoming = IncomingMail(mailbox, arrived.id, arrived.thread, mail)
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
        """The address proves itself by the code that only its owner's web app showed. Who is not linked is told nothing."""
        sender = incoming.mail.sender
        told = await self._inbox.link("email", sender, sender, code.code)
        await self._inbox.record_mail(incoming.received_mail("link"))
        await self._inbox.reply("email", sender, TextMessage(told), incoming.thread, incoming.event_id)

    async def _handle_bounce(self, incoming: IncomingMail) -> None:
        """A mail of ours incoming back, or is late; only one of ours, to that very address, tells of itself."""
        bounce = incoming.mail.bounce
        if bounce is None:
            return
        subject = self._tags.read(" ".join((*bounce.about, incoming.mail.tagged)), bounce.recipient)
        if subject is None:
            return
        await self._inbox.record_mail(incoming.received_mail("bounce", subject if subject.startswith(REQUEST_PREFIX) else None))
        if bounce.permanent:
            reason = f"The mail to {bounce.recipient} incoming back" + (f" ({bounce.status})." if bounce.status else ".")
            await self._inbox.record_bounce("email", bounce.recipient, subject, reason)

    async def _record_if_ours(self, incoming: IncomingMail, outcome: MailOutcome) -> None:
        """Kept to be seen beside the request that it seems to be about; it changes nothing and nobody is told. What has
        nothing to do with us is left in the mailbox."""
        subject = claimed_subject(incoming.mail.tagged)
        if subject is not None:
            await self._inbox.record_mail(
                incoming.received_mail(outcome, subject if subject.startswith(REQUEST_PREFIX) else None)
            )
