"""Who asks and who answers, told apart by what they proved and never by what they are called."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.example_requests import ask
from tests.support.person import PASSWORD, PATIENCE_S, Person, client
from tests.support.problem_checks import fields_of, refused
from tests.support.server import Server

WEB = {"X-Assent-Web": "1"}


def in_browser(url: str, email: str) -> tuple[Person, str]:
    """Signed in as the web app does it, and the cookie it keeps."""
    form = {"username": email, "password": PASSWORD, "cookie": "1"}
    reply = client(url).post("/api/auth/token", data=form, headers={"Origin": url, **WEB})
    assert reply.status_code == 200, reply.text
    return Person(url, "", email, reply.json()), f"assent_refresh={reply.cookies['assent_refresh']}"


def audited(person: Person, request: dict[str, Any], action: str) -> dict[str, Any]:
    trail = person.get(f"/api/sessions/{request['session_id']}/audit")
    assert trail["verified"]
    entry: dict[str, Any] = next(each for each in trail["items"] if each["action"] == action)
    return entry


def over_http(person: Person, request: dict[str, Any]) -> None:
    assert person.answer(request["id"], "submit", feedback="yes").status_code == 200


def over_socket(person: Person, request: dict[str, Any]) -> None:
    with person.socket(request["session_id"]) as live:
        live.send(type="answer", request_id=request["id"], action="submit", feedback="yes")
        live.until("feedback_resolved")


def over_ticket(person: Person, request: dict[str, Any]) -> None:
    ticket = person.http.post("/api/auth/ws-ticket").json()["ticket"]
    with person.knock(f"/api/ws/session/{request['session_id']}?ticket={ticket}", Origin=person.url) as raw:
        while json.loads(raw.recv(PATIENCE_S))["type"] != "initial_state":  # an answer sent before it may be part of it
            pass
        raw.send(json.dumps({"type": "answer", "request_id": request["id"], "action": "submit", "feedback": "yes"}))
        while json.loads(raw.recv(PATIENCE_S))["type"] != "feedback_resolved":
            pass


class TestAnswer:
    @pytest.mark.parametrize("send", [over_http, over_socket, over_ticket])
    def test_of_a_program_is_said_to_come_over_the_api(
        self, dana: Person, send: Callable[[Person, dict[str, Any]], None]
    ) -> None:
        request = ask(dana)
        send(dana, request)
        assert dana.get(f"/api/feedback/{request['id']}")["response"]["via"] == "api"
        assert audited(dana, request, "feedback.answered")["via"] == "api"

    @pytest.mark.parametrize("send", [over_http, over_socket, over_ticket])
    def test_in_the_web_app_rests_on_its_sign_in(
        self, server: Server, dana: Person, send: Callable[[Person, dict[str, Any]], None]
    ) -> None:
        browser, _ = in_browser(server.url, dana.email)
        request = ask(dana)
        send(browser, request)
        assert dana.get(f"/api/feedback/{request['id']}")["response"]["via"] == "chat"
        entry = audited(dana, request, "feedback.answered")
        assert entry["via"] == "chat" and entry["detail"]["proof"].startswith("sign-in sin_")

    @pytest.mark.parametrize("header", ["X-Assent-Web", "Origin", "Referer", "User-Agent", "Sec-Fetch-Site", "Cookie"])
    def test_of_a_program_is_not_the_web_app_s_for_a_header(self, dana: Person, header: str) -> None:
        request = ask(dana)
        reply = dana.http.post(f"/api/feedback/{request['id']}/answer", json={"action": "decline"}, headers={header: dana.url})
        assert reply.json()["response"]["via"] == "api"

    def test_stays_the_web_app_s_while_its_cookie_is_refreshed(self, server: Server, dana: Person) -> None:
        _, cookie = in_browser(server.url, dana.email)
        reply = client(server.url, Cookie=cookie).post("/api/auth/refresh", json={"cookie": 1}, headers=WEB)
        renewed = Person(server.url, "", dana.email, reply.json())
        assert renewed.answer(ask(dana)["id"], "decline").json()["response"]["via"] == "chat"

    def test_is_a_program_s_once_the_cookie_s_token_came_without_it(self, server: Server, dana: Person) -> None:
        _, cookie = in_browser(server.url, dana.email)
        taken = {"refresh_token": cookie.partition("=")[2]}
        program = Person(server.url, "", dana.email, client(server.url).post("/api/auth/refresh", json=taken).json())
        assert program.answer(ask(dana)["id"], "decline").json()["response"]["via"] == "api"
        again = {"cookie": 1}
        kept = client(server.url, Cookie=cookie).post("/api/auth/refresh", json=again, headers=WEB).json()
        assert Person(server.url, "", dana.email, kept).answer(ask(dana)["id"], "decline").json()["response"]["via"] == "api"

    def test_of_a_program_does_not_become_the_web_app_s_by_a_cookie_of_its_own(self, server: Server, dana: Person) -> None:
        cookie = f"assent_refresh={Person.sign_in(server.url, dana.email).tokens['refresh_token']}"
        reply = client(server.url, Cookie=cookie).post("/api/auth/refresh", json={"cookie": 1}, headers=WEB)
        program = Person(server.url, "", dana.email, reply.json())
        assert program.answer(ask(dana)["id"], "decline").json()["response"]["via"] == "api"

    def test_of_a_program_is_held_to_the_risk_of_the_web_app(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        strict = Server(tmp_path_factory.mktemp("strict") / "data", channel_risk="chat=low").start()
        try:
            dana = strict.person()
            refused(dana.answer(ask(dana, "confirmation")["id"], "approve"), 403, "channel_too_weak")
        finally:
            strict.stop()


class TestWord:
    def test_to_the_agent_says_where_it_came_from(self, server: Server, dana: Person) -> None:
        browser, _ = in_browser(server.url, dana.email)
        for person, via in ((dana, "api"), (browser, "chat")):
            said = person.say("hello")
            assert person.get(f"/api/sessions/{said['session_id']}/messages")["items"][-1]["via"] == via


class TestRequester:
    def test_of_a_program_is_a_program_whatever_it_is_called(self, dana: Person) -> None:
        request = ask(dana, "confirmation")
        assert request["requester"] == {"kind": "program", "id": dana.id, "name": "Dana"}
        assert request["requested_by"] == "Dana"
        assert request["action"]["risk_by"] == "asker"
        assert audited(dana, request, "feedback.requested")["detail"]["requester"] == "program"

    def test_in_the_web_app_is_the_person(self, server: Server, dana: Person) -> None:
        browser, _ = in_browser(server.url, dana.email)
        reply = browser.http.post("/api/channels/chat/test")
        assert reply.json()["requester"] == {"kind": "person", "id": dana.id, "name": "Dana"}

    def test_of_an_agent_is_the_agent_and_the_risk_its_tool_s_own(self, dana: Person) -> None:
        request = dana.pending(dana.say("pay 500 to Bob")["session_id"])
        assert request["requester"] == {"kind": "agent", "id": None, "name": "Assent agent"}
        assert request["action"]["risk_by"] == "tool"

    def test_cannot_be_chosen_by_who_asks(self, dana: Person) -> None:
        for name in ("requester", "requested_by"):
            body = {"type": "text", "title": "A?", name: {"kind": "agent", "name": "Assent agent"}}
            refused(dana.http.post("/api/feedback", json=body), 422, "invalid")


class TestName:
    @pytest.mark.parametrize("name", ["Assent agent", "Аgent", "Da\u202ena", "\u3164", "S\u200bystem", "D" + "\u0301" * 20])
    def test_that_would_pass_for_another_is_refused_at_registration(self, server: Server, name: str) -> None:
        body = {"email": "mallory@example.org", "password": PASSWORD, "name": name}
        assert fields_of(refused(client(server.url).post("/api/auth/register", json=body), 422, "invalid")) == ["name"]

    def test_of_who_gives_none_is_never_the_agent_s(self, server: Server) -> None:
        body = {"email": "assent-agent@example.org", "password": PASSWORD}
        reply = client(server.url).post("/api/auth/register", json=body)
        assert reply.json()["name"] == "assent-agent@example.org"

    def test_that_is_odd_can_be_mended_on_the_machine(self, server: Server, newcomer: Person) -> None:
        assert server.command("users", "rename", newcomer.email, "Assent agent") == 1
        assert server.command("users", "rename", newcomer.email, "Noor N.") == 0
        assert newcomer.get("/api/auth/me")["name"] == "Noor N."
