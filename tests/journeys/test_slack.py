"""One request, two places: asked by the agent, answered in Slack or in the web app, closed in both."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.auditor import ledger
from tests.support.example_requests import ask
from tests.support.person import Person, until
from tests.support.server import Server
from tests.support.slack import DANA, EVE, SECRET, TOKEN, Fault, Slack, deliver, faults_beside, link, run_slack

WHOLE = "Must be a whole number in plain digits such as 1200"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Slack]]:
    """A server and the Slack it is connected to."""
    server = Server(tmp_path_factory.mktemp("slack") / "data")
    with run_slack(tmp_path_factory.mktemp("peer"), hook_port=server.port) as slack:
        try:
            server.start(SLACK_BOT_TOKEN=TOKEN, SLACK_SIGNING_SECRET=SECRET, SLACK_API_URL=slack.api_url)
            yield server, slack
        finally:
            server.stop()


@pytest.fixture
def dana(place: tuple[Server, Slack]) -> Iterator[Person]:
    """Somebody whose Slack account is linked, and who wants to be asked there first."""
    server, slack = place
    person = server.person("Dana")
    link(person, slack)
    wishes = [{"type": "slack"}, {"type": "chat"}]
    assert person.http.put("/api/channels", json={"items": wishes}).status_code == 200
    yield person
    person.http.delete("/api/channels/slack")


def card(slack: Slack, text: str, user: str = DANA) -> dict[str, Any]:
    """The newest message with blocks that says so."""
    return slack.message(slack.dm(user), lambda message: text in str(message.get("blocks")))


def as_it_is(slack: Slack, message: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in slack.messages(message["channel"]) if each["ts"] == message["ts"])


def settled(slack: Slack, message: dict[str, Any]) -> str:
    """What the message says once it has no buttons any more."""
    now = until(lambda: as_it_is(slack, message), lambda now: not any(b["type"] == "actions" for b in now["blocks"]))
    return str(now["blocks"])


class TestLink:
    def test_is_proven_by_a_code_in_a_direct_message(self, place: tuple[Server, Slack], dana: Person) -> None:
        channel = next(each for each in dana.get("/api/channels")["items"] if each["type"] == "slack")
        assert (channel["linked"], channel["account"], channel["status"]) == (True, "Dana D.", "connected")

    def test_with_a_wrong_code_is_refused(self, place: tuple[Server, Slack]) -> None:
        _, slack = place
        said = slack.say(slack.dm(EVE), "link WRONG12345", EVE)
        told = slack.message(slack.dm(EVE), lambda message: message.get("thread_ts") == said["ts"])
        assert "unknown, used or older" in told["text"]

    def test_is_told_about_to_whoever_has_none(self, place: tuple[Server, Slack]) -> None:
        _, slack = place
        said = slack.say(slack.dm(EVE), "pay 500 to Eve", EVE)
        told = slack.message(slack.dm(EVE), lambda message: message.get("thread_ts") == said["ts"])
        assert "not linked" in told["text"]


class TestApproval:
    def test_in_slack_lets_the_agent_go_on_and_closes_the_message(self, place: tuple[Server, Slack], dana: Person) -> None:
        _, slack = place
        started = dana.say("pay 500 to Vera")
        request = dana.pending(started["session_id"])
        message = card(slack, request["id"])
        assert "500" in str(message["blocks"]) and "Vera" in str(message["blocks"])
        slack.click(message, "approve")
        run = dana.run_when(started["run_id"])
        assert run["status"] == "completed"
        response = dana.get(f"/api/feedback/{request['id']}")["response"]
        assert (response["action"], response["via"], response["by"]["id"]) == ("approve", "slack", dana.id)
        assert "*Approved* by Dana in Slack" in settled(slack, message)

    def test_in_the_web_app_closes_the_message(self, place: tuple[Server, Slack], dana: Person) -> None:
        _, slack = place
        started = dana.say("pay 501 to Vera")
        request = dana.pending(started["session_id"])
        message = card(slack, request["id"])
        assert dana.answer(request["id"], "approve").status_code == 200
        assert "*Approved* by Dana through the API" in settled(slack, message)

    def test_by_somebody_else_of_the_workspace_has_no_effect(self, place: tuple[Server, Slack], dana: Person) -> None:
        _, slack = place
        request = dana.pending(dana.say("pay 502 to Vera")["session_id"])
        message = card(slack, request["id"])
        slack.click(message, "approve", EVE)
        told = slack.message(message["channel"], lambda each: each.get("ephemeral_to") == EVE)
        assert "not linked" in told["text"]
        assert dana.get(f"/api/feedback/{request['id']}")["status"] == "pending"
        assert as_it_is(slack, message)["blocks"] == message["blocks"]
        dana.answer(request["id"], "reject")

    def test_that_comes_too_late_is_told_who_decided(self, place: tuple[Server, Slack], dana: Person) -> None:
        _, slack = place
        request = ask(dana, "confirmation")
        message = card(slack, request["id"])
        dana.answer(request["id"], "reject")
        slack.click(message, "approve")
        told = slack.message(message["channel"], lambda each: each.get("ephemeral_to") == DANA)
        assert "Dana" in told["text"]
        assert dana.get(f"/api/feedback/{request['id']}")["response"]["action"] == "reject"

    def test_may_be_a_rejection_with_a_reason(self, place: tuple[Server, Slack], dana: Person) -> None:
        _, slack = place
        request = ask(dana, "confirmation")
        slack.click(card(slack, request["id"]), "reject")
        slack.submit({"said": {"value": {"type": "plain_text_input", "value": "wrong version"}}})
        decided = until(lambda: dana.get(f"/api/feedback/{request['id']}"), lambda now: now["status"] == "answered")
        assert (decided["response"]["action"], decided["response"]["feedback"]) == ("reject", "wrong version")


class TestButtons:
    @pytest.mark.parametrize(
        ("type", "verb", "action", "values"),
        [
            ("choice", "choose 1", "submit", {"choice": "b"}),
            ("choice", "decline", "decline", None),
            ("checkpoint", "continue", "continue", None),
            ("checkpoint", "skip", "skip", None),
        ],
    )
    def test_answer_at_once(
        self, place: tuple[Server, Slack], dana: Person, type: str, verb: str, action: str, values: dict[str, Any] | None
    ) -> None:
        _, slack = place
        request = ask(dana, type)
        message = card(slack, request["id"])
        slack.click(message, verb)
        decided = until(lambda: dana.get(f"/api/feedback/{request['id']}"), lambda now: now["status"] == "answered")
        assert (decided["response"]["action"], decided["response"].get("values")) == (action, values)
        assert "Dana in Slack" in settled(slack, message)

    def test_open_a_window_to_change_the_arguments(self, place: tuple[Server, Slack], dana: Person) -> None:
        _, slack = place
        started = dana.say("pay 503 to Vera")
        request = dana.pending(started["session_id"])
        message = card(slack, request["id"])
        slack.click(message, "edit")
        fields = [
            {"value": {"value": "120"}} if type(value) is not str else {"value": {"value": value}}
            for value in request["action"]["args"].values()
        ]
        slack.submit({f"field {n}": field for n, field in enumerate(fields)})
        assert dana.run_when(started["run_id"])["status"] == "completed"
        assert dana.get(f"/api/feedback/{request['id']}")["response"]["values"]["amount"] == 120
        assert "amount: 503 → 120" in settled(slack, message)


class TestVersion:
    """A message is answered as it was read: what has changed since is told to whoever clicked, and shown, and decides nothing."""

    @pytest.fixture
    def joins(self, place: tuple[Server, Slack], dana: Person) -> tuple[str, Callable[[], None]]:
        """(a group that Dana is in, how somebody joins it)"""
        server, _ = place
        bo, name = server.colleague("Bo"), f"ops-{uuid.uuid4().hex[:8]}"
        assert server.command("users", "confirm", dana.email) == 0
        assert server.command("groups", "add", name, dana.email) == 0

        def join() -> None:
            assert server.command("groups", "add", name, bo.email) == 0

        return name, join

    def changed(self, slack: Slack, message: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
        """The message once its buttons carry the version that is open."""
        now: dict[str, Any] = until(lambda: as_it_is(slack, message), lambda now: f"{request['id']} 2" in str(now["blocks"]))
        return now

    def test_of_a_button_that_is_old_decides_nothing_and_the_message_shows_what_is_asked_now(
        self, place: tuple[Server, Slack], dana: Person, joins: tuple[str, Callable[[], None]]
    ) -> None:
        _, slack = place
        request = ask(dana, "confirmation", to=[joins[0]])
        message = card(slack, request["id"])
        joins[1]()
        slack.click(message, "approve")
        told = slack.message(
            message["channel"], lambda each: "request has changed since you saw it; look at it again" in each["text"]
        )
        assert told["ephemeral_to"] == DANA
        now = self.changed(slack, message, request)
        assert dana.get(f"/api/feedback/{request['id']}")["status"] == "pending"
        slack.click(now, "approve")
        assert "*Approved* by Dana in Slack" in settled(slack, message)

    def test_of_a_button_that_is_old_opens_no_window(
        self, place: tuple[Server, Slack], dana: Person, joins: tuple[str, Callable[[], None]]
    ) -> None:
        _, slack = place
        request = ask(dana, "confirmation", to=[joins[0]])
        message = card(slack, request["id"])
        joins[1]()
        slack.click(message, "reject")
        told = slack.message(message["channel"], lambda each: "after this message was sent" in each["text"])
        assert told["ephemeral_to"] == DANA and "Your click had no effect" in told["text"]
        self.changed(slack, message, request)
        dana.answer(request["id"], "reject")

    def test_of_a_window_that_grew_old_while_it_was_open_says_so_in_its_place(
        self, place: tuple[Server, Slack], dana: Person, joins: tuple[str, Callable[[], None]]
    ) -> None:
        _, slack = place
        request = ask(dana, "confirmation", to=[joins[0]])
        message = card(slack, request["id"])
        slack.click(message, "reject")
        slack.message(message["channel"], lambda each: each["ts"] == message["ts"])
        joins[1]()
        said = slack.submit({"said": {"value": {"type": "plain_text_input", "value": "wrong version"}}})
        assert said["t"] == "view" and "Not recorded" in str(said) and "changed since you saw it; look at it again" in str(said)
        self.changed(slack, message, request)
        assert dana.get(f"/api/feedback/{request['id']}")["status"] == "pending"
        dana.answer(request["id"], "reject")


class TestForm:
    def test_says_what_is_wrong_beside_the_field_and_takes_the_rest(self, place: tuple[Server, Slack], dana: Person) -> None:
        _, slack = place
        request = ask(dana, "form")
        slack.click(card(slack, request["id"]), "fill")
        wrong = {"field 0": {"value": {"type": "number_input", "value": "x"}}}
        assert slack.submit(wrong) == {"t": "view_errors", "errors": {"field 0": f'{WHOLE}; "x" is not'}}
        slack.submit({"field 0": {"value": {"type": "number_input", "value": "7"}}})
        decided = until(lambda: dana.get(f"/api/feedback/{request['id']}"), lambda now: now["status"] == "answered")
        assert decided["response"]["values"] == {"n": 7}


class TestConversation:
    def test_goes_on_in_its_thread_and_shows_in_the_web_app(self, place: tuple[Server, Slack], dana: Person) -> None:
        _, slack = place
        root = slack.say(slack.dm(), "calc 6 * 7")
        reply = slack.message(slack.dm(), lambda message: message.get("thread_ts") == root["ts"] and "42" in message["text"])
        assert reply["bot_id"]
        session = dana.get("/api/sessions")["items"][0]
        slack.say(slack.dm(), "calc 6 * 8", thread_ts=root["ts"])
        slack.message(slack.dm(), lambda message: message.get("thread_ts") == root["ts"] and "48" in message["text"])
        said = [message["content"] for message in dana.get(f"/api/sessions/{session['id']}/messages")["items"]]
        assert "calc 6 * 7" in said and "calc 6 * 8" in said

    def test_answers_the_one_question_that_waits_in_the_thread(self, place: tuple[Server, Slack], dana: Person) -> None:
        _, slack = place
        root = slack.say(slack.dm(), "ask Why?")
        in_thread = slack.message(slack.dm(), lambda message: message.get("thread_ts") == root["ts"] and message.get("blocks"))
        assert "Why?" in str(in_thread["blocks"])
        slack.say(slack.dm(), "because", thread_ts=root["ts"])
        slack.message(slack.dm(), lambda message: "Recorded as your answer to" in message["text"])
        assert "*Answered* by Dana in Slack" in settled(slack, in_thread)

    def test_is_heard_once_under_whatever_ids_slack_brings_it(self, place: tuple[Server, Slack], dana: Person) -> None:
        server, slack = place
        said = {"type": "message", "channel": slack.dm(), "channel_type": "im", "user": DANA, "ts": "1800000001.000100"}
        for _ in range(3):
            assert deliver(server.url, {**said, "text": "pay 50 to Zed"}).status_code == 200
        until(lambda: [row for row in ledger(server.data_dir) if row["to"] == "Zed"], bool)
        assert deliver(server.url, {**said, "text": "pay 50 to Zed"}).status_code == 200
        assert deliver(server.url, {**said, "text": "pay 500 to Zed"}).status_code == 200
        assert len([each for each in dana.get("/api/sessions")["items"] if "to Zed" in each["title"]]) == 1
        assert len([row for row in ledger(server.data_dir) if row["to"] == "Zed"]) == 1

    def test_in_a_channel_needs_a_mention(self, place: tuple[Server, Slack], dana: Person) -> None:
        _, slack = place
        slack.say("C0GENERAL", "calc 1 + 1")
        root = slack.say("C0GENERAL", "<@U0BOT> calc 6 * 9")
        slack.message("C0GENERAL", lambda message: message.get("thread_ts") == root["ts"] and "54" in message["text"])
        assert [each["text"] for each in slack.messages("C0GENERAL") if each.get("bot_id")] != []
        assert not [each for each in slack.messages("C0GENERAL") if each.get("bot_id") and each["text"] == "2"]


class TestGoodbye:
    def test_of_the_workspace_is_seen_in_the_web_app(self, place: tuple[Server, Slack], dana: Person) -> None:
        server, _ = place
        assert deliver(server.url, {"type": "app_uninstalled"}).status_code == 200
        channel = next(each for each in dana.get("/api/channels")["items"] if each["type"] == "slack")
        assert channel["status"] == "disconnected" and "removed from the Slack workspace" in channel["error"]


class TestRefusal:
    """Slack is slow or takes our token no more. The question reaches its person elsewhere, and the web app says why."""

    @pytest.mark.parametrize(
        ("fault", "status", "error"),
        [
            (Fault(body='{"ok":false,"error":"token_revoked"}'), "failed", "revoked the app's access"),
            (Fault(429, '{"ok":false,"error":"ratelimited"}', headers={"Retry-After": "86400"}), "retry_wait", "slow down"),
        ],
        ids=["token revoked", "a day's wait"],
    )
    def test_moves_the_question_to_the_next_channel_at_once(
        self, place: tuple[Server, Slack], make_server: Callable[..., Server], fault: Fault, status: str, error: str
    ) -> None:
        _, slack = place
        with faults_beside(slack.api_url) as faults:
            server = make_server().start(SLACK_BOT_TOKEN=TOKEN, SLACK_SIGNING_SECRET=SECRET, SLACK_API_URL=faults.url)
            dana = server.person("Dana")
            code = dana.http.post("/api/channels/slack/link").json()["code"]
            said = {"type": "message", "channel": slack.dm(), "channel_type": "im", "user": DANA, "ts": f"{server.port}.5"}
            assert deliver(server.url, {**said, "text": f"link {code}"}).status_code == 200
            slack.message(slack.dm(), lambda message: message.get("thread_ts") == said["ts"])
            dana.http.put("/api/channels", json={"items": [{"type": "slack"}, {"type": "chat"}]})
            faults.script("chat.postMessage", fault)
            request = ask(dana, "text")
            first, second = until(
                lambda: dana.get(f"/api/feedback/{request['id']}")["deliveries"], lambda copies: len(copies) == 2
            )
            assert (first["channel"], first["status"], second["channel"]) == ("slack", status, "chat")
            assert error in first["error"]
            assert dana.answer(request["id"], "submit", feedback="here").status_code == 200
