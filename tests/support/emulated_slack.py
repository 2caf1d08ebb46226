"""A Slack nobody here wrote (npm emulate): its own page to sign in at, OAuth 2, tokens with just the scopes they were given, and
signed events for what people write."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from channels.slack.manifest import SCOPES, manifest
from tests.support.person import PATIENCE_S, Person, client, until

LAUNCHER = Path(__file__).with_suffix(".mjs")
PACKAGE = Path(__file__).parent.parent / "peers/node_modules/emulate/dist/api.js"
CLIENT_ID, CLIENT_SECRET, SECRET = "10.20", "the app's client secret", "the app's signing secret"
BOT, PEOPLE = "U0ASSENT", ("dana", "eve")
NARROW, UNKNOWN = "xoxb-without-chat-write", "xoxb-that-nobody-gave-out"
_HUMAN = ["chat:write", "im:history", "im:read", "im:write", "users:read"]
_LISTENING = re.compile(r"emulate listens on (http://\S+)")
Json = dict[str, Any]


class Emulated:
    """One running Slack, asked with the tokens of the people in it."""

    def __init__(self, url: str) -> None:
        self.url, self.api_url, self.authorize_url = url, f"{url}/api/", f"{url}/oauth/v2/authorize"
        self._http = httpx.Client(base_url=url, timeout=PATIENCE_S, trust_env=False)
        self.users = {each["name"]: str(each["id"]) for each in self.call("dana", "users.list")["members"]}

    def settings(self) -> Json:
        """What a server needs to be this Slack's app."""
        app = {"SLACK_CLIENT_ID": CLIENT_ID, "SLACK_CLIENT_SECRET": CLIENT_SECRET, "SLACK_SIGNING_SECRET": SECRET}
        return {**app, "SLACK_API_URL": self.api_url, "SLACK_AUTHORIZE_URL": self.authorize_url}

    def call(self, name: str, method: str, **asked: Any) -> Json:
        """One call as a person, which Slack takes."""
        headers = {"Authorization": f"Bearer xoxp-{name}"}
        said: Json = self._http.post(f"/api/{method}", json=asked, headers=headers).json()
        assert said["ok"], said
        return said

    def dm(self, name: str) -> str:
        """The id of the person's direct conversation with the bot."""
        return str(self.call(name, "conversations.open", users=BOT)["channel"]["id"])

    def say(self, name: str, text: str, thread_ts: str | None = None) -> Json:
        """A person writes to the bot; Slack tells the app before this returns."""
        thread = {"thread_ts": thread_ts} if thread_ts else {}
        said: Json = self.call(name, "chat.postMessage", channel=self.dm(name), text=text, **thread)["message"]
        return said

    def messages(self, name: str, thread_ts: str | None = None) -> list[Json]:
        """The person's conversation with the bot, or one thread of it, as Slack keeps it."""
        method, thread = ("conversations.replies", {"ts": thread_ts}) if thread_ts else ("conversations.history", {})
        found: list[Json] = self.call(name, method, channel=self.dm(name), **thread)["messages"]
        return found

    def message(self, name: str, fits: Callable[[Json], Any], thread_ts: str | None = None) -> Json:
        """A message that fits, once there is one."""
        found: Json = until(lambda: [each for each in self.messages(name, thread_ts) if fits(each)], bool)[0]
        return found

    def agree(self, url: str, name: str = "dana", **changed: str) -> dict[str, str]:
        """A person opens the page to sign in and chooses their account; the query the browser is sent back with.
        `changed`: what somebody alters in the form before."""
        page = self._http.get(url)
        assert page.status_code == 200, page.text
        form = _form_of(page.text, self.users[name])
        reply = self._http.post("/oauth/v2/authorize/callback", data={**form, **changed})
        assert reply.status_code == 302, reply.text
        return {key: values[0] for key, values in parse_qs(urlsplit(reply.headers["location"]).query).items()}

    def page(self, url: str) -> httpx.Response:
        """The page to sign in, as a browser gets it."""
        return self._http.get(url)


class SignIn:
    """A browser that was sent to the provider, and comes back from there."""

    def __init__(self, person: Person, path: str = "/api/auth/slack/start") -> None:
        reply = person.http.post(path)
        assert reply.status_code == 200, reply.text
        self.url, self.reply = str(reply.json()["url"]), reply
        self.query = {key: values[0] for key, values in parse_qs(urlsplit(self.url).query).items()}
        self.state = self.query["state"]
        self._url, self._cookies = person.url, dict(reply.cookies)
        self._back = urlsplit(self.query["redirect_uri"]).path

    def back(self, accept: str = "application/json", **query: str) -> httpx.Response:
        """The provider sends the browser back; it still has the cookie it began with."""
        browser = client(self._url)
        browser.cookies.update(self._cookies)
        return browser.get(self._back, params=query, headers={"Accept": accept})


def connect_slack(person: Person, slack: Emulated, name: str = "dana", path: str = "/api/auth/slack/start") -> httpx.Response:
    """Go to Slack, agree, come back."""
    sign_in = SignIn(person, path)
    return sign_in.back(**slack.agree(sign_in.url, name))


def install(admin: Person, slack: Emulated) -> httpx.Response:
    return connect_slack(admin, slack, path="/api/channels/slack/install")


@contextmanager
def run_emulate(server_url: str, app: Json | None = None) -> Iterator[Emulated]:
    """The peer's process, with the app of a server registered there: as its manifest says."""
    app = app or manifest(server_url, socket_mode=False)
    if not PACKAGE.exists():
        raise RuntimeError("npm emulate is not installed: run `npm ci` in tests/peers, or `make test`")
    command = [
        "node",
        str(LAUNCHER),
        json.dumps({"hook": app["settings"]["event_subscriptions"]["request_url"], "seed": _seed(app)}),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield Emulated(address_of(process))
        finally:
            process.terminate()
            process.communicate()


def _seed(manifest: Json) -> Json:
    asked = manifest["oauth_config"]
    app: Json = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "name": "Assent",
        "bot_name": "assent",
        "bot_user_id": BOT,
    }
    app |= {"redirect_uris": asked["redirect_urls"], "scopes": asked["scopes"]["bot"]}
    people = [{"name": name, "real_name": f"{name.title()} Slack"} for name in PEOPLE]
    tokens: list[Json] = [{"token": f"xoxp-{name}", "user": name, "type": "user", "scopes": _HUMAN} for name in PEOPLE]
    narrow = [scope for scope in SCOPES if scope != "chat:write"]
    tokens.append({"token": NARROW, "user": BOT, "type": "bot", "bot_user_id": BOT, "scopes": narrow})
    rules = {"strict_scopes": True, "signing_secret": SECRET, "team": {"name": "Acme"}}
    return {**rules, "users": people, "oauth_apps": [app], "tokens": tokens}


def address_of(process: subprocess.Popen[str]) -> str:
    """Where the peer listens, once it says so."""
    said = []
    for line in process.stdout or ():
        said.append(line)
        if found := _LISTENING.search(line):
            return found[1]
    raise RuntimeError(f"npm emulate did not start: {''.join(said)}")


def _form_of(page: str, user: str) -> dict[str, str]:
    """The hidden fields behind one account's button."""
    reader = Forms()
    reader.feed(page)
    return next(form for form in reader.forms if form.get("user_id") == user)


class Forms(HTMLParser):
    """The hidden fields of each form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag == "form":
            self.forms.append({})
        elif tag == "input" and known.get("name"):
            self.forms[-1][str(known["name"])] = known.get("value") or ""
