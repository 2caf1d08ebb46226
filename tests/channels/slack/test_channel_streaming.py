"""A reply shown in Slack while it is written: as a stream where Slack supports one, else as a message that is rewritten."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from channels.contract import Address, StreamedText, StreamingChannel, TextMessage
from channels.errors import Disconnected, Retryable
from channels.slack.channel import SlackChannel
from channels.slack.client import SlackClient
from tests.channels.slack.test_client import OneToken, refused
from tests.support.slack import BOT, DANA, TEAM, TOKEN, Fault, Faults, Slack

DONE = Fault(body='{"ok":true}')
CLOSED = refused("message_not_in_streaming_state")
NO_STREAMS = ["unknown_method", "feature_not_enabled", "missing_scope", "channel_type_not_supported", "not_allowed_token_type"]


@pytest.fixture
async def faults(slack: Slack) -> AsyncIterator[Faults]:
    async with Faults(slack.api_url) as proxy:
        yield proxy


@pytest.fixture
async def channel(faults: Faults) -> AsyncIterator[SlackChannel]:
    made = SlackChannel(SlackClient(OneToken(), faults.url, timeout_s=2))
    yield made
    await made.close()


@pytest.fixture
def to(slack: Slack) -> Address:
    """A thread in which Dana wrote."""
    thread_ts = slack.say("C0GENERAL", "hello")["ts"]
    return Address(f"{TEAM}/{DANA}", {"team": TEAM, "channel": "C0GENERAL", "thread_ts": thread_ts})


def words(text: str) -> TextMessage:
    return TextMessage(text, "Assent agent", "dlv_1")


def said(slack: Slack) -> list[dict[str, Any]]:
    return [each for each in slack.messages("C0GENERAL") if each.get("bot_id")]


def texts(slack: Slack) -> list[str]:
    return ["\n".join(block["text"]["text"] for block in each["blocks"]) for each in said(slack)]


def calls(faults: Faults, *methods: str) -> list[tuple[str, Any]]:
    return [(method, body) for method, body in faults.calls if method in methods]


def streamed(faults: Faults, slack: Slack, to: Address) -> str:
    """This Slack has no streams: the next one begun is answered with a message that is there; its ts."""
    assert to.thread is not None
    body = {"channel": "C0GENERAL", "thread_ts": to.thread["thread_ts"], "text": "a stream"}
    posted = httpx.post(f"{slack.api_url}chat.postMessage", json=body, headers={"Authorization": f"Bearer {TOKEN}"}).json()
    faults.script("chat.startStream", Fault(body=json.dumps({"ok": True, "ts": posted["ts"]})))
    return str(posted["ts"])


class TestStream:
    async def test_is_for_whoever_asked_and_grows_by_what_is_new(
        self, channel: SlackChannel, faults: Faults, slack: Slack, to: Address
    ) -> None:
        ts = streamed(faults, slack, to)
        faults.script("chat.appendStream", DONE, DONE)
        assert to.thread is not None
        shown = await channel.show_partial(words("One"), to, None)
        assert shown.ref["ts"] == ts
        for text in ("One, two", "One, two, three"):
            shown = await channel.show_partial(words(text), to, shown)
        (_, begun), (_, first), (_, second) = calls(faults, "chat.startStream", "chat.appendStream")
        assert (begun["recipient_team_id"], begun["recipient_user_id"]) == (TEAM, DANA)
        assert (begun["thread_ts"], begun["markdown_text"]) == (to.thread["thread_ts"], "One")
        assert (first["ts"], first["markdown_text"], second["markdown_text"]) == (ts, ", two", ", three")

    async def test_is_ended_and_rewritten_as_the_reply(
        self, channel: SlackChannel, faults: Faults, slack: Slack, to: Address
    ) -> None:
        ts = streamed(faults, slack, to)
        shown = await channel.show_partial(words("Pa"), to, None)
        faults.script("chat.stopStream", DONE)
        receipt = await channel.finish_reply(words("**Paid**"), to, shown.ref, None)
        assert texts(slack) == ["*Paid*"] and said(slack)[0]["text"] == "*Paid*" and receipt.ref["ts"] == ts
        assert [method for method, _ in calls(faults, "chat.stopStream", "chat.update")] == ["chat.stopStream", "chat.update"]

    @pytest.mark.parametrize("ended", [CLOSED, refused("message_not_found"), refused("unknown_method")])
    async def test_that_slack_has_ended_already_is_rewritten_all_the_same(
        self, channel: SlackChannel, faults: Faults, slack: Slack, to: Address, ended: Fault
    ) -> None:
        streamed(faults, slack, to)
        shown = await channel.show_partial(words("Pa"), to, None)
        faults.script("chat.stopStream", ended)
        await channel.finish_reply(words("Paid"), to, shown.ref, None)
        assert texts(slack) == ["Paid"]

    async def test_that_slack_ends_early_goes_on_as_a_message_that_is_rewritten(
        self, channel: SlackChannel, faults: Faults, slack: Slack, to: Address
    ) -> None:
        ts = streamed(faults, slack, to)
        shown = await channel.show_partial(words("One"), to, None)
        faults.script("chat.appendStream", CLOSED)
        faults.script("chat.stopStream", CLOSED)
        shown = await channel.show_partial(words("One, two"), to, shown)
        assert (shown.ref["ts"], shown.length) == (ts, None) and shown.pause_s >= 1
        await channel.show_partial(words("One, two, three"), to, shown)
        assert texts(slack) == ["One, two, three\n_…_"] and len(calls(faults, "chat.stopStream")) == 1

    async def test_of_a_worker_that_died_is_taken_over(
        self, channel: SlackChannel, faults: Faults, slack: Slack, to: Address
    ) -> None:
        streamed(faults, slack, to)
        shown = await channel.show_partial(words("The first att"), to, None)
        faults.script("chat.stopStream", DONE)
        await channel.show_partial(words("Another"), to, StreamedText(shown.ref))
        assert texts(slack) == ["Another\n_…_"]

    async def test_can_call_nobody_and_hides_no_address(
        self, channel: SlackChannel, faults: Faults, slack: Slack, to: Address
    ) -> None:
        streamed(faults, slack, to)
        faults.script("chat.appendStream", DONE)
        shown = await channel.show_partial(words("Hi <"), to, None)
        await channel.show_partial(words("Hi <!channel> [here](https://evil.tld)\u202e"), to, shown)
        text = "".join(body["markdown_text"] for _, body in calls(faults, "chat.startStream", "chat.appendStream"))
        assert "<" not in text and "](" not in text and "\u202e" not in text and "https://evil.tld" in text

    async def test_takes_no_more_at_once_than_slack_does(
        self, channel: SlackChannel, faults: Faults, slack: Slack, to: Address
    ) -> None:
        streamed(faults, slack, to)
        faults.script("chat.appendStream", *[DONE] * 6)
        text, shown = "x" * 30_000, None
        for _ in range(6):
            shown = await channel.show_partial(words(text), to, shown)
        pieces = [body["markdown_text"] for _, body in calls(faults, "chat.startStream", "chat.appendStream")]
        assert "".join(pieces) == text and max(map(len, pieces)) <= 12_000


class TestWithoutStreams:
    @pytest.mark.parametrize("code", NO_STREAMS)
    async def test_a_message_is_posted_and_rewritten(
        self, channel: SlackChannel, faults: Faults, slack: Slack, to: Address, code: str
    ) -> None:
        faults.script("chat.startStream", refused(code))
        shown = await channel.show_partial(words("One"), to, None)
        assert texts(slack) == ["One\n_…_"] and shown.length is None and shown.pause_s >= 1
        shown = await channel.show_partial(words("One, two"), to, shown)
        await channel.finish_reply(words("One, two, three"), to, shown.ref, None)
        assert texts(slack) == ["One, two, three"]
        assert not calls(faults, "chat.appendStream", "chat.stopStream")

    async def test_a_workspace_that_is_gone_takes_no_message_either(
        self, channel: SlackChannel, faults: Faults, to: Address
    ) -> None:
        faults.script("chat.startStream", refused("token_revoked"))
        faults.script("chat.postMessage", refused("token_revoked"))
        with pytest.raises(Disconnected):
            await channel.show_partial(words("One"), to, None)

    async def test_nothing_is_posted_where_a_stream_may_have_begun(
        self, channel: SlackChannel, faults: Faults, slack: Slack, to: Address
    ) -> None:
        faults.script("chat.startStream", Fault(503, ""))
        with pytest.raises(Retryable) as raised:
            await channel.show_partial(words("One"), to, None)
        assert raised.value.unknown and said(slack) == []


class TestFinish:
    """What an earlier try left is found: by its blocks here, by its metadata where Slack gives it out."""

    async def test_finds_the_message_of_a_try_that_was_cut_off(
        self, channel: SlackChannel, faults: Faults, slack: Slack, to: Address
    ) -> None:
        faults.script("chat.postMessage", Fault(503, "", after=True))
        with pytest.raises(Retryable):
            await channel.show_partial(words("One"), to, None)
        await channel.finish_reply(words("Whole"), to, None, {"request_id": "dlv_1", "since": 0})
        assert texts(slack) == ["Whole"]

    @pytest.mark.parametrize(
        ("state", "more", "ours"),
        [
            ("in_progress", {}, True),
            ("completed", {}, True),
            ("completed", {"metadata": {"event_type": "assent_words", "event_payload": {"request_id": "dlv_0"}}}, False),
            ("in_progress", {"user": "U0ANOTHERBOT"}, False),
        ],
        ids=["still open", "ended by Slack", "an earlier reply", "another bot's"],
    )
    async def test_finds_the_stream_of_a_try_that_was_cut_off(
        self, channel: SlackChannel, faults: Faults, slack: Slack, to: Address, state: str, more: dict[str, Any], ours: bool
    ) -> None:
        streamed(faults, slack, to)
        await channel.show_partial(words("One"), to, None)
        (message,) = said(slack)
        found = json.dumps({"ok": True, "messages": [message | {"user": BOT, "streaming_state": state} | more]})
        faults.script("conversations.replies", *[Fault(body=found)] * 2)
        faults.script("chat.stopStream", DONE)
        await channel.finish_reply(words("Whole"), to, None, {"request_id": "dlv_1", "since": 0})
        assert len(said(slack)) == (1 if ours else 2) and said(slack)[-1]["text"] == "Whole"

    async def test_stays_unknown_while_it_cannot_be_looked_up(self, channel: SlackChannel, faults: Faults, to: Address) -> None:
        faults.script("conversations.replies", Fault(503, ""))
        with pytest.raises(Retryable) as raised:
            await channel.finish_reply(words("Whole"), to, None, {"request_id": "dlv_1", "since": 0})
        assert raised.value.unknown

    @pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
    async def test_says_it_anew_where_the_message_can_be_rewritten_no_more(
        self, channel: SlackChannel, faults: Faults, slack: Slack, to: Address, code: str
    ) -> None:
        shown = await channel.show_partial(words("One"), to, None)
        faults.script("chat.update", refused(code))
        await channel.finish_reply(words("Whole"), to, shown.ref, None)
        assert said(slack)[-1]["text"] == "Whole"


class TestThinking:
    async def test_is_shown_in_the_thread_and_taken_away(self, channel: SlackChannel, faults: Faults, to: Address) -> None:
        assert isinstance(channel, StreamingChannel) and to.thread is not None
        faults.script("assistant.threads.setStatus", DONE, DONE)
        await channel.set_typing(to, True)
        await channel.set_typing(to, False)
        (_, begun), (_, over) = calls(faults, "assistant.threads.setStatus")
        assert (begun["channel_id"], begun["thread_ts"]) == ("C0GENERAL", to.thread["thread_ts"])
        assert begun["status"] and over["status"] == ""
