"""Whatever a client sends, to whatever route of the OpenAPI document or over a WebSocket, it is understood or refused;
never a fault."""

import contextlib
import json
import random
import re
import socket
import struct
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.api.live.client_frames import FrameError, Ping, read_frame
from tests.backend.api.attacks.slack import FORM, JSON, SlackScene, click, post, said
from tests.backend.api.test_access import APP
from tests.support.example_requests import ASKS, ask
from tests.support.mutated_text import broken_frames, mutations
from tests.support.person import Person, Socket, raw_socket, until
from tests.support.problem_checks import refused
from tests.support.server import Server
from tests.support.slack import TEAM, sign

DOCUMENT = APP.openapi()
SENT = sorted(
    f"{method.upper()} {path}"
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if "application/json" in operation.get("requestBody", {}).get("content", {}) and path != "/api/auth/register"
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["", "0", "-1", "\x00", "\ud800", "a@b.cd"])
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8
)


def schema_of(node: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference followed."""
    name = node.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][name] if name else node
    return found


def values(node: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that the schema describes, more or less, with anything else in between."""
    schema = schema_of(node)
    if depth > 4:
        return ANYTHING
    if "anyOf" in schema:
        return st.one_of(*(values(option, depth) for option in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]]) | SCALARS
    match schema.get("type"):
        case "object" if "properties" in schema:
            parts = {name: values(part, depth + 1) for name, part in schema["properties"].items()}
            required = {name: parts.pop(name) for name in schema.get("required", ())}
            return st.fixed_dictionaries(required, optional=parts)
        case "array":
            return st.lists(values(schema.get("items", {}), depth + 1), max_size=3)
        case "string":
            return st.text(min_size=1, max_size=20) | ANYTHING
        case "number" | "integer":
            return st.integers(-5, 5) | st.floats(0, 10) | ANYTHING
        case "boolean":
            return st.booleans() | ANYTHING
        case _:
            return ANYTHING


@pytest.fixture(scope="module")
def fay(server: Server) -> Person:
    """Somebody whose own password may be guessed at until no more guesses are taken."""
    return server.person("Fay")


class TestBody:
    @pytest.mark.parametrize("operation", SENT)
    def test_of_any_kind_is_never_a_fault(self, fay: Person, operation: str) -> None:
        method, path = operation.split(" ")
        body = DOCUMENT["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]
        request = ask(fay, "form")
        filled = path.format(request_id=request["id"], approval_id=request["id"], session_id=request["session_id"])

        @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(values(body) | ANYTHING)
        def send(sent: Any) -> None:
            content = json.dumps(sent).encode("utf-8", "surrogatepass")
            reply = fay.http.request(method, filled, content=content, headers={"Content-Type": "application/json"})
            assert reply.status_code < 500, (sent, reply.text)
            if reply.is_error:
                refused(reply, reply.status_code)

        send()


class TestQuery:
    @pytest.mark.parametrize(
        "path",
        [
            "/api/sessions",
            "/api/feedback",
            "/api/sessions/{session_id}/events",
            "/api/sessions/{session_id}/audit",
            "/api/feedback/{request_id}",
        ],
    )
    def test_of_any_kind_is_never_a_fault(self, fay: Person, path: str) -> None:
        request = ask(fay)
        filled = path.format(session_id=request["session_id"], request_id=request["id"])
        names = [parameter["name"] for parameter in DOCUMENT["paths"][path]["get"]["parameters"] if parameter["in"] == "query"]
        text = (
            st.text(st.characters(codec="utf-8"), max_size=20)
            | st.integers().map(str)
            | st.sampled_from(["-1", "1-", "1-x", "9" * 18 + "-x", "1e-9"])
        )

        @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(st.fixed_dictionaries({}, optional={name: text for name in names if name != "wait"}))
        def send(query: dict[str, str]) -> None:
            reply = fay.http.get(filled, params=query)
            assert reply.status_code < 500, (query, reply.text)

        send()


class TestPath:
    @pytest.mark.parametrize(
        "operation",
        sorted(f"{method.upper()} {path}" for path in DOCUMENT["paths"] for method in DOCUMENT["paths"][path] if "{" in path),
    )
    def test_with_an_id_of_any_kind_is_never_a_fault(self, server: Server, fay: Person, operation: str) -> None:
        method, path = operation.split(" ")
        faults = server.faults()
        for id in ("%00", "a%00b", "%ff", "%ed%a0%80", "%27%20OR%201=1", "x" * 3_000, "%E2%80%AE"):
            reply = fay.http.request(method, re.sub(r"{\w+}", id, path), json={})
            assert reply.status_code < 500, (id, reply.text)
        assert server.faults() == faults


class TestText:
    @pytest.mark.parametrize("operation", SENT)
    def test_that_is_almost_json_is_never_a_fault(self, server: Server, fay: Person, operation: str) -> None:
        method, path = operation.split(" ")
        filled = path.format(request_id="req_none", approval_id="req_none", session_id="ses_none", provider="slack", type="email")
        faults = server.faults()
        for text in mutations(BODIES, 60, seed=len(path)):
            headers = {"Content-Type": "application/json"}
            reply = fay.http.request(method, filled, content=text.encode(), headers=headers)
            assert reply.status_code < 500, (text, reply.text)
        assert server.faults() == faults


BODIES: list[dict[str, Any]] = [
    {"query": "calc 1+1", "session_id": "ses_none", "client_id": "one"},
    {"message": "calc 1+1", "language": "English", "checkpoints": ["after_planning"]},
    {"type": "form", "title": "A", "fields": [{"name": "n", "type": "integer", "value": 1}], "to": ["a@b.cd"], "due_in": 9},
    {"type": "confirmation", "title": "A", "action": {"tool": "t", "args": {"a": [1, {"b": None}]}, "risk": "high"}},
    {
        "type": "choice",
        "title": "A",
        "options": [{"value": "a", "label": "A"}],
        "route": [{"channel": "chat", "wait_seconds": 1}],
    },
    {"action": "approve", "values": {"choice": ["a"]}, "feedback": "x", "version": 1},
    {"execution_id": "run_none", "checkpoint_id": "req_none", "action": "continue"},
    {"approved": True, "reason": "x"},
    {"items": [{"type": "chat", "enabled": True, "wait_seconds": 60}]},
    {"channel": "chat", "title": "A", "address": "a@b.cd", "refresh_token": "rt1.a.1.b", "token": "rt1.a.1.b"},
]


class TestFrame:
    def test_of_thousands_is_understood_or_gets_exactly_one_error(self, server: Server, fay: Person) -> None:
        """Each socket takes what its allowance lets through at once: a frame, and a ping by which its end is told."""
        session_id = ask(fay, "form")["session_id"]
        seeds = [*FRAMES, *(frame for type in ASKS for frame in _frames_for(ask(fay, type, session_id=session_id)))]
        sent, faults = list(mutations(seeds, SOCKETS * EACH, seed=7)), server.faults()
        for start in range(0, len(sent), EACH):
            with fay.socket(session_id) as live:
                for text in sent[start : start + EACH]:
                    _hold(live, text)
        assert server.faults() == faults

    def test_that_breaks_the_protocol_itself_ends_the_connection_and_nothing_else(self, server: Server, fay: Person) -> None:
        session_id, chance, faults = ask(fay)["session_id"], random.Random(7), server.faults()
        for number in range(400):
            with raw_socket(fay, f"/api/ws/session/{session_id}" if number % 2 else "/api/ws/me") as wire:
                with contextlib.suppress(OSError):
                    for frame in broken_frames(chance):
                        wire.sendall(frame)
                if number % 3 == 0:  # no goodbye at all
                    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        bearer = f"Bearer {fay.tokens['access_token']}"
        path = f"/api/ws/session/{session_id}"
        assert until(lambda: fay.knocked(path, Authorization=bearer), lambda status: status == 101)  # once they are all gone
        assert server.faults() == faults


FRAMES: list[dict[str, Any]] = [
    {"type": "connection_acknowledged"},
    {"type": "ping"},
    {"type": "confirm", "value": True},
    {"type": "user_input", "values": {"n": 1, "why": ""}},
    {"type": "message", "content": "calc 1+1", "client_id": "one"},
    {"type": "cancel"},
]
SOCKETS, EACH = 25, 140


def _frames_for(request: dict[str, Any]) -> list[dict[str, Any]]:
    id, values = request["id"], {"choice": ["a"], "n": 1, "why": "x", "to": "production", "version": 7}
    answers = [{"type": "answer", "request_id": id, "action": action, "version": 1} for action in request["allowed_actions"]]
    return [
        {"type": "seen", "request_id": id},
        {"type": "confirm", "value": False, "request_id": id},
        {"type": "user_input", "values": values, "request_id": id},
        *answers,
        *({**answer, "values": values, "feedback": "x"} for answer in answers),
    ]


def _hold(live: Socket, text: str) -> None:
    try:
        understood: Any = read_frame({"text": text})
    except FrameError:
        understood = None
    live.raw.send(text)
    live.send(type="ping")
    pongs = 2 if isinstance(understood, Ping) else 1
    heard: list[dict[str, Any]] = []
    while sum(frame["type"] == "pong" for frame in heard) < pongs:
        heard.append(live.next())
    errors = [frame for frame in heard if frame["type"] == "error"]
    assert len(errors) == 1 if understood is None else len(errors) <= 1, (text, errors)
    assert all(error["code"] and error["detail"] for error in errors), (text, errors)


class TestSlackPayload:
    def test_of_thousands_is_taken_or_refused(self, scene: SlackScene) -> None:
        seeds = [json.loads(said("calc 1+1", ts="9.9")), json.loads(said("link ABC", ts="9.8")), *clicks(scene)]
        faults = scene.server.faults()
        for number, text in enumerate(mutations(seeds, 1_500, seed=11)):
            form = number % 3 == 0
            body = urlencode({"payload": text}).encode() if form else text.encode()
            reply = post(scene, body, sign(body, FORM if form else JSON))
            assert reply.status_code < 500, (text, reply.text)
            if reply.is_error:
                refused(reply, reply.status_code)
        assert scene.server.faults() == faults


def clicks(scene: SlackScene) -> list[dict[str, Any]]:
    """What is sent when a button is pressed, a list chosen from, a window sent off, an app removed."""
    pressed = json.loads(parse_qs(click(scene).decode())["payload"][0])
    known = {"verb": "edit", "token": f"{scene.request['id']} 1", "channel": scene.card["channel"], "ts": scene.card["ts"]}
    state = {"values": {"field 0": {"value": {"type": "plain_text_input", "value": "1"}}}}
    view = {
        "id": "V1",
        "hash": "h",
        "callback_id": "answer",
        "private_metadata": json.dumps(known),
        "state": state,
        "type": "modal",
    }
    event = {"type": "event_callback", "team_id": TEAM, "event_id": "EvGone"}
    return [
        {**pressed, "actions": [{**pressed["actions"][0], "action_id": "details"}]},
        {**pressed, "actions": [{**pressed["actions"][0], "action_id": "choose 1", "value": f"{scene.request['id']} 1 0"}]},
        {**pressed, "actions": [{"action_id": "selected", "selected_option": {"value": "0"}}], "state": state},
        {**pressed, "type": "view_submission", "view": view},
        {**event, "event": {"type": "user_change", "user": {"id": "U9", "team_id": TEAM, "deleted": True}}},
        {**event, "event": {"type": "tokens_revoked", "tokens": {"bot": []}}},
    ]
