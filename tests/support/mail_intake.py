"""A intake for mail with a real inbox behind it: replies come in as Gmail would hand them over, and what is told goes to a
channel that records."""

import itertools
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

from backend.channel_inbox import ChannelInbox
from backend.core.linking.linked_accounts import link_account
from backend.domain.policy import Policy
from backend.tools.registry import registry
from channels.contract import TextMessage
from channels.email.conversation import MailConversation
from channels.email.incoming_mail import RawMail
from channels.email.intake import MailIntake
from channels.email.replies import ReplyHandler
from channels.email.reply_tags import ReplyTags, message_id
from channels.mail_contract import Proposal
from tests.backend.conftest import Opened
from tests.support.delivery_setup import POLICY, URL, Outbox
from tests.support.emulated_google import AGENT, DANA, answering, compose

HOST = "mail.example.com"


class MailSetup:
    """Dana's requests go to her by mail, and her mails come here. `reading` is what a model would say to anything."""

    def __init__(self, opened: Opened, policy: Policy = POLICY) -> None:
        self.opened, self.post, self.tags = opened, Outbox(opened), ReplyTags(b"key")
        self.inbox = ChannelInbox(opened.db, registry, policy, URL, 4000, unlimited, unlimited)
        self.reading: Proposal | None = None
        self.read: list[str] = []
        replies = ReplyHandler(self.inbox, self._read)
        self.intake = MailIntake(self.inbox, self.tags, replies, MailConversation(self.inbox, replies), "mx.google.com")
        self._ids = map(str, itertools.count(1))

    async def link(self, address: str = DANA, person_id: str = "") -> None:
        await self.opened.db.transact(link_account, person_id or self.post.person.id, "email", address, address)

    async def _read(self, _request: Mapping[str, Any], text: str) -> Proposal | None:
        self.read.append(text)
        return self.reading

    def asked(self, subject_id: str, to: str = DANA, version: int | None = None) -> EmailMessage:
        """The mail that asked, as far as a reply needs it; `version` as it shows the subject, None: as before mails said so."""
        mail = compose(AGENT, to, "[Action needed] Deploy the new version? [#ABCD]", "Please decide.")
        del mail["Message-ID"]
        mail["Message-ID"] = message_id(self.tags.make(subject_id, to), HOST, version=version)
        return mail

    async def replies(self, subject_id: str, text: str, sender: str = DANA, **how: Any) -> RawMail:
        """A reply to the mail about that; `how` as for `comes`."""
        return await self.comes(answering(sender, self.asked(subject_id), text), **how)

    async def comes(self, mail: EmailMessage, *, thread: str = "t1", dmarc: str = "pass", again: bool = False) -> RawMail:
        """A mail arrives in the agent's mailbox."""
        arrived = RawMail(next(self._ids), thread, frozenset({"INBOX"}), with_received_headers(mail, dmarc))
        await self.intake.receive(AGENT, arrived, skip_known=again)
        return arrived

    async def told(self) -> list[str]:
        """All that people were told by mail so far, oldest first."""
        await self.post.deliver_due()
        return [words.text for words in self.words]

    @property
    def words(self) -> list[TextMessage]:
        return [words for words, _ in self.post.email.texts]

    def kept(self) -> list[tuple[str, bool, str | None]]:
        """(outcome, verified, request) of each letter, oldest first."""
        rows = self.opened.on_disk("SELECT outcome, verified, request_id FROM mails ORDER BY received_at, rowid")
        return [(str(outcome), bool(verified), request) for outcome, verified, request in rows]

    async def status(self, request_id: str) -> str:
        return str((await self.post.request(request_id))["status"])


def with_received_headers(mail: EmailMessage, dmarc: str = "pass") -> bytes:
    """A mail with what Gmail writes above it, which found it so."""
    domain = str(mail["From"]).rpartition("@")[2].rstrip(">")
    verdict = f"mx.google.com; spf=pass smtp.mailfrom=x@{domain}; dmarc={dmarc} (p=REJECT) header.from={domain}"
    above = f"Delivered-To: {AGENT}\r\nReceived: by 2002:a05 with SMTP id x1\r\nAuthentication-Results: {verdict}\r\n"
    return above.encode() + mail.as_bytes()


async def unlimited(_person_id: str) -> None:
    """A budget that is never spent."""
