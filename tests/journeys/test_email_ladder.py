"""A question climbs from the web chat over Slack to the mail; whichever answers, the story reads the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.emulated_google import DANA, text_of
from tests.support.example_requests import ask
from tests.support.mail_server import MailServer, run_mail_server, wait_for_decision
from tests.support.person import Person, until
from tests.support.server import Server
from tests.support.slack import SECRET, TOKEN, Fault, Faults, Slack, faults_beside, link, run_slack

GONE = Fault(body='{"ok":false,"error":"channel_not_found"}')


@dataclass(frozen=True)
class Place:
    """A server with a mailbox in a Google and an app in a Slack, where a payment may be approved by mail."""

    mail: MailServer
    slack: Slack
    slack_faults: Faults


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    server = Server(tmp_path_factory.mktemp("ladder") / "data")
    with (
        run_slack(tmp_path_factory.mktemp("slack"), hook_port=server.port) as slack,
        faults_beside(slack.api_url) as faults,
        run_mail_server(
            server,
            SLACK_BOT_TOKEN=TOKEN,
            SLACK_SIGNING_SECRET=SECRET,
            SLACK_API_URL=faults.url,
            channel_risk="email=high",
        ) as mail,
    ):
        yield Place(mail, slack, faults)


@pytest.fixture(scope="module")
def dana(place: Place) -> Person:
    person = place.mail.person("chat", "slack", "email")
    link(person, place.slack)
    return person


def card(place: Place, request: dict[str, Any]) -> dict[str, Any]:
    return place.slack.message(place.slack.dm(), lambda message: request["id"] in str(message.get("blocks")))


def closed(place: Place, message: dict[str, Any]) -> str:
    """What a Slack message says once it has no buttons any more."""

    def now() -> dict[str, Any]:
        return next(each for each in place.slack.messages(message["channel"]) if each["ts"] == message["ts"])

    return str(until(now, lambda it: not any(block["type"] == "actions" for block in it["blocks"]))["blocks"])


def trail(request: dict[str, Any]) -> list[tuple[str, str]]:
    return [(copy["channel"], copy["status"]) for copy in request["deliveries"]]


def story(person: Person, session_id: str) -> list[Any]:
    """What a session's frames say, without what is a name or a time, or tells one channel from another: so also without that
    the question was sent to another channel meanwhile."""
    return [_told(frame) for frame in person.frames(session_id) if frame["type"] != "feedback_changed"]


def _told(frame: dict[str, Any]) -> Any:
    request = frame.get("request") or {}
    said, response = frame.get("message"), request.get("response") or {}
    return (
        frame["type"],
        said.get("content") if isinstance(said, dict) else said or frame.get("content"),
        request.get("title"),
        request.get("status"),
        (response.get("action"), response.get("values"), response.get("feedback"), (response.get("by") or {}).get("name")),
    )


class TestLadder:
    def test_ends_at_the_mail_when_nobody_is_there_and_slack_fails(self, place: Place, dana: Person) -> None:
        place.slack_faults.script("chat.postMessage", GONE)
        started = dana.say("pay 700 to Vera")
        request = dana.pending(started["session_id"])
        mail = place.mail.asked(request)
        assert "700" in text_of(mail) and "Vera" in text_of(mail)
        place.mail.google.reply(DANA, mail, "APPROVE")
        assert dana.run_when(started["run_id"])["status"] == "completed"
        now = until(lambda: dana.get(f"/api/feedback/{request['id']}"), lambda it: trail(it)[-1][1] == "settled")
        assert now["response"]["via"] == "email"
        assert [channel for channel, _ in trail(now)] == ["chat", "slack", "email"]
        failed = next(copy for copy in now["deliveries"] if copy["channel"] == "slack")
        assert failed["status"] == "failed" and "Slack" in failed["error"]

    def test_leaves_earlier_copies_open_until_one_of_them_is_answered(self, place: Place, dana: Person) -> None:
        started = dana.say("pay 701 to Vera")
        request = dana.pending(started["session_id"])
        message = card(place, request)
        assert dana.http.post(f"/api/feedback/{request['id']}/reroute", json={"channel": "email"}).status_code == 200
        mail = place.mail.asked(request)
        with dana.socket(started["session_id"]) as tab:
            place.mail.google.reply(DANA, mail, "APPROVE")
            resolved = tab.until("feedback_resolved")[-1]["request"]
        assert (resolved["response"]["action"], resolved["response"]["via"]) == ("approve", "email")
        assert "*Approved* by Dana by email" in closed(place, message)
        assert dana.run_when(started["run_id"])["status"] == "completed"
        late = place.mail.google.reply(DANA, mail, "REJECT")
        assert "Already approved by Dana" in place.mail.told(late)

    def test_reads_the_same_whichever_channel_answered(self, place: Place, dana: Person) -> None:
        stories = []
        for via in ("chat", "slack", "email"):
            started = dana.say("pay 702 to Vera")
            request = dana.pending(started["session_id"])
            message = card(place, request)
            if via == "chat":
                assert dana.answer(request["id"], "approve").status_code == 200
            elif via == "slack":
                place.slack.click(message, "approve")
            else:
                dana.http.post(f"/api/feedback/{request['id']}/reroute", json={"channel": "email"})
                place.mail.google.reply(DANA, place.mail.asked(request), "approve")
            dana.run_when(started["run_id"])
            assert wait_for_decision(dana, request)["response"]["via"] in (via, "api")
            stories.append(story(dana, started["session_id"]))
        assert stories[0] == stories[1] == stories[2]


class TestHighRisk:
    def test_is_decided_by_mail_where_the_setting_allows_it(self, place: Place, dana: Person) -> None:
        request = ask(dana, "confirmation", route=[{"channel": "email", "wait_seconds": 3600}])
        mail = place.mail.asked(request)
        assert "APPROVE" in text_of(mail)
        place.mail.google.reply(DANA, mail, "APPROVE")
        assert wait_for_decision(dana, request)["response"]["action"] == "approve"
