"""Slack from its installation on, by OAuth 2: an administrator lets us in, people link themselves, both talk, Slack refuses."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from channels.slack.manifest import SCOPES
from tests.support.emulated_slack import BOT, NARROW, SECRET, UNKNOWN, Emulated, SignIn, connect_slack, install, run_emulate
from tests.support.example_requests import ask
from tests.support.person import Person, until
from tests.support.problem_checks import refused
from tests.support.server import Server
from tests.support.slack import sign

INSTALL = "/api/channels/slack/install"
Place = tuple[Server, Emulated]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server, and the Slack in which its app is registered."""
    server = Server(tmp_path_factory.mktemp("slack") / "data")
    with run_emulate(server.url) as slack:
        try:
            server.start(**slack.settings())
            yield server, slack
        finally:
            server.stop()


@pytest.fixture(scope="module")
def admin(place: Place) -> Person:
    """The first account."""
    return place[0].person("Ada")


@pytest.fixture(scope="module")
def installed(place: Place, admin: Person) -> httpx.Response:
    """The workspace has the app; what the administrator's browser was told."""
    return install(admin, place[1])


@pytest.fixture
def dana(place: Place, installed: httpx.Response) -> Iterator[Person]:
    """Somebody who linked their Slack account by signing in there, and wants to be asked there first."""
    server, slack = place
    person = server.person("Dana")
    assert connect_slack(person, slack).headers["location"].endswith("?slack=linked")
    first_slack(person)
    yield person
    person.http.delete("/api/channels/slack")


def first_slack(person: Person) -> None:
    assert person.http.put("/api/channels", json={"items": [{"type": "slack"}, {"type": "chat"}]}).status_code == 200


def slack_of(person: Person) -> dict[str, Any]:
    channel: dict[str, Any] = next(each for each in person.get("/api/channels")["items"] if each["type"] == "slack")
    return channel


def about(request: dict[str, Any]) -> Callable[[dict[str, Any]], bool]:
    return lambda message: request["id"] in str(message.get("blocks"))


class TestInstall:
    def test_asks_slack_for_the_scopes_of_the_manifest_and_to_come_back_here(self, place: Place, admin: Person) -> None:
        server, slack = place
        begun = SignIn(admin, INSTALL)
        assert begun.url.startswith(slack.authorize_url)
        assert begun.query["scope"].split(",") == list(SCOPES)
        assert begun.query["redirect_uri"] == f"{server.url}/api/auth/slack/callback"
        assert slack.page(begun.url).status_code == 200
        assert slack.page(begun.url.replace("callback", "elsewhere")).status_code == 400

    def test_keeps_a_token_that_works_and_that_nobody_can_read(self, place: Place, installed: httpx.Response) -> None:
        server, _ = place
        assert installed.headers["location"].endswith("/settings/channels?slack=installed")
        with sqlite3.connect(server.data_dir / "assent.db") as database:
            (team, secret, status) = database.execute("SELECT account, secret, status FROM installations").fetchone()
        assert (team, status) == ("T000000001", "connected") and secret
        files = [path for path in server.data_dir.rglob("*") if path.is_file()]
        assert files and not [path for path in files if b"xoxb-" in path.read_bytes() or b"xoxp-" in path.read_bytes()]
        log = server.log.read_text()
        assert log and "xoxb-" not in log and "xoxp-" not in log

    def test_with_fewer_rights_is_refused_and_says_which(self, place: Place, admin: Person) -> None:
        begun = SignIn(admin, INSTALL)
        agreed = place[1].agree(begun.url, scope=",".join(SCOPES[1:]))
        assert SCOPES[0] in refused(begun.back(**agreed), 400, "not_granted")["detail"]

    def test_with_a_code_slack_never_gave_is_refused(self, admin: Person) -> None:
        begun = SignIn(admin, INSTALL)
        refused(begun.back(state=begun.state, code="guessed"), 400, "not_granted")

    def test_with_a_code_that_was_given_to_another_address_is_refused(self, place: Place, admin: Person) -> None:
        begun = SignIn(admin, INSTALL)
        agreed = place[1].agree(begun.url, redirect_uri="http://elsewhere.example/api/auth/slack/callback")
        refused(begun.back(**agreed), 400, "not_granted")


class TestState:
    """A61"""

    def test_is_good_once(self, place: Place, admin: Person) -> None:
        begun = SignIn(admin, INSTALL)
        agreed = place[1].agree(begun.url)
        assert begun.back(**agreed).status_code == 303
        refused(begun.back(**agreed), 400, "bad_state")

    def test_that_was_altered_on_the_way_is_refused(self, place: Place, admin: Person) -> None:
        begun = SignIn(admin, INSTALL)
        refused(begun.back(**place[1].agree(begun.url, state="another")), 400, "bad_state")

    def test_of_another_browser_is_refused(self, place: Place, admin: Person) -> None:
        begun, other = SignIn(admin, INSTALL), SignIn(admin, INSTALL)
        refused(other.back(**place[1].agree(begun.url)), 400, "bad_state")


class TestLink:
    def test_is_proven_by_signing_in_at_slack(self, place: Place, dana: Person) -> None:
        channel = slack_of(dana)
        account = f"{place[1].users['dana']} in Acme"
        assert (channel["linked"], channel["account"], channel["status"]) == (True, account, "connected")

    def test_of_an_account_that_is_somebody_else_s_is_refused(self, place: Place, dana: Person) -> None:
        server, slack = place
        mallory = server.person("Mallory")
        assert connect_slack(mallory, slack, "dana").status_code == 403
        assert not slack_of(mallory)["linked"]


class TestQuestion:
    def test_goes_out_and_is_closed_when_it_is_answered_in_the_web_app(self, place: Place, dana: Person) -> None:
        _, slack = place
        request = ask(dana, "confirmation")
        message = slack.message("dana", about(request))
        assert message["user"] == BOT and message["text"]
        assert any(block["type"] == "actions" for block in message["blocks"])
        assert dana.answer(request["id"], "approve").status_code == 200
        closed = slack.message("dana", lambda now: now["ts"] == message["ts"] and now.get("edited"))
        assert "*Approved* by Dana" in str(closed["blocks"])
        assert not any(block["type"] == "actions" for block in closed["blocks"])


class TestConversation:
    def test_begins_with_a_signed_event_and_goes_on_in_its_thread(self, place: Place, dana: Person) -> None:
        _, slack = place
        root = slack.say("dana", "calc 6 * 7")
        reply = slack.message("dana", lambda message: "42" in message["text"] and message["user"] == BOT, root["ts"])
        assert reply["thread_ts"] == root["ts"]
        slack.say("dana", "calc 6 * 8", root["ts"])
        slack.message("dana", lambda message: "48" in message["text"] and message["user"] == BOT, root["ts"])
        (session,) = dana.get("/api/sessions")["items"]
        said = [message["content"] for message in dana.get(f"/api/sessions/{session['id']}/messages")["items"]]
        assert "calc 6 * 7" in said and "calc 6 * 8" in said

    def test_of_somebody_who_is_not_linked_is_answered_with_how_to_link(self, place: Place, installed: httpx.Response) -> None:
        _, slack = place
        root = slack.say("eve", "pay 500 to Eve")
        told = slack.message("eve", lambda message: message["user"] == BOT, root["ts"])
        assert "not linked" in told["text"]

    def test_links_with_a_code_and_the_name_slack_knows(self, place: Place, installed: httpx.Response) -> None:
        server, slack = place
        eve = server.person("Eve")
        root = slack.say("eve", f"link {eve.http.post('/api/channels/slack/link').json()['code']}")
        slack.message("eve", lambda message: message["user"] == BOT, root["ts"])
        assert slack_of(eve)["account"] == "Eve Slack"
        assert eve.http.delete("/api/channels/slack").status_code == 204


class TestGoodbye:
    def test_lasts_until_the_app_is_installed_again(self, place: Place, admin: Person, dana: Person) -> None:
        server, slack = place
        event = {"type": "event_callback", "team_id": "T000000001", "event_id": "Ev1", "event": {"type": "app_uninstalled"}}
        body = json.dumps(event).encode()
        sent = httpx.post(f"{server.url}/slack/events", content=body, headers=sign(body, secret=SECRET), trust_env=False)
        assert sent.status_code == 200
        lost = slack_of(dana)
        assert (lost["status"], lost["error"]) == ("disconnected", "The app was removed from the Slack workspace.")
        assert install(admin, slack).status_code == 303
        assert (slack_of(dana)["status"], slack_of(dana)["error"]) == ("connected", None)
        request = ask(dana)
        slack.message("dana", about(request))


class TestRefusal:
    """Slack takes our token no more, or not for this: the question reaches its person elsewhere, the web app says why."""

    @pytest.mark.parametrize(
        ("token", "error"),
        [(NARROW, "lacks a permission. An administrator must install it again"), (UNKNOWN, "Slack denied access: invalid_auth")],
        ids=["scope missing", "token unknown"],
    )
    def test_moves_the_question_to_the_next_channel_at_once(
        self, make_server: Callable[..., Server], token: str, error: str
    ) -> None:
        server = make_server()
        with run_emulate(server.url) as slack:
            server.start(**slack.settings(), SLACK_BOT_TOKEN=token)
            dana = server.person("Dana")
            connect_slack(dana, slack)
            first_slack(dana)
            request = ask(dana, "text")
            first, second = until(
                lambda: dana.get(f"/api/feedback/{request['id']}")["deliveries"], lambda copies: len(copies) == 2
            )
            assert (first["channel"], first["status"], second["channel"]) == ("slack", "failed", "chat")
            channel = slack_of(dana)
            assert channel["status"] == "disconnected" and error in channel["error"] and error in first["error"]
            assert slack.messages("dana") == []
            assert dana.answer(request["id"], "submit", feedback="here").status_code == 200
