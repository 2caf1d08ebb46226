"""Signing in at a provider: the state is good once, for whoever began, in the browser that began (A61, A63, A64, A67, A68).
What comes of it is in tests/journeys/test_slack_install.py."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from channels.slack.manifest import SCOPES
from tests.support.emulated_slack import Emulated, SignIn, install, run_emulate
from tests.support.person import Person, client
from tests.support.problem_checks import refused
from tests.support.server import Server
from tests.support.slack import Fault, Faults, faults_beside

PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"
CALLBACK = "/api/auth/slack/callback"
INSTALL = "/api/channels/slack/install"
Place = tuple[Server, Emulated, Faults]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server, its Slack, and what fails between them."""
    server = Server(tmp_path_factory.mktemp("oauth") / "data")
    with ExitStack() as stack:
        slack = stack.enter_context(run_emulate(server.url))
        faults = stack.enter_context(faults_beside(slack.api_url))
        stack.callback(server.stop)
        server.start(**{**slack.settings(), "SLACK_API_URL": faults.url})
        yield server, slack, faults


@pytest.fixture(scope="module")
def admin(place: Place) -> Person:
    """The first account."""
    return place[0].person("Ada")


@pytest.fixture
def dana(place: Place, admin: Person) -> Person:
    return place[0].person("Dana")


def slack_of(person: Person) -> dict[str, Any]:
    channel: dict[str, Any] = next(each for each in person.get("/api/channels")["items"] if each["type"] == "slack")
    return channel


def is_linked(person: Person) -> bool:
    return bool(slack_of(person)["linked"])


def led_to(reply: httpx.Response) -> str:
    """What the address of the web app's page says."""
    assert reply.status_code == 303, reply.text
    where = urlsplit(reply.headers["location"])
    assert where.path == "/settings/channels"
    return where.query


class TestSignIn:
    def test_asks_slack_for_the_identity_alone(self, place: Place, dana: Person) -> None:
        begun = SignIn(dana)
        assert begun.url.startswith(place[1].authorize_url + "?")
        assert (begun.query["user_scope"], begun.query["redirect_uri"]) == ("identity.basic", dana.url + CALLBACK)
        assert "scope" not in begun.query
        kept = begun.reply.headers["set-cookie"].lower()
        assert "httponly" in kept and "samesite=lax" in kept and "path=/api/auth" in kept

    def test_that_was_declined_links_nothing(self, dana: Person) -> None:
        begun = SignIn(dana)
        assert begun.back(state=begun.state, error="access_denied").headers["location"].endswith("?slack=refused")
        assert not is_linked(dana)

    def test_while_slack_is_out_of_order_may_be_begun_again(self, place: Place, dana: Person) -> None:
        _, slack, faults = place
        begun = SignIn(dana)
        faults.script("oauth.v2.access", Fault(503, "", "text/html"))
        assert "Start again" in refused(begun.back(**slack.agree(begun.url)), 503)["detail"]
        again = SignIn(dana)
        assert again.back(**slack.agree(again.url)).status_code == 303 and is_linked(dana)


class TestState:
    """A61"""

    def test_of_another_browser_is_refused(self, place: Place, dana: Person) -> None:
        begun, other = SignIn(dana), SignIn(place[0].person("Eve"))
        refused(other.back(state=begun.state, code="c"), 400, "bad_state")
        refused(client(dana.url).get(CALLBACK, params={"state": begun.state, "code": "c"}), 400, "bad_state")

    @pytest.mark.parametrize("state", ["", "x", "' OR 1=1", "x" * 200])
    def test_that_nobody_began_is_refused(self, dana: Person, state: str) -> None:
        refused(SignIn(dana).back(state=state, code="c"), 400, "bad_state")

    def test_of_another_provider_is_not_known(self, dana: Person) -> None:
        begun = SignIn(dana)
        refused(client(dana.url).get("/api/auth/nonesuch/callback", params={"state": begun.state, "code": "c"}), 404)


class TestBrowser:
    """A refusal leads to the web app, whose page says what its code means; nothing else is in the address."""

    @pytest.mark.parametrize("said", [{"code": "c"}, {"error": "access_denied"}, {}], ids=["agreed", "declined", "neither"])
    def test_with_a_state_that_is_not_good_is_led_back(self, dana: Person, said: dict[str, str]) -> None:
        assert led_to(SignIn(dana).back(PAGE, state="never begun here", **said)) == "slack=bad_state"

    def test_is_led_back_where_the_state_was_used_and_keeps_what_it_may_have_begun_since(self, dana: Person) -> None:
        begun = SignIn(dana)
        assert led_to(begun.back(PAGE, state=begun.state, error="access_denied")) == "slack=refused"
        used = begun.back(PAGE, state=begun.state, code="again")
        assert led_to(used) == "slack=bad_state" and "set-cookie" not in used.headers

    def test_is_led_back_where_slack_grants_nothing(self, dana: Person) -> None:
        begun = SignIn(dana)
        assert led_to(begun.back(PAGE, state=begun.state, code="a secret")) == "slack=not_granted"

    def test_at_no_provider_of_ours_is_told_so(self, dana: Person) -> None:
        refused(client(dana.url).get("/api/auth/nonesuch/callback", headers={"Accept": PAGE}), 404)


class TestInstall:
    def test_is_the_administrator_s(self, dana: Person) -> None:
        refused(dana.http.post(INSTALL), 403, "not_an_admin")

    @pytest.mark.parametrize("said", ['{"ok":true}', '{"ok":true,"team":5}'])
    def test_that_slack_does_not_explain_is_refused(self, place: Place, admin: Person, said: str) -> None:
        _, slack, faults = place
        begun = SignIn(admin, INSTALL)
        faults.script("oauth.v2.access", Fault(body=said))
        refused(begun.back(**slack.agree(begun.url)), 400, "not_granted")

    def test_in_a_whole_organisation_is_refused_and_says_where_instead(self, place: Place, admin: Person) -> None:
        """As Slack documents its answer: no team, the organisation instead."""
        _, slack, faults = place
        begun = SignIn(admin, INSTALL)
        said = {"ok": True, "access_token": "xoxb-1", "token_type": "bot", "scope": ",".join(SCOPES), "bot_user_id": "W0"}
        said |= {"team": None, "enterprise": {"id": "E1", "name": "Starship"}, "is_enterprise_install": True}
        faults.script("oauth.v2.access", Fault(body=json.dumps({**said, "authed_user": {"id": "W1"}})))
        assert "in each workspace" in refused(begun.back(**slack.agree(begun.url)), 400, "not_granted")["detail"]
        with sqlite3.connect(place[0].data_dir / "assent.db") as database:
            assert database.execute("SELECT account FROM installations").fetchall() == []

    def test_is_offered_to_the_administrator_alone_with_the_workspaces_that_have_it(
        self, place: Place, admin: Person, dana: Person
    ) -> None:
        assert slack_of(admin)["install"] == {"workspaces": []}
        assert install(admin, place[1]).status_code == 303
        assert slack_of(admin)["install"] == {"workspaces": ["Acme"]}
        assert slack_of(dana)["install"] is None
        assert [each["install"] for each in admin.get("/api/channels")["items"] if each["type"] != "slack"] == [None, None]

    def test_is_not_offered_where_the_settings_name_the_one_workspace(
        self, place: Place, make_server: Callable[..., Server]
    ) -> None:
        server = make_server().start(**place[1].settings(), SLACK_BOT_TOKEN="xoxb-own")
        ada = server.person("Ada")
        assert slack_of(ada)["sign_in"] and slack_of(ada)["install"] is None
        refused(ada.http.post(INSTALL), 404)

    def test_that_was_declined_is_told_apart_from_a_sign_in(self, admin: Person) -> None:
        begun = SignIn(admin, INSTALL)
        assert led_to(begun.back(PAGE, state=begun.state, error="access_denied")) == "slack=not_installed"


class TestFlood:
    def test_of_beginnings_is_bounded_and_what_is_kept_of_them(self, place: Place, admin: Person) -> None:
        server, *_ = place
        flooder = server.person("Flo")
        codes = [flooder.http.post("/api/auth/slack/start").status_code for _ in range(22)]
        assert codes == [200] * 20 + [429] * 2
        assert flooder.http.post("/api/auth/slack/start").json()["retry_after"] >= 1
        with sqlite3.connect(server.data_dir / "assent.db") as db:
            [(kept,)] = db.execute("SELECT count(*) FROM link_proofs WHERE person_id = ?", (flooder.id,))
        assert kept == 20
