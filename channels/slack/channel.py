"""Slack as a channel: questions to a person's direct messages, or into the thread where the conversation is."""

from collections.abc import Mapping
from typing import Any

from channels.contract import Address, ChannelName, Question, Receipt, Words
from channels.errors import Disconnected, Retryable
from channels.slack.client import SlackClient
from channels.slack.inbound import place_of
from channels.slack.mrkdwn import to_mrkdwn
from channels.slack.outbound import EVENT, message_of

MAX_SAID = 39_000  # Slack cuts at 40,000


class SlackChannel:
    """The channel over a client. Receipts' `ref` is {team, channel, ts}."""

    name: ChannelName = "slack"

    def __init__(self, client: SlackClient) -> None:
        self._client = client

    async def deliver(self, question: Question, to: Address, earlier: Mapping[str, Any] | None = None) -> Receipt:
        team, channel, thread_ts = await self._place(to)
        ts = await self._left(earlier, team, channel, thread_ts)
        if ts is None:
            ts = await self._client.post(team, channel, message_of(question), thread_ts)
        return _receipt(team, channel, ts, thread_ts)

    async def settle(self, question: Question, to: Address, receipt: Receipt) -> None:
        ref = receipt.ref
        await self._client.update(str(ref["team"]), str(ref["channel"]), str(ref["ts"]), message_of(question))

    async def say(self, words: Words, to: Address) -> Receipt:
        team, channel, thread_ts = await self._place(to)
        message = {"text": to_mrkdwn(words.text, MAX_SAID) or "–"}
        ts = await self._client.post(team, channel, message, thread_ts)
        return _receipt(team, channel, ts, thread_ts)

    async def close(self) -> None:
        await self._client.close()

    async def _place(self, to: Address) -> tuple[str, str, str | None]:
        """(workspace, conversation, thread)."""
        if to.thread:
            return str(to.thread["team"]), str(to.thread["channel"]), to.thread.get("thread_ts")
        team, _, user = to.account.partition("/")
        if not user:
            raise Disconnected("The linked Slack account is not known any more.", "no_account")
        return team, await self._client.open_dm(team, user), None

    async def _left(self, earlier: Mapping[str, Any] | None, team: str, channel: str, thread_ts: str | None) -> str | None:
        """What an earlier try left there, if anything. While that is not known, posting again is not tried."""
        if earlier is None:
            return None
        request_id, since_s = str(earlier["request_id"]), float(earlier["since"]) / 1000
        try:
            return await self._client.find(team, channel, EVENT, request_id, since_s, thread_ts)
        except Retryable as error:
            raise Retryable(error.reason, error.code, after=error.after, unknown=True) from None


def _receipt(team: str, channel: str, ts: str, thread_ts: str | None) -> Receipt:
    thread = {"team": team, "channel": channel, "thread_ts": thread_ts or ts}
    return Receipt({"team": team, "channel": channel, "ts": ts}, place_of(team, channel, thread_ts or ts), thread)
