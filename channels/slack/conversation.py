"""What people write to the app in Slack: messages to the agent, answers in the thread of a question, and link codes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from channels.contract import DUPLICATE, ChannelAnswer, ChannelMessage, Inbox, Refused
from channels.errors import ChannelError
from channels.slack.client import SlackClient
from channels.slack.event_payloads import (
    LinkCode,
    access_lost_of,
    is_reply_in_channel,
    link_code_in_command,
    link_code_in_message,
    message_of_event,
)
from channels.slack.interactions import RunLater
from channels.slack.mrkdwn import literal
from channels.slack.payloads import Payload, UnreadablePayload

NAME_S = 1.5
USAGE = "Write to me in a direct message, or mention me. To link this account, get a code in the web app and send `link CODE`."
Ack = Callable[..., Awaitable[Any]]


class SlackConversation:
    """Handles events and commands. Each is recorded before it is acknowledged; replies follow in the background."""

    def __init__(self, inbox: Inbox, client: SlackClient, run_later: RunLater) -> None:
        self._inbox, self._client, self._run_later = inbox, client, run_later

    async def on_event(self, body: Payload) -> None:
        """Handle an event. Raises UnreadablePayload, and Retryable if it cannot be recorded at the moment."""
        lost = access_lost_of(body)
        if lost is not None:
            await self._inbox.disconnect("slack", lost.account, lost.reason)
            return
        message = message_of_event(body, _bot_user(body))
        if message is None or not message.content:
            return
        code = link_code_in_message(message, body)
        if code is not None:
            result = await self._link(code)
            self._run_later(self._post(message, result))
        elif not await self._answer(message) and not is_reply_in_channel(body):
            refused = await self._inbox.receive_message(message)
            if refused is not None:
                self._run_later(self._refuse(message, refused))

    async def on_command(self, command: Payload, ack: Ack) -> None:
        """Handle `/assent link CODE`. Only that person sees the reply. Raises UnreadablePayload."""
        try:
            code = link_code_in_command(str(command.get("text", "")), str(command["team_id"]), str(command["user_id"]))
        except KeyError as error:
            raise UnreadablePayload(f"a command without {error}") from None
        await ack(text=USAGE if code is None else literal(await self._link(code), 2000))

    async def _link(self, code: LinkCode) -> str:
        team, _, user = code.account.partition("/")
        try:
            async with asyncio.timeout(NAME_S):
                label = await self._client.name_of(team, user)
        except (ChannelError, TimeoutError):
            label = code.account
        return await self._inbox.link("slack", code.account, label, code.code)

    async def _answer(self, message: ChannelMessage) -> bool:
        """Take the message as the answer to the only open text request in the conversation. False if there is none."""
        request_id = await self._inbox.open_text_request("slack", message.account, message.place)
        if request_id is None:
            return False
        outcome = await self._inbox.receive_answer(
            ChannelAnswer("slack", message.account, message.event_id, request_id, "submit", feedback=message.content)
        )
        if isinstance(outcome, Refused):
            if outcome.code != DUPLICATE:
                self._run_later(self._refuse(message, outcome))
        else:
            self._run_later(self._post(message, f"Recorded as your answer to “{outcome.question.request['title']}”."))
        return True

    async def _refuse(self, message: ChannelMessage, refused: Refused) -> None:
        _team, _, user = message.account.partition("/")
        if str(message.thread["channel"]).startswith("D"):
            await self._post(message, refused.reason)
        else:
            await self._client.post_ephemeral(
                str(message.thread["team"]), str(message.thread["channel"]), user, literal(refused.reason, 2000)
            )

    async def _post(self, message: ChannelMessage, text: str) -> None:
        thread = message.thread
        await self._client.post(
            str(thread["team"]), str(thread["channel"]), {"text": literal(text, 2000)}, str(thread["thread_ts"])
        )


def _bot_user(body: Payload) -> str:
    """The user id of our bot in that workspace."""
    allowed = body.get("authorizations") or [{}]
    return str(allowed[0].get("user_id") or "") if isinstance(allowed, list) and isinstance(allowed[0], dict) else ""
