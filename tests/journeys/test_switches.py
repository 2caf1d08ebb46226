"""Show 5: one session moved between the web app and Slack two hundred times; nothing of it is lost, whichever side looks."""

import hashlib
import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from channels.contract import Question
from channels.slack.question_message import message_of
from tests.support.auditor import audit
from tests.support.example_requests import ask
from tests.support.person import Person, until
from tests.support.server import Server
from tests.support.slack import SECRET, TOKEN, Slack, link, run_slack

SWITCHES = 200
SAYS_EVERY = 12
TURNS = 3  # as many of the last words as a card shows


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Slack]]:
    server = Server(tmp_path_factory.mktemp("switches") / "data")
    with run_slack(tmp_path_factory.mktemp("peer"), hook_port=server.port) as slack:
        try:
            server.start(SLACK_BOT_TOKEN=TOKEN, SLACK_SIGNING_SECRET=SECRET, SLACK_API_URL=slack.api_url)
            yield server, slack
        finally:
            assert server.stop() == 0


class Conversation:
    """One session with a question that stays open, as it is seen from either side. `said` is kept outside the server."""

    def __init__(self, person: Person, slack: Slack) -> None:
        self._person, self._slack, self._dm = person, slack, slack.dm()
        self.said: list[str] = []
        self._root: str | None = None
        self._root = self.say_in_slack("calc 1 + 1")
        self.session_id: str = person.get("/api/sessions")["items"][0]["id"]
        self._wait_for_reply()
        self.request_id: str = ask(person, "confirmation", session_id=self.session_id)["id"]

    def say_in_slack(self, words: str) -> str:
        self.said.append(words)
        return str(self._slack.say(self._dm, words, thread_ts=self._root)["ts"])

    def say(self, fate: random.Random) -> None:
        """A few words from the one side or the other, and the agent's reply."""
        words = f"calc {len(self.said)} + {fate.randrange(1000)}"
        if fate.random() < 0.5:
            self.say_in_slack(words)
        else:
            self.said.append(words)
            self._person.say(words, self.session_id)
        self._wait_for_reply()

    def _wait_for_reply(self) -> None:
        until(self.transcript, lambda seen: len(seen) == 2 * len(self.said))
        until(lambda: self._person.get(f"/api/sessions/{self.session_id}"), lambda seen: not seen.get("active_run_id"))

    def switch(self, channel: str) -> None:
        reply = self._person.http.patch(f"/api/sessions/{self.session_id}", json={"channel": channel})
        assert reply.status_code == 200, reply.text

    def request(self) -> dict[str, Any]:
        request: dict[str, Any] = self._person.get(f"/api/feedback/{self.request_id}")
        return request

    def carried(self) -> dict[str, Any]:
        """The request once no copy of it is on its way."""
        on_its_way = {"queued", "sending", "retry_wait"}
        request: dict[str, Any] = until(
            self.request, lambda seen: not any(copy["status"] in on_its_way for copy in seen["deliveries"])
        )
        return request

    def transcript(self) -> list[tuple[str, str]]:
        """(who, words) in order, as the web app lists them."""
        page = self._person.get(f"/api/sessions/{self.session_id}/messages")
        assert "next" not in page
        return [_line(message) for message in reversed(page["items"])]

    def replayed(self) -> list[tuple[str, str]]:
        """The same, as a tab that connects anew is told it."""
        frames = [frame for frame in self._person.frames(self.session_id) if frame["type"] == "message"]
        return [_line(frame["message"]) for frame in frames]

    def on_the_web(self) -> list[Any]:
        """The card that what the web app shows would come to in Slack."""
        context = "\n".join(f"{who}: {words}" for who, words in self.transcript()[-TURNS:])
        question = Question(self.request(), f"{self._person.url}/r/{self.request_id}", True, context)
        return list(message_of(question)["blocks"])

    def in_slack(self) -> list[Any]:
        """The newest card that Slack shows."""
        return list(self._slack.message(self._dm, lambda message: self.request_id in str(message.get("blocks")))["blocks"])


def _line(message: dict[str, Any]) -> tuple[str, str]:
    return message.get("author", {}).get("name", "Agent"), message["content"]


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(_without_block_ids(value), sort_keys=True).encode()).hexdigest()


def _without_block_ids(value: Any) -> Any:
    """Slack gives a block without an id one of its own."""
    if isinstance(value, dict):
        return {name: _without_block_ids(each) for name, each in value.items() if name != "block_id"}
    return [_without_block_ids(each) for each in value] if isinstance(value, list) else value


class TestSwitching:
    def test_two_hundred_times_keeps_the_whole_context_on_both_sides(self, place: tuple[Server, Slack]) -> None:
        seed = int(os.environ.get("CHAOS_SEED", random.randrange(10**6)))
        print(f"CHAOS_SEED={seed}")
        fate = random.Random(seed)
        server, slack = place
        dana = server.person("Dana")
        link(dana, slack)
        talk = Conversation(dana, slack)
        shown = 0
        for n in range(SWITCHES):
            if n % SAYS_EVERY == SAYS_EVERY - 1:
                talk.carried()
                talk.say(fate)
            channel = fate.choice(["chat", "slack", "auto"])
            talk.switch(channel)
            assert digest(talk.transcript()) == digest(talk.replayed())
            assert [words for who, words in talk.transcript() if who == "Dana"] == talk.said
            if channel == "slack":
                assert talk.carried()["deliveries"][-1]["status"] == "sent"
                assert digest(talk.in_slack()) == digest(talk.on_the_web())
                shown += 1
        assert shown > SWITCHES / 10
        talk.switch("slack")
        version = talk.carried()["version"]  # an earlier card is of an older version: a click on it would only show the newest
        card = slack.message(slack.dm(), lambda message: f"{talk.request_id} {version}" in str(message.get("blocks")))
        slack.click(card, "approve")
        until(talk.request, lambda seen: seen["status"] == "answered")
        until(talk.request, lambda seen: all(copy["status"] in ("settled", "failed") for copy in seen["deliveries"]))
        cards = [message for message in slack.messages(slack.dm()) if talk.request_id in str(message.get("blocks"))]
        assert all("actions" not in {block["type"] for block in each["blocks"]} for each in cards)
        books = audit(server.data_dir)
        sent = [copy for copy in books.copies if copy["request_id"] and copy["channel"] == "slack" and copy["ref"] is not None]
        assert len(cards) == len(sent)
        moves = [entry for entry in books.chains[talk.session_id] if entry["action"] == "session.moved"]
        assert len(moves) == SWITCHES + 1  # and the last one, to Slack
