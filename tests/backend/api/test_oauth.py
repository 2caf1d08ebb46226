"""Signing in at a provider: the state is good once, for whoever began, in the browser that began (A61, A63, A64, A67, A68)."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from aiohttp import web

from channels.slack.manifest import SCOPES
from tests.support.person import Person, client
from tests.support.problems import refused
from tests.support.server import Server, free_port
from tests.support.slack import SECRET

BACK = "/settings/channels"
CALLBACK = "/api/auth/slack/callback"


class Grants:
    """The token endpoint, answering what a test wants; what it was asked."""

    def __init__(self) -> None:
        self.port, self.asked = free_port(), list[dict[str, str]]()
        self.reply: dict[str, Any] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Grants":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._loop.run_forever()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_post("/api/oauth.v2.access", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        return web.Response(text=json.dumps(self.reply), content_type="application/json")


def granted(user: str, team: str = "T7", **more: Any) -> dict[str, Any]:
    return {"ok": True, "team": {"id": team, "name": "Acme"}, "authed_user": {"id": user, "access_token": "xoxp-user"}, **more}


def installed(scopes: tuple[str, ...] = SCOPES) -> dict[str, Any]:
    return granted("U1", token_type="bot", access_token="xoxb-c4n4ry", scope=",".join(scopes), bot_user_id="UB")


@pytest.fixture(scope="module")
def grants() -> Iterator[Grants]:
    with Grants() as running:
        yield running


@pytest.fixture(scope="module")
def server(grants: Grants, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("oauth") / "data")
    api = f"http://127.0.0.1:{grants.port}/api"
    running.start(SLACK_CLIENT_ID="1.2", SLACK_CLIENT_SECRET="client secret", SLACK_SIGNING_SECRET=SECRET, SLACK_API_URL=api)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def admin(server: Server) -> Person:
    """The first account."""
    return server.person("Ada")


@pytest.fixture
def dana(server: Server, admin: Person) -> Person:
    return server.person("Dana")


def begin(person: Person, path: str = "/api/auth/slack/start") -> tuple[str, httpx.Client]:
    """The state, and the browser that began."""
    reply = person.http.post(path)
    assert reply.status_code == 200, reply.text
    query = parse_qs(urlsplit(reply.json()["url"]).query)
    browser = client(person.url)
    browser.cookies.update(reply.cookies)
    return query["state"][0], browser


def come_back(browser: httpx.Client, **query: str) -> httpx.Response:
    return browser.get(CALLBACK, params=query)


class TestSignIn:
    def test_sends_the_browser_to_slack_for_the_identity_alone(self, dana: Person) -> None:
        reply = dana.http.post("/api/auth/slack/start")
        parts = urlsplit(reply.json()["url"])
        query = parse_qs(parts.query)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://slack.com/oauth/v2/authorize"
        assert (query["user_scope"], query["redirect_uri"]) == (
            ["identity.basic"],
            [dana.url + CALLBACK],
        ) and "scope" not in query
        kept = reply.headers["set-cookie"].lower()
        assert "httponly" in kept and "samesite=lax" in kept and "path=/api/auth" in kept

    def test_links_the_account_slack_names(self, dana: Person, grants: Grants) -> None:
        grants.reply = granted("U100")
        state, browser = begin(dana)
        reply = come_back(browser, state=state, code="the code")
        assert (reply.status_code, reply.headers["location"]) == (303, f"{dana.url}{BACK}?slack=linked")
        assert (grants.asked[-1]["code"], grants.asked[-1]["redirect_uri"]) == ("the code", dana.url + CALLBACK)
        slack = next(each for each in dana.get("/api/channels")["items"] if each["type"] == "slack")
        assert (slack["linked"], slack["account"]) == (True, "U100 in Acme")

    def test_that_was_declined_links_nothing(self, dana: Person) -> None:
        state, browser = begin(dana)
        reply = come_back(browser, state=state, error="access_denied")
        assert reply.headers["location"].endswith("?slack=refused")
        assert not next(each for each in dana.get("/api/channels")["items"] if each["type"] == "slack")["linked"]

    def test_with_somebody_else_s_account_is_refused(self, server: Server, dana: Person, grants: Grants) -> None:
        grants.reply = granted("U200")
        for person, status in ((server.person("Bo"), 303), (dana, 403)):
            state, browser = begin(person)
            assert come_back(browser, state=state, code="c").status_code == status


class TestState:
    """A61"""

    def test_is_good_once(self, dana: Person, grants: Grants) -> None:
        grants.reply = granted("U300")
        state, browser = begin(dana)
        cookies = dict(browser.cookies)
        assert come_back(browser, state=state, code="c").status_code == 303
        browser.cookies.update(cookies)
        refused(come_back(browser, state=state, code="c"), 400, "bad_state")

    def test_of_another_browser_is_refused(self, server: Server, dana: Person) -> None:
        state, _ = begin(dana)
        _, other = begin(server.person("Eve"))
        refused(come_back(other, state=state, code="c"), 400, "bad_state")
        refused(come_back(client(dana.url), state=state, code="c"), 400, "bad_state")

    @pytest.mark.parametrize("state", ["", "x", "' OR 1=1", "x" * 200])
    def test_that_nobody_began_is_refused(self, dana: Person, state: str) -> None:
        _, browser = begin(dana)
        refused(come_back(browser, state=state, code="c"), 400, "bad_state")

    def test_of_another_provider_is_not_known(self, dana: Person) -> None:
        state, browser = begin(dana)
        refused(browser.get("/api/auth/nonesuch/callback", params={"state": state, "code": "c"}), 404)


class TestInstall:
    def test_is_the_administrator_s(self, dana: Person) -> None:
        refused(dana.http.post("/api/channels/slack/install"), 403, "not_an_admin")

    def test_keeps_the_token_sealed(self, server: Server, admin: Person, grants: Grants) -> None:
        grants.reply = installed()
        state, browser = begin(admin, "/api/channels/slack/install")
        assert come_back(browser, state=state, code="c").headers["location"].endswith("?slack=installed")
        files = [path for path in server.data_dir.rglob("*") if path.is_file()]
        assert files and not [path for path in files if b"xoxb-c4n4ry" in path.read_bytes()]
        assert "xoxb-c4n4ry" not in server.log.read_text()

    def test_with_fewer_rights_is_refused_and_says_which(self, admin: Person, grants: Grants) -> None:
        grants.reply = installed(SCOPES[1:])
        state, browser = begin(admin, "/api/channels/slack/install")
        assert SCOPES[0] in refused(come_back(browser, state=state, code="c"), 400, "not_granted")["detail"]

    @pytest.mark.parametrize("reply", [{"ok": False, "error": "invalid_code"}, {"ok": True}, {"ok": True, "team": 5}])
    def test_that_slack_does_not_grant_is_refused(self, admin: Person, grants: Grants, reply: dict[str, Any]) -> None:
        grants.reply = reply
        state, browser = begin(admin, "/api/channels/slack/install")
        refused(come_back(browser, state=state, code="c"), 400, "not_granted")
