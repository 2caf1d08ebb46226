"""Slack as a channel: questions in a person's direct messages, or in the thread of the conversation."""

import contextlib
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from channels.contract import Address, ChannelName, DeliveryReceipt, Question, StreamedText, TextMessage
from channels.errors import Disconnected, Rejected, Retryable
from channels.slack import question_message, reply_message
from channels.slack.client import SlackClient
from channels.slack.event_payloads import place_of
from channels.slack.question_message import render_in_thread

THINKING = "is thinking…"
EDIT_PAUSE_S = 1.0  # between two edits of one message; Slack allows about one per second
Found = TypeVar("Found")
UNREACHABLE_MESSAGE = {"message_not_found", "cant_update_message", "edit_window_closed"}


class SlackChannel:
    """The Slack channel. The `ref` of a receipt is {team, channel, ts}, and `stream` if the message was started as a stream."""

    name: ChannelName = "slack"

    def __init__(self, client: SlackClient) -> None:
        self._client = client

    async def deliver(self, question: Question, to: Address, earlier: Mapping[str, Any] | None = None) -> DeliveryReceipt:
        team, channel, thread_ts = await self._place(to)
        left = await _or_outcome_unknown(self._find_earlier(question_message.EVENT, earlier, team, channel, thread_ts))
        ts = left[0] if left else await self._client.post(team, channel, await render_in_thread(question), thread_ts)
        return _receipt(team, channel, ts, thread_ts)

    async def settle(
        self, question: Question, to: Address, receipt: DeliveryReceipt, earlier: Mapping[str, Any] | None = None
    ) -> None:
        team, channel, known = _ids_of(receipt.ref)
        await self._client.update(team, channel, known, await render_in_thread(question))
        thread_ts = to.thread.get("thread_ts") if to.thread else None
        for ts in await self._find_earlier(question_message.EVENT, earlier, team, channel, thread_ts):
            if ts != known:
                await self._client.update(team, channel, ts, await render_in_thread(question))

    async def send_text(self, message: TextMessage, to: Address) -> DeliveryReceipt:
        team, channel, thread_ts = await self._place(to)
        ts = await self._client.post(team, channel, reply_message.text_message_of(message), thread_ts)
        return _receipt(team, channel, ts, thread_ts)

    async def set_typing(self, to: Address, busy: bool) -> None:
        team, channel, thread_ts = await self._place(to)
        if thread_ts:
            await self._client.set_status(team, channel, thread_ts, THINKING if busy else "")

    async def show_partial(self, message: TextMessage, to: Address, shown: StreamedText | None) -> StreamedText:
        """Use a stream where Slack supports one; if it refuses or ends it early, rewrite a message instead."""
        if shown is None:
            return await self._begin(message, to)
        if shown.length is None:
            return await self._rewrite(message, shown.ref)
        text = reply_message.stream_text(message.text)
        more = text[shown.length : shown.length + reply_message.MAX_APPENDED // 2]
        try:
            await self._client.append_stream(*_ids_of(shown.ref), more)
        except Rejected:
            return await self._rewrite(message, shown.ref)
        return StreamedText(shown.ref, shown.length + len(more))

    async def finish_reply(
        self, message: TextMessage, to: Address, ref: Mapping[str, Any] | None, earlier: Mapping[str, Any] | None
    ) -> DeliveryReceipt:
        team, channel, thread_ts = await self._place(to)
        ref = ref or await _or_outcome_unknown(self._find_reply(message, earlier, team, channel, thread_ts))
        if ref is None:
            return await self.send_text(message, to)
        await self._end_stream(ref)
        try:
            await self._client.update(*_ids_of(ref), reply_message.message_of_reply(message))
        except Rejected as error:
            if error.code not in UNREACHABLE_MESSAGE:
                raise
            return await self.send_text(message, to)
        return _receipt(team, channel, str(ref["ts"]), thread_ts)

    async def close(self) -> None:
        await self._client.close()

    async def _place(self, to: Address) -> tuple[str, str, str | None]:
        """Return (workspace, conversation, thread)."""
        if to.thread:
            return str(to.thread["team"]), str(to.thread["channel"]), to.thread.get("thread_ts")
        team, _, user = to.account.partition("/")
        if not user:
            raise Disconnected("The linked Slack account is no longer known.", "no_account")
        return team, await self._client.open_dm(team, user), None

    async def _begin(self, message: TextMessage, to: Address) -> StreamedText:
        team, channel, thread_ts = await self._place(to)
        text = reply_message.stream_text(message.text)[: reply_message.MAX_APPENDED // 2]
        if thread_ts and text.strip():
            try:
                ts = await self._client.start_stream(team, channel, thread_ts, to.account, text)
                return StreamedText({"team": team, "channel": channel, "ts": ts, "stream": True}, len(text))
            except (Rejected, Disconnected):  # if the person cannot be reached at all, the message below fails as well
                pass
        ts = await self._client.post(team, channel, reply_message.message_of_reply(message, unfinished=True), thread_ts)
        return StreamedText({"team": team, "channel": channel, "ts": ts}, pause_s=EDIT_PAUSE_S)

    async def _rewrite(self, message: TextMessage, ref: Mapping[str, Any]) -> StreamedText:
        await self._end_stream(ref)
        await self._client.update(*_ids_of(ref), reply_message.message_of_reply(message, unfinished=True))
        return StreamedText({name: ref[name] for name in ("team", "channel", "ts")}, pause_s=EDIT_PAUSE_S)

    async def _end_stream(self, ref: Mapping[str, Any]) -> None:
        """End the stream unless it has ended already."""
        if ref.get("stream"):
            with contextlib.suppress(Rejected):
                await self._client.stop_stream(*_ids_of(ref))

    async def _find_reply(
        self, message: TextMessage, earlier: Mapping[str, Any] | None, team: str, channel: str, thread_ts: str | None
    ) -> Mapping[str, Any] | None:
        """Find the message an earlier attempt left of this reply. A stream carries no metadata until it is finished."""
        left = await self._find_earlier(reply_message.EVENT, earlier, team, channel, thread_ts)
        if left or earlier is None or thread_ts is None:
            return {"team": team, "channel": channel, "ts": left[0]} if left else None
        begun = await self._client.find_stream(team, channel, thread_ts, float(earlier["since"]) / 1000)
        return None if begun is None else {"team": team, "channel": channel, "ts": begun, "stream": True}

    async def _find_earlier(
        self, event: str, earlier: Mapping[str, Any] | None, team: str, channel: str, thread_ts: str | None
    ) -> list[str]:
        """Find the messages earlier attempts left in the conversation."""
        if earlier is None:
            return []
        request_id, since_s = str(earlier["request_id"]), float(earlier["since"]) / 1000
        return await self._client.find(team, channel, event, request_id, since_s, thread_ts)


async def _or_outcome_unknown(found: Awaitable[Found]) -> Found:
    """Do not post again while it cannot be determined what an earlier attempt left."""
    try:
        return await found
    except Retryable as error:
        raise Retryable(error.reason, error.code, after=error.after, unknown=True) from None


def _ids_of(ref: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return (workspace, conversation, message)."""
    return str(ref["team"]), str(ref["channel"]), str(ref["ts"])


def _receipt(team: str, channel: str, ts: str, thread_ts: str | None) -> DeliveryReceipt:
    thread = {"team": team, "channel": channel, "thread_ts": thread_ts or ts}
    return DeliveryReceipt({"team": team, "channel": channel, "ts": ts}, place_of(team, channel, thread_ts or ts), thread)
