"""The Slack app over HTTP and over Socket Mode: events are recorded, then acknowledged, then shown."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest

from channels.contract import Accepted, ChannelAnswer, ChannelMessage, ChannelName, Question, Refused
from channels.errors import Retryable
from channels.slack.app import AppToken, SlackApp
from channels.slack.channel import SlackChannel
from channels.slack.client import SlackClient
from channels.slack.socket_mode import LOST, SocketMode
from channels.webhooks import WebhookRejected
from tests.channels.slack.payload_samples import clicked, event, sent
from tests.channels.slack.test_client import TO, OneToken, asked
from tests.channels.slack.test_question_message import answered, call, question, shown, verbs
from tests.support.slack import APP_TOKEN, DANA, SECRET, TEAM, Fault, Faults, Slack, run_slack, sign
from tests.support.tcp_proxy import TcpProxy

Reply = TypeVar("Reply")
FORM = "application/x-www-form-urlencoded"
DECIDED = question(action=call({"amount": 500, "to": "Vera"}), **answered("approve"))


class Recorder:
    """An inbox that keeps what it is told, and answers as the test wants."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.found: Question | Refused = asked()
        self.outcome: Accepted | Refused = Accepted(DECIDED)
        self.broken = False

    async def find_request(self, channel: ChannelName, account: str, request_id: str) -> Question | Refused:
        self._check()
        return self.found

    async def receive_answer(self, answer: ChannelAnswer) -> Accepted | Refused:
        return self._keep(answer, self.outcome)

    async def open_text_request(self, channel: ChannelName, account: str, place: str) -> str | None:
        self._check()
        return None

    async def receive_message(self, message: ChannelMessage) -> Refused | None:
        return self._keep(message, None)

    async def link(self, channel: ChannelName, account: str, label: str, code: str) -> str:
        return self._keep((account, label, code), "Linked.")

    async def disconnect(self, channel: ChannelName, account: str, reason: str) -> None:
        self._keep(account, None)

    def _keep(self, what: Any, reply: Reply) -> Reply:
        self._check()
        self.heard.append(what)
        return reply

    def _check(self) -> None:
        if self.broken:
            raise Retryable("The disk is full.")


@pytest.fixture
def inbox() -> Recorder:
    return Recorder()


@pytest.fixture
async def app(inbox: Recorder, slack: Slack) -> AsyncIterator[SlackApp]:
    client = SlackClient(OneToken(), slack.api_url)
    made = SlackApp(inbox, OneToken(), client, signing_secret=SECRET, api_url=slack.api_url)
    yield made
    await made.close()
    await client.close()


async def post(app: SlackApp, payload: dict[str, Any], secret: str = SECRET) -> Any:
    """What Slack is answered; everything that follows has been done by then."""
    is_event = payload["type"] == "event_callback"
    body = json.dumps(payload).encode() if is_event else urlencode({"payload": json.dumps(payload)}).encode()
    headers = sign(body, "application/json" if is_event else FORM, secret=secret)
    reply = await app.handle({name.lower(): value for name, value in headers.items()}, body)
    await app.wait_idle()
    return reply


class TestEvent:
    async def test_is_recorded_before_it_is_acknowledged(self, app: SlackApp, inbox: Recorder) -> None:
        assert (await post(app, event("hello"))).status == 200
        assert [said.content for said in inbox.heard] == ["hello"]

    async def test_that_cannot_be_recorded_is_not_acknowledged_so_that_slack_repeats_it(
        self, app: SlackApp, inbox: Recorder
    ) -> None:
        inbox.broken = True
        assert (await post(app, event("hello"))).status == 503
        inbox.broken = False
        assert (await post(app, event("hello"))).status == 200
        assert len(inbox.heard) == 1

    async def test_that_nobody_asked_for_is_acknowledged(self, app: SlackApp, inbox: Recorder) -> None:
        assert (await post(app, event(type="reaction_added"))).status == 200
        assert inbox.heard == []

    async def test_of_a_goodbye_is_passed_on(self, app: SlackApp, inbox: Recorder) -> None:
        await post(app, {**event(), "event": {"type": "app_uninstalled"}})
        assert inbox.heard == ["T1/"]

    async def test_that_is_forged_is_refused(self, app: SlackApp, inbox: Recorder) -> None:
        with pytest.raises(WebhookRejected):
            await post(app, event("hello"), secret="another")
        assert inbox.heard == []


class TestClick:
    async def test_is_recorded_acknowledged_and_shown(self, app: SlackApp, inbox: Recorder, slack: Slack) -> None:
        message = await _posted(slack)
        reply = await post(app, _click(message))
        assert reply.status == 200 and [said.action for said in inbox.heard] == ["approve"]
        assert verbs(_now(slack, message)) == [] and "*Approved*" in shown(_now(slack, message))

    async def test_that_cannot_be_recorded_says_so_and_keeps_its_buttons(
        self, app: SlackApp, inbox: Recorder, slack: Slack
    ) -> None:
        message = await _posted(slack)
        inbox.broken = True
        assert (await post(app, _click(message))).status == 200
        assert "could not be recorded" in slack.message(slack.dm(), lambda each: each.get("ephemeral_to"))["text"]
        assert "approve" in verbs(_now(slack, message))

    async def test_on_a_decided_request_rewrites_that_copy(self, app: SlackApp, inbox: Recorder, slack: Slack) -> None:
        message = await _posted(slack)
        inbox.outcome = Refused("Already approved by Dana.", "already_decided", question=DECIDED)
        await post(app, _click(message))
        assert "Already approved" in slack.message(slack.dm(), lambda each: each.get("ephemeral_to") == DANA)["text"]
        assert verbs(_now(slack, message)) == []

    async def test_is_recorded_even_when_slack_cannot_be_told(self, inbox: Recorder) -> None:
        client = SlackClient(OneToken(), "http://127.0.0.1:1/api")
        app = SlackApp(inbox, OneToken(), client, signing_secret=SECRET)
        assert (await post(app, clicked("approve"))).status == 200
        assert [said.action for said in inbox.heard] == ["approve"]
        await client.close()

    async def test_of_a_window_on_what_may_not_be_decided_here_opens_none(
        self, app: SlackApp, inbox: Recorder, slack: Slack
    ) -> None:
        message = await _posted(slack)
        inbox.found = question(action=call({"a": 1}), decidable=False)
        await post(app, _click(message, "edit"))
        assert "no longer" in slack.message(slack.dm(), lambda each: each.get("ephemeral_to"))["text"]

    async def test_in_a_list_waits_for_submit(self, app: SlackApp, inbox: Recorder) -> None:
        chosen = {"type": "static_select", "action_id": "selected", "selected_option": {"value": "1"}, "action_ts": "1.1"}
        assert (await post(app, {**clicked("x"), "actions": [chosen]})).status == 200
        assert inbox.heard == []

    async def test_of_a_window_that_slack_does_not_open_says_so(self, inbox: Recorder, slack: Slack) -> None:
        message = await _posted(slack)
        async with Faults(slack.api_url) as faults:
            faults.script("views.open", Fault(body='{"ok":false,"error":"expired_trigger_id"}'))
            client = SlackClient(OneToken(), faults.url)
            await post(SlackApp(inbox, OneToken(), client, signing_secret=SECRET), _click(message, "reject"))
            await client.close()
        assert "did not open the dialog" in slack.message(slack.dm(), lambda each: each.get("ephemeral_to"))["text"]


class TestSubmission:
    async def test_that_cannot_be_recorded_stays_open_and_says_so(self, app: SlackApp, inbox: Recorder) -> None:
        inbox.broken = True
        reply = await post(app, sent("reject", {}))
        said = json.loads(reply.body)
        assert said["response_action"] == "errors" and "could not be recorded" in said["errors"]["said"]

    async def test_on_a_decided_request_says_so_in_the_window(self, app: SlackApp, inbox: Recorder) -> None:
        inbox.outcome = Refused("Already approved by Dana.", "already_decided", question=DECIDED)
        said = json.loads((await post(app, sent("reject", {}))).body)
        assert said["response_action"] == "update" and "Already approved" in json.dumps(said["view"])

    async def test_that_is_taken_closes_the_window(self, app: SlackApp) -> None:
        assert json.loads((await post(app, sent("reject", {}))).body) == {"response_action": "clear"}


class TestCommand:
    @pytest.mark.parametrize(("text", "told"), [("link ABCD1234", "Linked."), ("help", "direct message")])
    async def test_is_answered_to_that_person_alone(self, app: SlackApp, text: str, told: str) -> None:
        body = urlencode({"command": "/assent", "text": text, "team_id": TEAM, "user_id": DANA}).encode()
        reply = await app.handle({name.lower(): value for name, value in sign(body, FORM).items()}, body)
        assert told in reply.body and "in_channel" not in reply.body


class TestSocketMode:
    async def test_takes_the_same_in_without_a_way_in(self, inbox: Recorder, tmp_path: Path) -> None:
        with run_slack(tmp_path, mode="socket") as slack:
            client = SlackClient(OneToken(), slack.api_url)
            app = SlackApp(inbox, OneToken(), client, api_url=slack.api_url)
            told: list[str | None] = []
            listening = asyncio.create_task(app.listen(APP_TOKEN, told.append))
            await _until(lambda: told == [None])
            await asyncio.to_thread(slack.say, slack.dm(), "hello")
            await _until(lambda: inbox.heard)
            assert [said.content for said in inbox.heard] == ["hello"]
            with pytest.raises(WebhookRejected):
                await app.handle({}, b"")
            await _end(listening)
            await app.close()
            await client.close()

    async def test_is_open_again_within_three_seconds_of_waiting_after_its_connection_was_destroyed(
        self, inbox: Recorder, tmp_path: Path
    ) -> None:
        """The time it lets pass is counted, not measured: the machine's own is its own."""
        rested: list[float] = []

        async def pause(seconds: float) -> None:
            rested.append(seconds)

        with run_slack(tmp_path, mode="socket") as slack:
            async with TcpProxy(int(slack.url.rpartition(":")[2])) as wire:
                client = SlackClient(AppToken(APP_TOKEN), f"http://127.0.0.1:{wire.port}/api/")
                told: list[str | None] = []
                taken: list[Any] = []

                async def take(payload: Any) -> Any:
                    taken.append(payload)
                    return {}

                listening = asyncio.create_task(SocketMode(lambda: client.socket_url(""), take, told.append, pause).run())
                await _until(lambda: told == [None])
                for _ in range(3):
                    told.clear()
                    rested.clear()
                    wire.cut()
                    await _until(lambda: told[-1:] == [None])
                    assert told == [LOST, None] and sum(rested) < 3
                await asyncio.to_thread(slack.say, slack.dm(), "still there?")
                await _until(lambda: taken)
                await _end(listening)
                await client.close()

    async def test_says_once_that_slack_cannot_be_reached_and_goes_on_trying(self, inbox: Recorder, tmp_path: Path) -> None:
        with run_slack(tmp_path, mode="socket") as slack:
            async with TcpProxy(int(slack.url.rpartition(":")[2])) as wire:
                wire.cut(stays_cut=True)
                client = SlackClient(AppToken(APP_TOKEN), f"http://127.0.0.1:{wire.port}/api/")
                app = SlackApp(inbox, OneToken(), client, api_url=f"http://127.0.0.1:{wire.port}/api/")
                told: list[str | None] = []
                listening = asyncio.create_task(app.listen(APP_TOKEN, told.append))
                await _until(lambda: wire.refused >= 3)
                assert told == [LOST]
                wire.mend()
                await _until(lambda: told == [LOST, None])
                await _end(listening)
                await client.close()


async def _end(listening: asyncio.Task[None]) -> None:
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def _until(fact: Any) -> None:
    async with asyncio.timeout(30):
        while not fact():
            await asyncio.sleep(0.01)


async def _posted(slack: Slack) -> dict[str, Any]:
    channel = SlackChannel(SlackClient(OneToken(), slack.api_url))
    await channel.deliver(asked(), TO)
    await channel.close()
    return slack.message(slack.dm())


def _now(slack: Slack, message: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in slack.messages(message["channel"]) if each["ts"] == message["ts"])


def _click(message: dict[str, Any], verb: str = "approve") -> dict[str, Any]:
    place = {"channel_id": message["channel"], "message_ts": message["ts"]}
    return clicked(verb, "req_1 1", container=place, team={"id": TEAM}, user={"id": DANA, "team_id": TEAM})
