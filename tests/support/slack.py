"""A Slack nobody here wrote (npm local-slack): the Web API, signed events and clicks, windows, Socket Mode; and a proxy
before it that fails as scripted."""

import hmac
import json
import platform
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.support.faulty_proxy import Fault, FaultyProxy, run_in_thread
from tests.support.network_isolation import isolated
from tests.support.person import PATIENCE_S, Person, client, until
from tests.support.server import ROOT, free_port

COMMAND = Path(__file__).parent.parent / "peers/node_modules/local-slack-linux-x64/bin/local-slack"
TEAM, BOT, TOKEN, APP_TOKEN, SECRET = "T01TEST", "U0BOT", "xoxb-test", "xapp-test", "a signing secret"
DANA, EVE = "U0DANA", "U0EVE"
_LISTENING = re.compile(r"Web UI:\s+(http://\S+)")
Json = dict[str, Any]
__all__ = ["Fault", "Faults", "Slack", "deliver", "faults_beside", "link", "run_slack", "sign", "slack", "slack_server"]


class Slack:
    """One running Slack. It sends what people do to `hook`; `mode` is events or socket."""

    def __init__(self, url: str, hook_port: int) -> None:
        self.url, self.api_url, self.hook_port = url, f"{url}/api/", hook_port
        self._http = httpx.Client(base_url=url, timeout=PATIENCE_S, trust_env=False)
        self._left_open: list[tuple[str, str]] = []

    def reset(self) -> None:
        self._post("reset")

    def messages(self, channel: str) -> list[Json]:
        found: list[Json] = self._http.get(f"/_control/messages/{channel}").json()["messages"]
        return found

    def message(self, channel: str, fits: Callable[[Json], Any] = lambda _: True) -> Json:
        """The newest message of a conversation that fits, once there is one."""
        found: Json = until(lambda: [each for each in self.messages(channel) if fits(each)], bool)[-1]
        return found

    def dm(self, user: str = DANA) -> str:
        """The id of the direct conversation with the bot, opening it if need be."""
        reply = self._http.post("/api/conversations.open", json={"users": user}, headers={"Authorization": f"Bearer {TOKEN}"})
        return str(reply.json()["channel"]["id"])

    def say(self, channel: str, text: str, user: str = DANA, thread_ts: str | None = None) -> Json:
        """A person writes."""
        said: Json = self._post("message", channel=channel, user=user, text=text, thread_ts=thread_ts)["message"]
        return said

    def click(self, message: Json, verb: str, user: str = DANA) -> None:
        """A person presses one of the message's buttons."""
        block = next(block for block in message["blocks"] if block["type"] == "actions")
        button = next(each for each in block["elements"] if each["action_id"] == verb)
        action = {**button, "block_id": block["block_id"]}
        self._left_open = self.windows()
        self._post("interact", channel=message["channel"], messageTs=message["ts"], user=user, action=action)

    def command(self, channel: str, text: str, user: str = DANA) -> None:
        self._post("command", channel=channel, user=user, command="/assent", text=text)

    def submit(self, values: Json, user: str = DANA) -> Json:
        """A person fills in the open window and sends it; what the window said then (`view` or `view_errors`). That it was
        opened may be told only now, too."""
        with connect("ws" + self.url.removeprefix("http") + "/ui", max_size=None) as socket:
            opened = until(lambda: _told(socket), lambda stack: stack and stack != self._left_open)
            socket.send(json.dumps({"t": "view_submit", "user": user, "values": values}))
            while True:
                said: Json = json.loads(socket.recv(timeout=PATIENCE_S))
                if said["t"] == "view_errors" or (said["t"] == "view" and _known(said["stack"]) != opened):
                    return said

    def windows(self) -> list[tuple[str, str]]:
        """The windows that are open now."""
        with connect("ws" + self.url.removeprefix("http") + "/ui", max_size=None) as socket:
            return _told(socket)

    def _post(self, what: str, **body: Any) -> Json:
        reply = self._http.post(f"/_control/{what}", json={name: value for name, value in body.items() if value is not None})
        assert reply.status_code == 200, reply.text
        said: Json = reply.json()
        return said


def _told(socket: Any) -> list[tuple[str, str]]:
    """The open windows, as the user interface is told next; none where it is told of something else."""
    said = json.loads(socket.recv(timeout=PATIENCE_S))
    if said["t"] == "init":
        return _known(said["state"].get("modalStack") or [])
    return _known(said.get("stack") or []) if said["t"] == "view" else []


def _known(stack: list[Json]) -> list[tuple[str, str]]:
    """Windows by what changes with each of their states."""
    return [(view["id"], view["hash"]) for view in stack]


def _config(mode: str, hook_port: int) -> Json:
    app = {"appId": "A01APP", "botUserId": BOT, "botName": "assent", "botToken": TOKEN, "appToken": APP_TOKEN}
    app |= {"signingSecret": SECRET, "mode": mode, "requestUrl": f"http://127.0.0.1:{hook_port}/slack/events"}
    people = [{"id": DANA, "name": "dana", "real_name": "Dana D."}, {"id": EVE, "name": "eve", "real_name": "Eve E."}]
    general = {"id": "C0GENERAL", "name": "general", "members": [DANA, EVE, BOT]}
    return {"workspace": {"name": "Test", "teamId": TEAM}, "apps": [app], "users": people, "channels": [general]}


@contextmanager
def run_slack(place: Path, mode: str = "events", hook_port: int | None = None) -> Iterator[Slack]:
    """The peer's process."""
    _require()
    hook, port = hook_port or free_port(), free_port()
    config = place / "slack.json"
    config.write_text(json.dumps(_config(mode, hook)))
    listening = [str(COMMAND), "--config", str(config), "--port", str(port), "--base-host", "127.0.0.1"]
    with (
        isolated(listening, port, hook) as command,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
    ):
        try:
            yield Slack(_address(process), hook)
        finally:
            process.terminate()
            process.communicate()


def _require() -> None:
    """Skip where there is no such peer; where there is one it must be installed."""
    if COMMAND.exists():
        COMMAND.chmod(0o755)
    elif sys.platform == "linux" and platform.machine() == "x86_64":
        raise RuntimeError("npm local-slack is not installed: run `npm ci` in tests/peers, or `make test`")
    else:
        pytest.skip("npm local-slack runs on Linux on x64 alone")


def _address(process: subprocess.Popen[str]) -> str:
    said = []
    for line in process.stdout or ():
        said.append(line)
        if found := _LISTENING.search(line):
            return found[1]
    raise RuntimeError(f"the Slack peer did not start: {''.join(said)}")


@pytest.fixture(scope="session")
def slack_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slack]:
    with run_slack(tmp_path_factory.mktemp("slack")) as slack:
        yield slack


@pytest.fixture
def slack(slack_server: Slack) -> Slack:
    """The peer without messages."""
    slack_server.reset()
    return slack_server


class Faults(FaultyProxy):
    """A proxy before Slack's Web API; a call is named by its method."""

    base = "/api/"

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream.removesuffix(self.base), lambda _, path: path.removeprefix(self.base))


@contextmanager
def faults_beside(upstream: str) -> Iterator[Faults]:
    """The proxy on a thread of its own, for tests that wait for other processes."""
    with run_in_thread(faults := Faults(upstream)):
        yield faults


def sign(
    body: bytes, content_type: str = "application/json", *, at: int | str | None = None, secret: str = SECRET
) -> dict[str, str]:
    """The headers with which Slack would send these bytes."""
    stamp = str(int(time.time()) if at is None else at)
    signature = "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, "sha256").hexdigest()
    return {"Content-Type": content_type, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}


def deliver(url: str, event: Json, event_id: str | None = None, **headers: str) -> httpx.Response:
    """An event as Slack sends it."""
    payload = {"type": "event_callback", "team_id": TEAM, "event_id": event_id or f"Ev{uuid.uuid4().hex}", "event": event}
    body = json.dumps({**payload, "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}]}).encode()
    return client(url).post("/slack/events", content=body, headers={**sign(body), **headers})


def link(person: Person, slack: Slack, user: str = DANA) -> Json:
    """Prove that the Slack account is the person's; what the bot said to it."""
    code = person.http.post("/api/channels/slack/link").json()["code"]
    said = slack.say(slack.dm(user), f"link {code}", user)
    return slack.message(slack.dm(user), lambda message: message.get("thread_ts") == said["ts"])
