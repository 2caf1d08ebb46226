"""Mail from a linked person that is no reply to a request: the answer to the only open text request, else a message."""

from channels.contract import ChannelMessage, TextMessage
from channels.email.incoming_mail import IncomingMail
from channels.email.replies import ReplyHandler
from channels.email.write import reply_notices
from channels.mail_contract import MailInbox

EMPTY_MAIL = "Your mail contains no text of your own, so nothing was passed on to the agent."


class MailConversation:
    """One mail thread is one session; the agent replies in the thread."""

    def __init__(self, inbox: MailInbox, replies: ReplyHandler) -> None:
        self._inbox, self._replies = inbox, replies

    async def handle(self, incoming: IncomingMail) -> None:
        """Raises channels.errors.Retryable if the mail cannot be recorded at the moment."""
        mail = incoming.mail
        text = (mail.new_text if mail.certain else mail.new_text or mail.whole).strip()
        if not text:
            await self._refuse(incoming, EMPTY_MAIL)
            return
        request_id = await self._inbox.open_text_request("email", mail.sender, incoming.place) if mail.certain else None
        if request_id is not None:
            await self._replies.handle(incoming, request_id, None)
            return
        refused = await self._inbox.receive_message(
            ChannelMessage("email", mail.sender, incoming.event_id, text, incoming.place, incoming.thread, incoming.topic)
        )
        if refused is None:
            await self._inbox.record_mail(incoming.received_mail("message"))
        else:
            await self._refuse(incoming, refused.reason)

    async def _refuse(self, incoming: IncomingMail, reason: str) -> None:
        await self._inbox.record_mail(incoming.received_mail("refused"))
        notice = reply_notices.refused(reason, (), None)
        await self._inbox.reply("email", incoming.mail.sender, TextMessage(notice), incoming.thread, incoming.event_id)
