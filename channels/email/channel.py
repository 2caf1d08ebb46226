"""Email as a channel: questions and words to a person's address, from the agent's mailbox, one thread for each session."""

import asyncio
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from channels.contract import Address, ChannelName, DeliveryReceipt, Question, TextMessage
from channels.email.gmail.client import GmailClient, Sent
from channels.email.reply_tags import ReplyTags, message_id, reply_to
from channels.email.write.envelope import Envelope, build_mail, trim_references
from channels.email.write.page import Page
from channels.email.write.question_mail import question_page, session_mark, settled_page, subject_of, subject_of_text, text_page
from channels.errors import Disconnected, Rejected, Retryable

_writers = ThreadPoolExecutor(2, "mail-writer")
CLOSED_MARK, REFERENCE_MARK = "closed", "re"
CLOCK_SLACK_S = 300
NO_MAILBOX = "The agent has no mailbox to write from; an administrator connects one under Settings, Channels."
_RE = re.compile(r"^(re:\s*)+", re.IGNORECASE)


async def build_in_thread(envelope: Envelope, page: Callable[[], Page]) -> bytes:
    """The mail that is sent, written on a thread: a long page takes a while."""
    return await asyncio.get_running_loop().run_in_executor(_writers, lambda: build_mail(envelope, page()))


@dataclass(frozen=True, slots=True)
class MailThread:
    """Where a mail belongs. `references` are the Message-IDs of what was said there; `gmail` is Gmail's own id of it."""

    mailbox: str
    subject: str
    references: tuple[str, ...] = ()
    gmail: str | None = None


class EmailChannel:
    """The channel over a client. `url` is where people reach this installation. Receipts' `ref` is {mailbox, message_id,
    gmail_id, gmail_thread, subject}. Where no mailbox lets us in, or this one no more, calls raise Rejected with code
    `no_mailbox`: nothing is wrong with the person's address."""

    name: ChannelName = "email"

    def __init__(self, client: GmailClient, tags: ReplyTags, url: str) -> None:
        self._client, self._tags, self._host = client, tags, urlsplit(url).hostname or ""

    async def deliver(self, question: Question, to: Address, earlier: Mapping[str, Any] | None = None) -> DeliveryReceipt:
        request = question.request
        session_id = str(request.get("session_id") or request["id"])
        with _mailbox_required():
            thread = await self._thread(to, subject_of(question.topic or request["title"], session_id))
            envelope = self._envelope(thread, to, str(request["id"]), session_id, version=request["version"])
            sent = await self._left(envelope, earlier) or await self._send(envelope, lambda: question_page(question), thread)
        return _receipt(envelope, thread, sent)

    async def settle(
        self, question: Question, to: Address, receipt: DeliveryReceipt, earlier: Mapping[str, Any] | None = None
    ) -> None:
        """A mail cannot be rewritten. Who still could believe to be asked is told; what somebody else decided is said to
        whoever replies."""
        request, ref = question.request, receipt.ref
        if request["status"] not in ("expired", "cancelled"):
            return
        thread = MailThread(str(ref["mailbox"]), str(ref["subject"]), (str(ref["message_id"]),), ref.get("gmail_thread"))
        session_id = str(request.get("session_id") or request["id"])
        envelope = self._envelope(thread, to, str(request["id"]), session_id, CLOSED_MARK)
        with _mailbox_required():
            if await self._client.find(envelope.mailbox, envelope.message_id) is None:
                await self._send(envelope, lambda: settled_page(question), thread)

    async def send_text(self, words: TextMessage, to: Address) -> DeliveryReceipt:
        about = words.about or words.session_id or words.id or "note_0"
        with _mailbox_required():
            thread = await self._thread(to, subject_of_text(words))
            envelope = self._envelope(thread, to, about, words.session_id, words.id or secrets.token_hex(8), words.version)
            sent = await self._client.find(envelope.mailbox, envelope.message_id) if words.id else None
            foot = session_mark(words.session_id) if words.session_id else ""
            sent = sent or await self._send(envelope, lambda: text_page(words.text, words.author, foot), thread)
        return _receipt(envelope, thread, sent)

    async def close(self) -> None:
        await self._client.close()

    async def _thread(self, to: Address, subject: str) -> MailThread:
        """The conversation goes on from the mailbox where it is, while that lets us in; else the first one speaks."""
        mailboxes, known = self._client.mailboxes, to.thread or {}
        subject, references = str(known.get("subject") or subject), tuple(map(str, known.get("references") or ()))
        there = str(known.get("mailbox") or "")
        if there and await mailboxes.refresh_token(there) is not None:
            return MailThread(there, subject, references, known.get("gmail_thread"))
        first = await mailboxes.first_mailbox()
        if first is None:
            raise Disconnected(NO_MAILBOX, "no_mailbox")
        return MailThread(first, subject, references)

    def _envelope(
        self, thread: MailThread, to: Address, about: str, session_id: str | None, mark: str = "", version: int | None = None
    ) -> Envelope:
        """Whatever a mail program returns of it brings back the tag, and all but the last the version shown: its Message-ID,
        the last of its references (in case Gmail gives it another Message-ID), and the address replies go to."""
        tag, host = self._tags.make(about, to.account), self._host_of(thread.mailbox)
        root = (f"<{session_id}@{host}>",) if session_id else ()
        before = tuple(each for each in thread.references if each not in root)
        return Envelope(
            mailbox=thread.mailbox,
            to=to.account,
            subject=f"Re: {_RE.sub('', thread.subject)}" if before else thread.subject,
            message_id=message_id(tag, host, mark, version),
            references=trim_references((*root, *before, message_id(tag, host, REFERENCE_MARK, version))),
            in_reply_to=before[-1] if before else None,
            reply_to=reply_to(tag, thread.mailbox),
        )

    def _host_of(self, mailbox: str) -> str:
        return self._host if "." in self._host else mailbox.rpartition("@")[2]

    async def _send(self, envelope: Envelope, page: Callable[[], Page], thread: MailThread) -> Sent:
        raw = await build_in_thread(envelope, page)
        try:
            return await self._client.send(envelope.mailbox, raw, thread.gmail)
        except Rejected as error:
            if error.code != "not_found" or thread.gmail is None:
                raise
        return await self._client.send(envelope.mailbox, raw)

    async def _left(self, envelope: Envelope, earlier: Mapping[str, Any] | None) -> Sent | None:
        """What an earlier try sent, if anything. While that is not known, sending again is not tried."""
        if earlier is None:
            return None
        since_s = max(0, int(earlier["since"]) // 1000 - CLOCK_SLACK_S)
        try:
            return await self._client.find(envelope.mailbox, envelope.message_id, envelope.to, since_s)
        except Retryable as error:
            raise Retryable(error.reason, error.code, after=error.after, unknown=True) from None


@contextmanager
def _mailbox_required() -> Iterator[None]:
    try:
        yield
    except Disconnected as error:
        raise Rejected(error.reason, "no_mailbox") from None


def _receipt(envelope: Envelope, thread: MailThread, sent: Sent) -> DeliveryReceipt:
    subject = _RE.sub("", thread.subject)
    ids = {"mailbox": envelope.mailbox, "gmail_thread": sent.thread, "subject": subject}
    spoken = {**ids, "references": list(trim_references((*thread.references, envelope.message_id)))}
    return DeliveryReceipt(
        {**ids, "message_id": envelope.message_id, "gmail_id": sent.id}, f"{envelope.mailbox}/{sent.thread}", spoken
    )
