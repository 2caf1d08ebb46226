"""The agent's mailbox and people's addresses over the API: who may connect which, what is said where none is, pushes."""

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.support.emulated_google import (
    AGENT,
    DANA,
    PUSHER,
    TOPIC,
    Google,
    connect_google,
    connect_mailbox,
    email_of,
    run_google,
)
from tests.support.emulated_slack import SignIn
from tests.support.example_requests import ask
from tests.support.person import Person, client
from tests.support.problem_checks import refused
from tests.support.server import Server

INSTALL = "/api/channels/email/install"


@dataclass(frozen=True)
class Place:
    server: Server
    google: Google
    admin: Person
    dana: Person


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server with a Google whose mailboxes are not connected yet."""
    server = Server(tmp_path_factory.mktemp("email") / "data")
    with ExitStack() as stack:
        google = stack.enter_context(run_google(server.url))
        stack.callback(server.stop)
        server.start(**google.settings(), GMAIL_PUBSUB_TOPIC=TOPIC, GMAIL_PUSH_ACCOUNT=PUSHER)
        yield Place(server, google, server.person("Ada"), server.person("Dana"))


class TestMailbox:
    def test_is_connected_by_the_administrator_and_nobody_is_asked_without_one(self, place: Place) -> None:
        before = email_of(place.dana)
        assert (before["status"], before["set_up"], before["mailboxes"]) == ("disconnected", True, None)
        assert before["error"].startswith("The agent has no mailbox yet") and before["provider"] == "google"
        refused(place.dana.http.post(INSTALL), 403, "not_an_admin")
        refused(place.dana.http.post("/api/channels/email/link", json={"address": DANA}), 422)
        connect_mailbox(place.admin, place.google)
        assert email_of(place.admin)["mailboxes"] == [{"account": AGENT, "status": "connected", "error": None}]
        assert email_of(place.dana)["error"] is None

    def test_is_nobodys_address(self, place: Place) -> None:
        connect_mailbox(place.admin, place.google)
        begun = connect_google(place.dana, place.google, AGENT)
        refused(begun, 403, "account_taken")
        refused(place.dana.http.post("/api/channels/email/link", json={"address": AGENT.upper()}), 403, "account_taken")

    def test_is_looked_into_at_once_when_google_rings(self, place: Place) -> None:
        connect_mailbox(place.admin, place.google)
        hook = f"{place.server.url}/hooks/gmail"
        data = base64.b64encode(json.dumps({"emailAddress": AGENT, "historyId": 1}).encode()).decode()
        body = {"message": {"data": data}}
        refused(place.dana.http.post("/hooks/gmail", json=body), 401)
        signed = {"authorization": f"Bearer {place.google.push(hook)}"}
        assert place.dana.http.post("/hooks/gmail", json=body, headers=signed).status_code == 204
        refused(place.dana.http.post("/hooks/gmail", json={}, headers=signed), 400)


class TestAddress:
    def test_is_linked_by_signing_in_with_google(self, place: Place) -> None:
        assert connect_google(place.dana, place.google, DANA).headers["location"].endswith("/settings/channels?email=linked")
        assert email_of(place.dana)["account"] == DANA

    def test_needs_the_browser_that_began(self, place: Place) -> None:
        agreed = place.google.agree(SignIn(place.dana, "/api/auth/google/start").url, DANA)
        another = client(place.server.url, cookie=f"assent_oauth={'x' * 43}")
        refused(another.get("/api/auth/google/callback", params=agreed), 400, "bad_state")
        assert email_of(place.dana)["account"] is None

    def test_that_is_none_is_refused(self, place: Place) -> None:
        for wrong in ("dana", "", "dana@", "dana@example.org\r\nBcc: eve@example.net"):
            refused(place.dana.http.post("/api/channels/email/link", json={"address": wrong}), 422)


class TestMails:
    def test_of_a_request_are_for_those_who_may_see_it(self, place: Place) -> None:
        request = ask(place.dana, "confirmation")
        assert place.dana.get(f"/api/feedback/{request['id']}/mails") == {"items": []}
        refused(place.admin.http.get(f"/api/feedback/{request['id']}/mails"), 404)


class TestSecret:
    def test_of_a_mailbox_is_sealed(self, place: Place) -> None:
        connect_mailbox(place.admin, place.google)
        with sqlite3.connect(place.server.data_dir / "assent.db") as database:
            ((secret,),) = database.execute("SELECT secret FROM installations").fetchall()
        assert secret.startswith("gAAAA")
