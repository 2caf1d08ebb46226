"""Which messages are for the app, and which events revoke its access."""

from typing import Any

import pytest

from channels.slack.event_payloads import access_lost_of, link_code_in_message, message_of_event
from tests.channels.slack.payload_samples import BOT, event


class TestMessage:
    def test_in_a_direct_message_is_for_us_and_opens_a_conversation(self) -> None:
        said = message_of_event(event("a &lt;b&gt; <https://x.example|x.example> <@U7|ann>"), BOT)
        assert said is not None and (said.account, said.place) == ("T1/U1", "T1/D1/1.5")
        assert said.content == "a <b> https://x.example @ann"
        assert said.thread == {"team": "T1", "channel": "D1", "thread_ts": "1.5"}

    def test_is_one_whatever_slack_calls_the_event_that_brings_it(self) -> None:
        mention = event("<@BOT> pay", channel="C1", channel_type="channel", type="app_mention")
        again = {**mention, "event_id": "Ev2"}
        shared = {**mention, "event_id": "Ev3", "team_id": "T2", "event": {**mention["event"], "user_team": "T1"}}
        found = [message_of_event(body, BOT) for body in (mention, again, shared)]
        assert {said.event_id for said in found if said} == {"message T1/C1/1.5"} and None not in found
        other = message_of_event(event("pay", ts="1.6"), BOT)
        assert other is not None and other.event_id == "message T1/D1/1.6"

    def test_in_a_thread_goes_on_with_it(self) -> None:
        said = message_of_event(event(thread_ts="1.1"), BOT)
        assert said is not None and said.place == "T1/D1/1.1"

    def test_that_mentions_us_is_for_us_once(self) -> None:
        channel = {"channel": "C1", "channel_type": "channel", "thread_ts": "1.1"}
        mention = message_of_event(event(f"<@{BOT}> pay Vera", type="app_mention", channel="C1", channel_type=None), BOT)
        assert mention is not None and mention.content == "pay Vera"
        assert message_of_event(event(f"<@{BOT}> pay Vera", **channel), BOT) is None
        assert message_of_event(event("just talk", **channel), BOT) is not None  # may answer a question that waits there

    @pytest.mark.parametrize(
        "more",
        [
            {"bot_id": "B1"},
            {"user": BOT},
            {"user": "USLACKBOT"},
            {"user": None},
            {"subtype": "bot_message"},
            {"subtype": "message_changed"},
            {"subtype": "message_deleted"},
            {"subtype": "channel_join"},
            {"channel_type": "channel", "channel": "C1"},
        ],
    )
    def test_of_a_bot_a_change_or_small_talk_is_nothing(self, more: dict[str, Any]) -> None:
        assert message_of_event(event(**more), BOT) is None

    @pytest.mark.parametrize("text", ["link ABCD-1234", "Link  abcd1234 ", "link: `ABCD1234`", "LINK *ABCD1234*"])
    def test_may_be_a_code_where_nobody_else_reads_it(self, text: str) -> None:
        private, public = event(text), event(f"<@{BOT}> {text}", type="app_mention", channel="C1", channel_type=None)
        for body, there in ((private, True), (public, False)):
            said = message_of_event(body, BOT)
            assert said is not None and (link_code_in_message(said, body) is not None) == there

    def test_about_a_link_is_not_a_code(self) -> None:
        body = event("link this to the ticket")
        said = message_of_event(body, BOT)
        assert said is not None and link_code_in_message(said, body) is None


class TestGoodbye:
    @pytest.mark.parametrize(
        ("said", "account"),
        [
            ({"type": "app_uninstalled"}, "T1/"),
            ({"type": "tokens_revoked", "tokens": {"bot": ["U0BOT"]}}, "T1/"),
            ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}, None),
            ({"type": "user_change", "user": {"id": "U1", "team_id": "T1", "deleted": True}}, "T1/U1"),
            ({"type": "user_change", "user": {"id": "U1", "team_id": "T1", "deleted": False}}, None),
        ],
    )
    def test_is_heard(self, said: dict[str, Any], account: str | None) -> None:
        gone = access_lost_of({"team_id": "T1", "event": said})
        assert (gone.account if gone else None) == account
