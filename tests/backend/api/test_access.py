"""Every route of the API, tried by its owner, somebody else, nobody, an expired token and a disabled person.

The routes come from the OpenAPI document: a new one without an entry here fails."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from backend.api.http.app import create_app
from tests.support.example_requests import ask, asking
from tests.support.forged_tokens import access_token
from tests.support.person import PASSWORD, Person, client, until
from tests.support.problem_checks import refused
from tests.support.server import Server


@asynccontextmanager
async def _nothing(app: FastAPI) -> Any:
    yield


APP = create_app(_nothing, ())
OPERATIONS = sorted(f"{method.upper()} {path}" for path, methods in APP.openapi()["paths"].items() for method in methods)


@dataclass(frozen=True)
class Route:
    """How a route is called with real ids, and what its owner gets. `object`: it names something of the owner's."""

    json: dict[str, Any] | None = None
    query: dict[str, str] = field(default_factory=dict)
    object: bool = True
    owner: int = 200


PUBLIC = {
    "POST /api/auth/register",
    "POST /api/auth/token",
    "POST /api/auth/refresh",
    "POST /api/auth/revoke",
    "GET /api/auth/{provider}/callback",
    "GET /healthz",
    "GET /readyz",
}
ROUTES: dict[str, Route] = {
    "GET /api/auth/me": Route(object=False),
    "POST /api/auth/password": Route({"current_password": PASSWORD, "new_password": PASSWORD}, object=False, owner=204),
    "POST /api/auth/ws-ticket": Route(object=False),
    "POST /api/chat/completion": Route({"query": "hello", "session_id": "{session_id}"}),
    "POST /api/chat/cancel/{session_id}": Route(),
    "GET /api/session/{session_id}": Route(),
    "GET /api/sessions": Route(object=False),
    "GET /api/sessions/{session_id}": Route(),
    "PATCH /api/sessions/{session_id}": Route({"title": "mine"}),
    "DELETE /api/sessions/{session_id}": Route(),
    "GET /api/sessions/{session_id}/messages": Route(),
    "GET /api/sessions/{session_id}/events": Route(),
    "GET /api/sessions/{session_id}/audit": Route(),
    "GET /api/runs/{run_id}": Route(),
    "POST /api/runs/{run_id}/cancel": Route(),
    "GET /api/feedback": Route(object=False, query={"session_id": "{session_id}"}),
    "POST /api/feedback": Route(asking(session_id="{session_id}"), owner=201),
    "GET /api/feedback/{request_id}": Route(query={"wait": "0.01"}),
    "POST /api/feedback/{request_id}/answer": Route({"action": "submit", "feedback": "x"}),
    "POST /api/feedback/{request_id}/cancel": Route(),
    "POST /api/feedback/{request_id}/reroute": Route({"channel": "chat"}),
    "POST /api/feedback/{request_id}/retry": Route(owner=409),
    "GET /api/feedback/{request_id}/mails": Route(),
    "GET /api/channels": Route(object=False),
    "PUT /api/channels": Route({"items": [{"type": "chat"}]}, object=False),
    "POST /api/channels/{type}/test": Route(object=False, query={}),
    "DELETE /api/channels/{type}": Route(object=False, owner=404),
    "POST /api/channels/slack/link": Route(object=False, owner=422),
    "POST /api/channels/email/link": Route({"address": "dana@example.org"}, object=False, owner=422),
    "POST /api/channels/{type}/install": Route(object=False, owner=404),
    "POST /api/auth/{provider}/start": Route(object=False, owner=404),
    "POST /api/crew/execute": Route({"message": "plan tea", "checkpoints": ["after_planning"]}, object=False),
    "GET /api/crew/status/{execution_id}": Route(),
    "GET /api/crew/checkpoint/{execution_id}": Route(),
    "POST /api/crew/feedback": Route(
        {"execution_id": "{execution_id}", "checkpoint_id": "{checkpoint_id}", "action": "continue"}
    ),
    "POST /api/tasks": Route({"message": "hello"}, object=False),
    "GET /api/tasks/{task_id}": Route(),
    "GET /api/approvals": Route(object=False),
    "POST /api/approvals/{approval_id}": Route({"approved": False}),
}
NAMES = {"type": "chat", "provider": "slack"}  # in paths, and nobody's
UNLISTED = {
    "/slack/events",
    "/config.json",
    "/openapi.json",
    "/docs",
    "/",
    "/{path:path}",
    "/{path:page}",
    "/assets",
    "/api/ws/session/{session_id}",
    "/api/ws/me",
}


class World:
    """Something of everything, of one owner: the ids that routes ask for."""

    def __init__(self, owner: Person) -> None:
        started = owner.say("pay 500 to Xavier")
        approval = owner.pending(started["session_id"])
        request = ask(owner)
        execution = owner.http.post("/api/crew/execute", json={"message": "plan tea", "checkpoints": ["after_planning"]}).json()
        path = f"/api/crew/status/{execution['execution_id']}"
        checkpoint = until(lambda: owner.get(path), lambda status: status["current_checkpoint"])["current_checkpoint"]
        self.ids = {
            "session_id": started["session_id"],
            "run_id": started["run_id"],
            "task_id": started["run_id"],
            "approval_id": approval["id"],
            "request_id": request["id"],
            "execution_id": execution["execution_id"],
            "checkpoint_id": checkpoint,
            **NAMES,
        }

    def call(self, http: httpx.Client, operation: str) -> httpx.Response:
        """The operation with this world's ids filled in."""
        method, path = operation.split(" ")
        route = ROUTES[operation]
        filled = path.format(**self.ids)
        query = {name: value.format(**self.ids) for name, value in route.query.items()}
        return http.request(method, filled, params=query, json=self._filled(route.json))

    def _filled(self, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        return {name: value.format(**self.ids) if isinstance(value, str) else value for name, value in body.items()}

    def is_named_in(self, text: str) -> bool:
        return any(id in text for name, id in self.ids.items() if name not in NAMES)


@pytest.fixture(scope="module")
def world(dana: Person) -> World:
    """Seen by others only, so one will do."""
    return World(dana)


@pytest.fixture(scope="module")
def disabled(server: Server) -> Person:
    """Somebody whose account was shut from the machine itself while they were signed in."""
    person = server.person("Mallory")
    assert server.command("users", "disable", person.email) == 0
    until(lambda: person.http.get("/api/auth/me").status_code, lambda status: status == 401)
    return person


class TestTable:
    def test_has_an_entry_for_every_route_there_is(self) -> None:
        assert set(OPERATIONS) == set(ROUTES) | PUBLIC

    def test_knows_what_is_not_in_the_document(self) -> None:
        listed = set(APP.openapi()["paths"])
        paths = {cast(str, getattr(route, "path", "")) for route in APP.routes} - listed
        assert paths - UNLISTED - {""} == set()


@pytest.mark.parametrize("operation", ROUTES)
class TestRoute:
    def test_serves_its_owner(self, newcomer: Person, operation: str) -> None:
        assert World(newcomer).call(newcomer.http, operation).status_code == ROUTES[operation].owner

    def test_shows_nothing_to_somebody_else(self, world: World, eve: Person, operation: str) -> None:
        reply = world.call(eve.http, operation)
        if ROUTES[operation].object:
            assert refused(reply, 404, "not_found")["detail"].endswith("not yours.")
        else:
            assert reply.status_code == ROUTES[operation].owner
            assert not world.is_named_in(reply.text)

    def test_says_the_same_of_what_is_not_there(self, world: World, eve: Person, operation: str) -> None:
        if ROUTES[operation].object:
            nowhere = World.__new__(World)
            nowhere.ids = {name: id[:4] + "0" * 26 for name, id in world.ids.items()} | NAMES
            theirs, nobodys = world.call(eve.http, operation), nowhere.call(eve.http, operation)
            assert (theirs.status_code, theirs.json()["detail"]) == (nobodys.status_code, nobodys.json()["detail"])

    def test_asks_who_calls(self, server: Server, world: World, dana: Person, operation: str) -> None:
        expired = access_token(server, dana, iat=1_000_000_000, exp=1_000_000_900)
        for headers in (
            {},
            {"Authorization": ""},
            {"Authorization": "Bearer"},
            {"Authorization": "Bearer x.y.z"},
            {"Authorization": "Basic ZGFuYTp4"},
        ):
            reply = world.call(client(server.url, **headers), operation)
            assert refused(reply, 401, "unauthorized")
            assert reply.headers["www-authenticate"] == "Bearer"
        refused(world.call(client(server.url, Authorization=f"Bearer {expired}"), operation), 401, "token_expired")

    def test_is_shut_to_a_disabled_person(self, world: World, disabled: Person, operation: str) -> None:
        refused(world.call(disabled.http, operation), 401)


class TestOwnersThings:
    def test_stand_as_they_stood_after_all_that(self, dana: Person, world: World) -> None:
        for id in (world.ids["approval_id"], world.ids["request_id"], world.ids["checkpoint_id"]):
            assert dana.get(f"/api/feedback/{id}")["status"] == "pending"
        assert dana.run(world.ids["run_id"])["status"] == "waiting_feedback"
