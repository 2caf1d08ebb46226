"""The agent's reply can be read in Slack while it is written. What is left in the end is the committed reply, in one message,
whatever died meanwhile. This Slack has no streams, so the message is rewritten."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.auditor import audit
from tests.support.person import Person, until
from tests.support.server import Server
from tests.support.slack import SECRET, TOKEN, Slack, link, run_slack

WORDS = 200
Place = tuple[Server, Slack]


@pytest.fixture
def place(make_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server and the Slack it is connected to; what is on disk is audited afterwards."""
    server = make_server()
    with run_slack(tmp_path_factory.mktemp("peer"), hook_port=server.port) as slack:
        yield start(server, slack), slack
        audit(server.data_dir)
        server.stop()


@pytest.fixture
def dana(place: Place) -> Person:
    person = place[0].person("Dana")
    link(person, place[1])
    return person


def start(server: Server, slack: Slack) -> Server:
    return server.start(SLACK_BOT_TOKEN=TOKEN, SLACK_SIGNING_SECRET=SECRET, SLACK_API_URL=slack.api_url)


def asked(slack: Slack, words: str = f"stream {WORDS}") -> str:
    """Dana writes to the agent; the thread."""
    return str(slack.say(slack.dm(), words)["ts"])


def said(slack: Slack, thread_ts: str) -> list[dict[str, Any]]:
    """What the agent said in the thread."""
    return [each for each in slack.messages(slack.dm()) if each.get("thread_ts") == thread_ts and each.get("bot_id")]


def shown(message: dict[str, Any]) -> str:
    return "".join(block["text"]["text"] for block in message["blocks"]) if message.get("blocks") else message["text"]


def reply_of(dana: Person) -> tuple[str, str]:
    """How the newest run ended, and its reply as committed."""
    session = dana.get("/api/sessions")["items"][0]["id"]
    run_id = dana.get(f"/api/sessions/{session}/messages")["items"][0]["run_id"]
    run = dana.run_when(run_id)
    return run["status"], run["result"] or ""


def whole(slack: Slack, thread_ts: str, reply: str) -> dict[str, Any]:
    """The one message of the agent in the thread, once it is the reply."""
    (message,) = until(lambda: said(slack, thread_ts), lambda found: [shown(each) for each in found] == [reply])
    return dict(message)


class TestReply:
    def test_grows_in_one_message_and_ends_as_it_was_committed(self, place: Place, dana: Person) -> None:
        _, slack = place
        thread = asked(slack)
        (first,) = until(lambda: said(slack, thread), bool)
        assert "_…_" in shown(first) and first["text"]
        (more,) = until(lambda: said(slack, thread), lambda now: len(shown(now[0])) > len(shown(first)))
        status, reply = reply_of(dana)
        assert status == "completed" and whole(slack, thread, reply)["ts"] == first["ts"] == more["ts"]

    def test_that_is_short_is_said_at_once(self, place: Place, dana: Person) -> None:
        _, slack = place
        thread = asked(slack, "calc 6 * 7")
        (message,) = until(lambda: said(slack, thread), bool)
        assert "42" in message["text"] and "edited" not in message

    def test_that_is_cancelled_says_so_in_its_place(self, place: Place, dana: Person) -> None:
        _, slack = place
        thread = asked(slack, "stream 5000")
        (first,) = until(lambda: said(slack, thread), bool)
        session = dana.get("/api/sessions")["items"][0]["id"]
        assert dana.http.post(f"/api/chat/cancel/{session}").status_code == 200
        assert whole(slack, thread, "Cancelled.")["ts"] == first["ts"]


class TestDeath:
    """A process dies while it shows the reply; the next one writes the reply anew, into the message that is there."""

    @pytest.mark.parametrize("moment", ["draft.shown", "draft.kept", "complete_run.before_commit", "complete_run.committed"])
    def test_leaves_one_message_with_the_whole_reply(self, place: Place, dana: Person, moment: str) -> None:
        server, slack = place
        server.arm(f"{moment}:kill")
        thread = asked(slack)
        server.wait_for_death()
        assert len(said(slack, thread)) == 1
        start(server, slack)
        status, reply = reply_of(dana)
        assert status == "completed"
        whole(slack, thread, reply)
