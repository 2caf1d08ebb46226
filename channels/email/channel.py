"""Email as a channel: send questions and messages from the agent's mailbox, in one mail thread per session."""

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
    """Render the mail in a worker thread: a long page takes a while."""
    return await asyncio.get_running_loop().run_in_executor(_writers, lambda: build_mail(envelope, page()))


@dataclass(frozen=True, slots=True)
class MailThread:
    """The thread a mail belongs to. `references` are the Message-IDs in it; `gmail` is Gmail's id of the thread."""

    mailbox: str
    subject: str
    references: tuple[str, ...] = ()
    gmail: str | None = None


class EmailChannel:
    """The mail channel. `url` is the address of this installation. The `ref` of a receipt is {mailbox, message_id, gmail_id,
    gmail_thread, subject}. If no mailbox is connected, or this one no longer is, calls raise Rejected with code
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
        """A mail cannot be rewritten. If the request expired or was withdrawn, send another mail that says so; if somebody
        else decided, a late reply is told."""
        request, ref = question.request, receipt.ref
        if request["status"] not in ("expired", "cancelled"):
            return
        thread = MailThread(str(ref["mailbox"]), str(ref["subject"]), (str(ref["message_id"]),), ref.get("gmail_thread"))
        session_id = str(request.get("session_id") or request["id"])
        envelope = self._envelope(thread, to, str(request["id"]), session_id, CLOSED_MARK)
        with _mailbox_required():
            if await self._client.find(envelope.mailbox, envelope.message_id) is None:
                await self._send(envelope, lambda: settled_page(question), thread)

    async def send_text(self, message: TextMessage, to: Address) -> DeliveryReceipt:
        about = message.about or message.session_id or message.id or "note_0"
        with _mailbox_required():
            thread = await self._thread(to, subject_of_text(message))
            envelope = self._envelope(thread, to, about, message.session_id, message.id or secrets.token_hex(8), message.version)
            sent = await self._client.find(envelope.mailbox, envelope.message_id) if message.id else None
            foot = session_mark(message.session_id) if message.session_id else ""
            sent = sent or await self._send(envelope, lambda: text_page(message.text, message.author, foot), thread)
        return _receipt(envelope, thread, sent)

    async def close(self) -> None:
        await self._client.close()

    async def _thread(self, to: Address, subject: str) -> MailThread:
        """Continue the thread in its mailbox while that is connected, else start one from the first mailbox."""
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
        """Put the reply tag into everything that a mail program may send back: the Message-ID, the last of the references (in
        case Gmail assigns another Message-ID) and the Reply-To address. The first two also carry the version shown."""
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
        """Find the mail an earlier attempt sent, if any. While that cannot be determined, do not send again."""
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
