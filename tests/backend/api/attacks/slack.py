"""Attacks through Slack's door: who speaks, when, how much, in which form, and as whom."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.backend.api.attacks import row
from tests.support.person import Person, client
from tests.support.server import Server
from tests.support.slack import BOT, DANA, EVE, TEAM, Slack, sign

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
NOW = int(time.time())
NOTHING = '{"type":"block_actions","user":{},"actions":[{"action_id":"approve"}]}'


@dataclass(frozen=True)
class SlackScene:
    """A server connected to a Slack; Dana, whose account is linked, with an open request whose card is `card`."""

    server: Server
    slack: Slack
    dana: Person
    request: dict[str, Any]
    card: dict[str, Any]


def card_of(slack: Slack, request_id: str) -> dict[str, Any]:
    return slack.message(slack.dm(), lambda message: request_id in str(message.get("blocks")))


Send = Callable[[SlackScene], httpx.Response]


def post(scene: SlackScene, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return client(scene.server.url).post("/slack/events", content=body, headers=headers)


def said(text: str = "pay 999 to Mallory", **more: Any) -> bytes:
    """Dana's word as an event."""
    event = {"type": "message", "user": DANA, "text": text, "channel": "D1", "channel_type": "im", "ts": "1.5", **more}
    allowed = [{"team_id": TEAM, "user_id": BOT, "is_bot": True}]
    return json.dumps(
        {"type": "event_callback", "team_id": TEAM, "event_id": "EvX", "event": event, "authorizations": allowed}
    ).encode()


def click(scene: SlackScene, user: str = DANA, verb: str = "approve", value: str | None = None, team: str = TEAM) -> bytes:
    """A click on Dana's card."""
    action = {
        "action_id": verb,
        "value": value or f"{scene.request['id']} 1",
        "action_ts": "1.1",
        "block_id": "b",
        "type": "button",
    }
    container = {"type": "message", "channel_id": scene.card["channel"], "message_ts": scene.card["ts"]}
    payload = {"type": "block_actions", "team": {"id": TEAM}, "user": {"id": user, "team_id": team}, "trigger_id": "t"}
    return urlencode({"payload": json.dumps({**payload, "container": container, "actions": [action]})}).encode()


def signed(body: bytes | Callable[[SlackScene], bytes], kind: str = JSON, **how: Any) -> Send:
    def send(scene: SlackScene) -> httpx.Response:
        made = body(scene) if callable(body) else body
        return post(scene, made, sign(made, kind, **how))

    return send


def without(name: str) -> Send:
    def send(scene: SlackScene) -> httpx.Response:
        made = click(scene)
        return post(scene, made, {key: value for key, value in sign(made, FORM).items() if key != name})

    return send


def with_signature(value: str) -> Send:
    return lambda scene: post(scene, click(scene), {**sign(click(scene), FORM), "X-Slack-Signature": value})


def signed_otherwise(scene: SlackScene) -> httpx.Response:
    """The same click, encoded in another way than it was signed."""
    made = click(scene)
    return post(scene, made.replace(b"+", b"%20").replace(b"%3A", b":"), sign(made, FORM))


def moved(scene: SlackScene) -> httpx.Response:
    """One call's signature on another's body."""
    return post(scene, click(scene), sign(said(), FORM))


ROWS = [
    row("A37", "a megabyte without a signature", 401, lambda scene: post(scene, b"x" * 1_000_000, {})),
    row("A37", "no signature", 401, without("X-Slack-Signature")),
    row("A37", "no timestamp", 401, without("X-Slack-Request-Timestamp")),
    row("A37", "no headers", 401, lambda scene: post(scene, click(scene), {"Content-Type": FORM})),
    row("A37", "empty signature", 401, with_signature("")),
    row("A37", "signature of nothing", 401, with_signature("v0=")),
    row("A37", "another version", 401, with_signature("v1=" + "0" * 64)),
    row("A37", "another secret", 401, signed(click, FORM, secret="not it")),
    row("A37", "an empty secret", 401, signed(click, FORM, secret="")),
    row("A37", "signed over another encoding", 401, signed_otherwise),
    row("A37", "another call's signature", 401, moved),
    row("A38", "too old", 401, signed(click, FORM, at=NOW - 400)),
    row("A38", "from the future", 401, signed(click, FORM, at=NOW + 4000)),
    row("A38", "a text", 401, signed(click, FORM, at="yesterday")),
    row("A38", "milliseconds", 401, signed(click, FORM, at=NOW * 1000)),
    row("A38", "negative", 401, signed(click, FORM, at=-NOW)),
    row("A40", "ten megabytes", 413, signed(b"x" * 10_000_000)),
    row("A40", "ten megabytes, unsigned", 413, lambda scene: post(scene, b"x" * 10_000_000, {"Content-Type": JSON})),
    row("A40", "no JSON", 400, signed(b"{")),
    row("A40", "nothing", 400, signed(b"")),
    row("A40", "a list", 400, signed(b"[]")),
    row("A40", "nested", 400, signed(b'{"a":' * 50_000)),
    row("A40", "a payload that is none", 400, signed(b"payload=x", FORM)),
    row("A40", "a payload within a payload", 400, signed(urlencode({"payload": urlencode({"payload": "{}"})}).encode(), FORM)),
    row("A40", "JSON called a form", 400, signed(said(), FORM)),
    row("A40", "a form called JSON", 400, signed(click, JSON)),
    row("A40", "an event that is a number", 400, signed(b'{"type":"event_callback","event_id":"e","event":5}')),
    row("A40", "a click on nothing", 400, signed(urlencode({"payload": NOTHING}).encode(), FORM)),
    row("A41", "another user clicks", 200, signed(lambda scene: click(scene, EVE), FORM)),
    row("A41", "the same user id elsewhere", 200, signed(lambda scene: click(scene, DANA, team="T99"), FORM)),
    row("A41", "another user opens the form", 200, signed(lambda scene: click(scene, EVE, "reject"), FORM)),
    row("A41", "a request of nobody's", 200, signed(lambda scene: click(scene, value="req_none 1"), FORM)),
    row("A41", "an action that is not offered", 200, signed(lambda scene: click(scene, verb="continue"), FORM)),
    row("A41", "an older version", 200, signed(lambda scene: click(scene, value=f"{scene.request['id']} 0"), FORM)),
    row("A41", "a value that is not ours", 400, signed(lambda scene: click(scene, value="approve"), FORM)),
    row("A44", "an unsigned challenge", 401, lambda scene: post(scene, b'{"type":"url_verification","challenge":"x"}', {})),
    row("A47", "a bot's word", 200, signed(said(bot_id="B1"))),
    row("A47", "our own word", 200, signed(said(user=BOT))),
    row("A47", "a bot's word of old", 200, signed(said(subtype="bot_message"))),
    row("A47", "a change of a word", 200, signed(said(subtype="message_changed"))),
    row("A47", "a stranger's word", 200, signed(said(user=EVE))),
]
