"""Every failure of Slack becomes the right channel error."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from channels.contract import Address, Question, TextMessage
from channels.errors import Disconnected, Rejected, Retryable
from channels.slack.channel import SlackChannel
from channels.slack.client import SlackClient, retry_after
from channels.slack.question_message import message_of, metadata_of
from tests.channels.slack.test_question_message import answered, call, question, shown, verbs
from tests.support.slack import DANA, EVE, TEAM, TOKEN, Fault, Faults, Slack

TO = Address(f"{TEAM}/{DANA}")


def html(status: int) -> Fault:
    return Fault(status, "<html>upstream error</html>", "text/html")


class OneToken:
    async def bot_token(self, team: str) -> str | None:
        return TOKEN if team == TEAM else None


@pytest.fixture
async def faults(slack: Slack) -> AsyncIterator[Faults]:
    async with Faults(slack.api_url) as proxy:
        yield proxy


@pytest.fixture
async def channel(faults: Faults) -> AsyncIterator[SlackChannel]:
    made = SlackChannel(SlackClient(OneToken(), faults.url, timeout_s=2))
    yield made
    await made.close()


def refused(code: str) -> Fault:
    return Fault(body=f'{{"ok":false,"error":"{code}"}}')


def asked() -> Question:
    return question(action=call({"amount": 500, "to": "Vera"}))


class TestPost:
    async def test_reaches_the_person_in_a_direct_message(self, channel: SlackChannel, slack: Slack) -> None:
        receipt = await channel.deliver(asked(), TO)
        message = slack.message(slack.dm())
        assert (receipt.ref["ts"], receipt.ref["channel"], receipt.ref["team"]) == (message["ts"], slack.dm(), TEAM)
        assert verbs(message) == ["approve", "edit", "reject", "details"] and "Vera" in shown(message)

    async def test_goes_into_the_thread_where_the_conversation_is(self, channel: SlackChannel, slack: Slack) -> None:
        root = slack.say("C0GENERAL", "hello")
        receipt = await channel.deliver(
            asked(), Address(TO.account, {"team": TEAM, "channel": "C0GENERAL", "thread_ts": root["ts"]})
        )
        assert slack.message("C0GENERAL")["thread_ts"] == root["ts"]
        assert receipt.place == f"{TEAM}/C0GENERAL/{root['ts']}"

    async def test_is_rewritten_when_it_is_settled(self, channel: SlackChannel, slack: Slack) -> None:
        receipt = await channel.deliver(asked(), TO)
        await channel.settle(question(action=call({"amount": 500}), **answered("approve", "chat")), TO, receipt)
        message = slack.message(slack.dm())
        assert verbs(message) == [] and "*Approved* by Dana in the web app" in shown(message)

    async def test_is_rewritten_with_whatever_an_earlier_try_left(self, channel: SlackChannel, slack: Slack) -> None:
        left = await channel.deliver(asked(), TO)
        receipt = await channel.deliver(asked(), TO)
        decided = question(action=call({"amount": 500}), **answered("approve", "chat"))
        since = {"request_id": decided.request["id"], "since": float(left.ref["ts"]) * 1000}
        await channel.settle(decided, TO, receipt, since)
        messages = [message for message in slack.messages(slack.dm()) if message["ts"] in (left.ref["ts"], receipt.ref["ts"])]
        assert [verbs(message) for message in messages] == [[], []]

    async def test_of_words_is_mrkdwn(self, channel: SlackChannel, slack: Slack) -> None:
        await channel.send_text(TextMessage("**Paid** [here](https://evil.tld) <!channel>"), TO)
        assert slack.message(slack.dm())["text"] == "*Paid* here (https://evil.tld) &lt;!channel&gt;"

    async def test_to_a_workspace_we_are_not_in_is_for_another_channel(self, channel: SlackChannel) -> None:
        with pytest.raises(Disconnected):
            await channel.deliver(asked(), Address("T9/U9"))

    async def test_to_nobody_s_account_is_for_another_channel(self, channel: SlackChannel) -> None:
        with pytest.raises(Disconnected):
            await channel.deliver(asked(), Address("nonsense"))


class TestFailure:
    @pytest.mark.parametrize(
        ("fault", "kind", "unknown"),
        [
            pytest.param(Fault(429, '{"ok":false,"error":"ratelimited"}'), Retryable, False, id="429"),
            pytest.param(html(429), Retryable, False, id="429 in HTML"),
            pytest.param(Fault(500, '{"ok":false,"error":"internal_error"}'), Retryable, True, id="500"),
            pytest.param(html(502), Retryable, True, id="502 in HTML"),
            pytest.param(Fault(503, ""), Retryable, True, id="503 empty"),
            pytest.param(html(200), Retryable, True, id="200 in HTML"),
            pytest.param(Fault(200, '{"ok":tr'), Retryable, True, id="truncated"),
            pytest.param(Fault(200, "[]"), Retryable, True, id="a list"),
            pytest.param(Fault(200, '{"ok":true}'), Retryable, True, id="without ts"),
            pytest.param(Fault(200, '{"ok":false}'), Retryable, True, id="without a reason"),
            pytest.param(Fault(hang=True), Retryable, True, id="silence"),
            pytest.param(refused("fatal_error"), Retryable, True, id="fatal_error"),
            *(
                pytest.param(refused(code), Disconnected, None, id=code)
                for code in ("invalid_auth", "token_revoked", "account_inactive", "missing_scope", "not_authed")
            ),
            *(
                pytest.param(refused(code), Rejected, None, id=code)
                for code in (
                    "channel_not_found",
                    "not_in_channel",
                    "is_archived",
                    "user_not_found",
                    "msg_too_long",
                    "invalid_blocks",
                    "something_new",
                )
            ),
        ],
    )
    async def test_says_what_to_do(
        self, channel: SlackChannel, faults: Faults, fault: Fault, kind: type[Exception], unknown: bool | None
    ) -> None:
        faults.script("chat.postMessage", fault)
        with pytest.raises(kind) as raised:
            await channel.deliver(asked(), TO)
        assert getattr(raised.value, "unknown", None) == unknown
        assert TOKEN not in str(raised.value)
        assert [method for method, _ in faults.calls].count("chat.postMessage") == 1

    async def test_before_anything_was_posted_leaves_nothing_unknown(self, channel: SlackChannel, faults: Faults) -> None:
        faults.script("conversations.open", html(500))
        with pytest.raises(Retryable) as raised:
            await channel.deliver(asked(), TO)
        assert not raised.value.unknown

    async def test_to_connect_leaves_nothing_unknown(self) -> None:
        channel = SlackChannel(SlackClient(OneToken(), "http://127.0.0.1:1/api/"))
        with pytest.raises(Retryable) as raised:
            await channel.send_text(TextMessage("x"), Address("x", {"team": TEAM, "channel": "C1"}))
        assert not raised.value.unknown
        await channel.close()

    @pytest.mark.parametrize(
        ("said", "after"),
        [("3", 3.0), ("86400", 86400.0), ("soon", None), ("", None), ("-1", None), ("inf", None)],
    )
    async def test_of_speed_carries_the_wait_slack_asks_for(
        self, channel: SlackChannel, faults: Faults, said: str, after: float | None
    ) -> None:
        faults.script("chat.postMessage", Fault(429, '{"ok":false,"error":"ratelimited"}', headers={"Retry-After": said}))
        with pytest.raises(Retryable) as raised:
            await channel.deliver(asked(), TO)
        assert raised.value.after == after == retry_after(said)


class TestUnknownOutcome:
    """After a time-out nobody knows whether Slack took the message: look before posting again."""

    async def test_is_looked_up_and_found(self, channel: SlackChannel, faults: Faults) -> None:
        found = {"ok": True, "messages": [{"ts": "1.0"}, {"ts": "7.5", "metadata": metadata_of(asked().request)}]}
        faults.script("conversations.history", Fault(body=json.dumps(found)))
        receipt = await channel.deliver(asked(), TO, {"request_id": "req_1", "since": 1_000_000})
        assert receipt.ref["ts"] == "7.5"
        assert "chat.postMessage" not in [method for method, _ in faults.calls]

    async def test_is_found_by_its_buttons_where_no_metadata_is_given_out(self, channel: SlackChannel, faults: Faults) -> None:
        first = await channel.deliver(asked(), TO)
        again = await channel.deliver(asked(), TO, {"request_id": asked().request["id"], "since": 1_000_000})
        assert again.ref == first.ref
        assert [method for method, _ in faults.calls].count("chat.postMessage") == 1

    async def test_is_looked_up_on_every_page(self, channel: SlackChannel, faults: Faults) -> None:
        first = {"ok": True, "messages": [], "response_metadata": {"next_cursor": "more"}}
        second = {"ok": True, "messages": [{"ts": "7.5", "metadata": metadata_of(asked().request)}]}
        faults.script("conversations.history", Fault(body=json.dumps(first)), Fault(body=json.dumps(second)))
        receipt = await channel.deliver(asked(), TO, {"request_id": "req_1", "since": 1_000_000})
        assert receipt.ref["ts"] == "7.5" and faults.calls[-1][1]["cursor"] == "more"

    async def test_that_left_nothing_is_posted_again(self, channel: SlackChannel, faults: Faults, slack: Slack) -> None:
        faults.script("chat.postMessage", Fault(503, ""))
        with pytest.raises(Retryable):
            await channel.deliver(asked(), TO)
        await channel.deliver(asked(), TO, {"request_id": "req_1", "since": 1_000_000})
        assert len(slack.messages(slack.dm())) == 1

    async def test_stays_unknown_while_it_cannot_be_looked_up(self, channel: SlackChannel, faults: Faults, slack: Slack) -> None:
        faults.script("conversations.history", Fault(503, ""))
        with pytest.raises(Retryable) as raised:
            await channel.deliver(asked(), TO, {"request_id": "req_1", "since": 1_000_000})
        assert raised.value.unknown and slack.messages(slack.dm()) == []


class TestMessage:
    async def test_keeps_what_finds_it_again(self, channel: SlackChannel, faults: Faults) -> None:
        await channel.deliver(asked(), Address(f"{TEAM}/{EVE}"))
        posted: Mapping[str, Any] = dict(faults.calls)["chat.postMessage"]
        assert posted["metadata"] == message_of(asked())["metadata"]
        assert posted["text"] == "Approval needed: Pay?" and posted["unfurl_links"] is False
