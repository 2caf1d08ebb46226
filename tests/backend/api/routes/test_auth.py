"""Signing up, in and out: what opens the door, for how long, and what shuts it."""

import json
import re
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil  # type: ignore[import-untyped]
import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.person import PASSWORD, PATIENCE_S, Person, client, until
from tests.support.problem_checks import fields_of, refused
from tests.support.server import Server

HASH_CPU_S = 0.012  # well below what hashing one password takes, and well above what a refusal does
WEB = {"X-Assent-Web": "1"}


def sign_up(url: str, email: str, password: str = PASSWORD, **more: object) -> httpx.Response:
    return client(url).post("/api/auth/register", json={"email": email, "password": password, **more})


def sign_in(url: str, email: str, password: str = PASSWORD, **more: object) -> httpx.Response:
    return client(url).post("/api/auth/token", data={"username": email, "password": password, **more})


def form(email: str, password: str = PASSWORD) -> dict[str, str]:
    return {"username": email, "password": password}


def refresh(url: str, token: str) -> httpx.Response:
    return client(url).post("/api/auth/refresh", json={"refresh_token": token})


def me(url: str, access_token: str) -> int:
    return client(url, Authorization=f"Bearer {access_token}").get("/api/auth/me").status_code


@pytest.fixture
def own(newcomer: Person) -> Person:
    """A person whose sign-ins may be ended."""
    return newcomer


class TestRegister:
    def test_first_account_is_the_administrator_s_then_the_door_is_closed(self, make_server: Callable[..., Server]) -> None:
        url = make_server(registration="first").start().url
        assert client(url).get("/config.json").json()["first_account"] is True
        assert sign_up(url, "Ada@Example.org").json()["role"] == "admin"
        assert client(url).get("/config.json").json()["first_account"] is False
        refused(sign_up(url, "eve@example.org"), 403, "registration_closed")
        assert sign_in(url, "ADA@example.ORG").status_code == 200
        for body, field in (
            ({"email": "dana", "password": PASSWORD}, "email"),
            ({"email": "dana@example.org", "password": "short"}, "password"),
            ({"email": "dana@example.org", "password": "x" * 1025}, "password"),
            ({"email": "dana@example.org", "password": PASSWORD, "role": "admin"}, "role"),
            ({"email": "dana@example.org\r\nBcc: e@example.org", "password": PASSWORD}, "email"),
            ({"password": PASSWORD}, "email"),
        ):
            reply = client(url).post("/api/auth/register", json=body)
            assert field in fields_of(refused(reply, 422, "invalid"))

    def test_takes_an_address_once_in_any_case(self, server: Server, dana: Person) -> None:
        refused(sign_up(server.url, dana.email.upper()), 409, "email_taken")

    def test_makes_a_member_named_as_they_wish_or_by_their_address(self, server: Server, newcomer: Person) -> None:
        assert newcomer.get("/api/auth/me") == {
            **newcomer.get("/api/auth/me"),
            "name": "Noor",
            "role": "member",
            "email": newcomer.email,
        }
        person = sign_up(server.url, f"x-{newcomer.email}").json()
        assert person["name"] == f"x-{newcomer.email}".partition("@")[0]
        assert "password" not in json.dumps(person)


class TestToken:
    def test_is_a_bearer_of_fifteen_minutes_with_a_refresh_token(self, server: Server, dana: Person) -> None:
        body = sign_in(server.url, dana.email).json()
        assert (body["token_type"], body["expires_in"]) == ("bearer", 900)
        assert me(server.url, body["access_token"]) == 200
        assert refresh(server.url, body["refresh_token"]).status_code == 200

    def test_survives_a_restart_and_the_closing_of_registration(self, make_server: Callable[..., Server]) -> None:
        server = make_server().start()
        dana = server.person()
        server.kill()
        server.start(registration="closed")
        refused(sign_up(server.url, "eve@example.org"), 403, "registration_closed")
        assert me(server.url, dana.tokens["access_token"]) == 200
        assert refresh(server.url, dana.tokens["refresh_token"]).status_code == 200

    def test_of_the_web_app_travels_only_in_a_cookie_bound_to_its_path(self, server: Server, dana: Person) -> None:
        reply = client(server.url, **WEB).post("/api/auth/token", data={**form(dana.email), "cookie": "1"})
        assert set(reply.json()) == {"access_token", "token_type", "expires_in"}
        known, cookie = reply.headers.get_list("set-cookie")
        assert {"HttpOnly", "SameSite=Strict", "Path=/api/auth/token"} <= set(known.split("; "))
        assert {"HttpOnly", "SameSite=Strict", "Path=/api/auth"} <= set(cookie.split("; "))
        browser = client(server.url, Cookie=cookie.partition(";")[0])
        renewed = browser.post("/api/auth/refresh", json={"cookie": 1}, headers=WEB)
        assert renewed.status_code == 200 and "refresh_token" not in renewed.json()
        refused(browser.post("/api/auth/refresh", json={"cookie": 1}), 403, "foreign_origin")
        refused(
            browser.post("/api/auth/refresh", json={"cookie": 1}, headers={**WEB, "Origin": "https://evil.tld"}),
            403,
            "foreign_origin",
        )
        left = browser.post("/api/auth/revoke", json={"cookie": 1}, headers=WEB)
        assert left.status_code == 200 and "Max-Age=0" in left.headers["set-cookie"]


class TestRefresh:
    def test_hands_out_the_next_token_and_the_same_to_whoever_raced(self, server: Server, own: Person) -> None:
        first = own.tokens["refresh_token"]
        second, raced = refresh(server.url, first).json(), refresh(server.url, first).json()
        assert second["refresh_token"] == raced["refresh_token"] != first
        assert refresh(server.url, second["refresh_token"]).status_code == 200

    def test_used_again_later_ends_the_whole_sign_in_and_says_so_in_the_audit(self, server: Server, own: Person) -> None:
        tokens = [own.tokens["refresh_token"]]
        for _ in range(2):
            tokens.append(refresh(server.url, tokens[-1]).json()["refresh_token"])
        with own.connect("/api/ws/me") as socket:
            assert json.loads(socket.recv(PATIENCE_S))["type"] == "connection_ready"
            refused(refresh(server.url, tokens[0]), 401, "invalid_refresh_token")
            with pytest.raises(ConnectionClosed):
                socket.recv(PATIENCE_S)
            assert socket.close_code == 4401
        for token in tokens:
            refused(refresh(server.url, token), 401, "invalid_refresh_token")
        assert me(server.url, own.tokens["access_token"]) == 401

    @pytest.mark.parametrize(
        "token", ["", "rt1", "rt1.sin_x.1.abc", "rt1.sin_x.-1.abc", "rt1.sin_x.١.abc", "x" * 5000, "rt1.a.1.b.c", "\ud800"]
    )
    def test_of_what_is_no_refresh_token_is_refused(self, server: Server, token: str) -> None:
        body = json.dumps({"refresh_token": token}).encode()
        reply = client(server.url).post("/api/auth/refresh", content=body, headers={"Content-Type": "application/json"})
        assert refused(reply, reply.status_code)["status"] in (401, 422)

    def test_with_another_sign_in_s_seal_is_refused_and_harms_nobody(self, server: Server, dana: Person, own: Person) -> None:
        theirs, mine = dana.tokens["refresh_token"].split("."), own.tokens["refresh_token"].split(".")
        refused(refresh(server.url, ".".join([*theirs[:3], mine[3]])), 401, "invalid_refresh_token")
        refused(refresh(server.url, ".".join([*mine[:2], "9", mine[3]])), 401, "invalid_refresh_token")
        assert me(server.url, own.tokens["access_token"]) == me(server.url, dana.tokens["access_token"]) == 200


class TestRevoke:
    @pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
    def test_ends_the_sign_in_at_once_by_either_token(self, server: Server, own: Person, kind: str) -> None:
        other = Person.sign_in(server.url, own.email)
        with own.connect("/api/ws/me") as socket:
            assert json.loads(socket.recv(PATIENCE_S))["type"] == "connection_ready"
            assert client(server.url).post("/api/auth/revoke", json={"token": own.tokens[kind]}).status_code == 200
            assert me(server.url, own.tokens["access_token"]) == 401
            with pytest.raises(ConnectionClosed):
                socket.recv(PATIENCE_S)
            assert socket.close_code == 4401
        refused(refresh(server.url, own.tokens["refresh_token"]), 401, "invalid_refresh_token")
        assert me(server.url, other.tokens["access_token"]) == 200

    @pytest.mark.parametrize("token", ["nonsense", "rt1.sin_x.1.abc", ""])
    def test_of_anything_else_is_fine_too(self, server: Server, token: str) -> None:
        assert client(server.url).post("/api/auth/revoke", json={"token": token}).json() == {}


class TestPassword:
    def test_change_ends_every_other_sign_in_at_once_and_closes_its_sockets(self, server: Server, own: Person) -> None:
        other = Person.sign_in(server.url, own.email)
        assert me(server.url, other.tokens["access_token"]) == 200
        with other.connect("/api/ws/me") as socket:
            assert json.loads(socket.recv(PATIENCE_S))["type"] == "connection_ready"
            changed = own.http.post("/api/auth/password", json={"current_password": PASSWORD, "new_password": "a whole new one"})
            assert changed.status_code == 204
            with pytest.raises(ConnectionClosed):
                socket.recv(PATIENCE_S)
            assert socket.close_code == 4401
        assert me(server.url, other.tokens["access_token"]) == 401
        refused(refresh(server.url, other.tokens["refresh_token"]), 401, "invalid_refresh_token")
        assert me(server.url, own.tokens["access_token"]) == 200
        refused(sign_in(server.url, own.email), 401, "wrong_credentials")
        assert sign_in(server.url, own.email, "a whole new one").status_code == 200

    def test_change_counts_at_once_for_a_sign_in_without_sockets(self, server: Server, own: Person) -> None:
        other = Person.sign_in(server.url, own.email)
        assert me(server.url, other.tokens["access_token"]) == 200
        own.http.post("/api/auth/password", json={"current_password": PASSWORD, "new_password": PASSWORD})
        assert me(server.url, other.tokens["access_token"]) == 401

    def test_change_needs_the_current_one_and_a_good_new_one(self, own: Person) -> None:
        body = {"current_password": "wrong", "new_password": PASSWORD}
        refused(own.http.post("/api/auth/password", json=body), 403, "wrong_credentials")
        body = {"current_password": PASSWORD, "new_password": "short"}
        assert fields_of(refused(own.http.post("/api/auth/password", json=body), 422, "invalid")) == ["new_password"]


class TestGuessing:
    """On a server of its own, because failures are counted by address, and every test comes from the same."""

    def test_is_told_nothing_and_soon_stopped(self, make_server: Callable[..., Server]) -> None:
        server = make_server().start()
        dana, gone = server.person(), server.person("Gone")
        assert server.command("users", "disable", gone.email) == 0
        guesses = [
            (dana.email, "wrong"),
            (gone.email, PASSWORD),
            ("nobody@example.org", PASSWORD),
            ("no address", "x"),
            ("' OR 1=1 --", "x"),
        ]
        told = [{**refused(sign_in(server.url, *guess), 401, "wrong_credentials"), "instance": ""} for guess in guesses]
        assert told.count(told[0]) == len(told)
        spelled = [dana.email, dana.email.upper(), f" {dana.email}", f"{dana.email}\t", f"\u3000{dana.email}\u00a0\n"]
        codes = [sign_in(server.url, spelling, "wrong").status_code for spelling in [*spelled, *spelled, dana.email]]
        assert codes == [401] * 9 + [429] * 2
        right = sign_in(server.url, dana.email)
        refused(right, 429, "rate_limited")
        assert 1 <= int(right.headers["retry-after"]) <= 60
        assert me(server.url, dana.tokens["access_token"]) == 200
        assert sign_in(server.url, server.person("Eve").email).status_code == 200

    def test_in_other_letters_of_one_spelling_is_counted_as_one_account(self, make_server: Callable[..., Server]) -> None:
        url = make_server().start().url
        composed = "ren\u00e9@example.org"
        assert sign_up(url, composed.upper()).json()["email"] == composed
        decomposed = unicodedata.normalize("NFD", composed)
        assert sign_in(url, decomposed).status_code == 200
        codes = [sign_in(url, (composed, decomposed)[n % 2], "wrong").status_code for n in range(12)]
        assert codes == [401] * 10 + [429] * 2

    def test_all_at_once_is_no_better_than_one_by_one(self, make_server: Callable[..., Server]) -> None:
        server = make_server().start()
        dana = server.person()
        http = client(server.url)
        with ThreadPoolExecutor(40) as crowd:
            guesses = [crowd.submit(http.post, "/api/auth/token", data=form(dana.email, f"guess {n}")) for n in range(120)]
            codes = [guess.result().status_code for guess in guesses]
        assert (codes.count(401), codes.count(429)) == (10, 110)
        changes = [{"current_password": f"guess {n}", "new_password": PASSWORD} for n in range(40)]
        with ThreadPoolExecutor(40) as crowd:
            codes = [
                reply.status_code for reply in crowd.map(lambda body: dana.http.post("/api/auth/password", json=body), changes)
            ]
        assert (codes.count(403), codes.count(429)) == (10, 30)

    def test_that_fits_is_never_counted(self, make_server: Callable[..., Server]) -> None:
        server = make_server().start()
        dana = server.person()
        assert [sign_in(server.url, dana.email).status_code for _ in range(55)] == [200] * 55
        assert sign_in(server.url, dana.email, "wrong").status_code == 401

    def test_of_strangers_leaves_the_browser_one_knows_open(self, make_server: Callable[..., Server]) -> None:
        server = make_server().start()
        dana, eve = server.person("Dana"), server.person("Eve")
        browser, other = client(server.url, **WEB), client(server.url, **WEB)
        assert browser.post("/api/auth/token", data={**form(dana.email), "cookie": "1"}).status_code == 200
        assert other.post("/api/auth/token", data={**form(eve.email), "cookie": "1"}).status_code == 200
        assert [sign_in(server.url, dana.email, "wrong").status_code for _ in range(11)] == [401] * 10 + [429]
        refused(sign_in(server.url, dana.email), 429, "rate_limited")
        refused(other.post("/api/auth/token", data=form(dana.email)), 429, "rate_limited")
        assert browser.post("/api/auth/token", data=form(dana.email)).status_code == 200
        for _ in range(10):
            assert browser.post("/api/auth/token", data=form(dana.email, "wrong")).status_code == 401
        refused(browser.post("/api/auth/token", data=form(dana.email)), 429, "rate_limited")

    def test_comes_from_a_network_where_addresses_cost_nothing(self, make_server: Callable[..., Server]) -> None:
        server = make_server(trusted_proxies="127.0.0.1").start()
        dana = server.person()

        def guess(address: str) -> int:
            headers = {"X-Forwarded-For": f"198.51.100.1, {address}"}
            return client(server.url, **headers).post("/api/auth/token", data=form(dana.email, "wrong")).status_code

        assert [guess(f"2001:db8:0:1::{n:x}") for n in range(12)] == [401] * 10 + [429] * 2
        assert [guess(f"2001:db8:0:2::{n:x}") for n in range(2)] == [401] * 2
        assert [guess(f"{'::ffff:' if n % 2 else ''}203.0.113.9") for n in range(12)] == [401] * 10 + [429] * 2


class TestCrowdOfAccounts:
    def test_from_one_place_is_bounded_whatever_it_calls_itself(self, make_server: Callable[..., Server]) -> None:
        url = make_server(registration_rate="3/hour").start().url
        for n, status in enumerate((201, 201, 409, 429, 429)):
            headers = {"X-Forwarded-For": f"203.0.113.{n}"}
            body = {"email": f"p{n % 2}@example.org", "password": PASSWORD}
            reply = client(url, **headers).post("/api/auth/register", json=body)
            assert reply.status_code == status
        assert 1 <= int(refused(reply, 429, "rate_limited")["retry_after"]) <= 3600

    def test_where_nobody_may_register_costs_no_hash_and_nobody_s_budget(self, make_server: Callable[..., Server]) -> None:
        server = make_server(registration="first", registration_rate="2/hour").start()
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        assert sign_up(server.url, "ada@example.org").status_code == 201
        began = sum(process.cpu_times()[:2])
        http = client(server.url)
        for n in range(200):
            reply = http.post("/api/auth/register", json={"email": f"eve{n}@example.org", "password": PASSWORD})
            refused(reply, 403, "registration_closed")
        assert sum(process.cpu_times()[:2]) - began < 200 * HASH_CPU_S


class TestFlood:
    """Of what a sign-in may ask for as often as it likes."""

    def test_of_refreshes_is_bounded_for_each_sign_in(self, server: Server, own: Person) -> None:
        token = own.tokens["refresh_token"]
        codes = [refresh(server.url, token).status_code for _ in range(62)]
        assert codes == [200] * 60 + [429] * 2
        assert refresh(server.url, Person.sign_in(server.url, own.email).tokens["refresh_token"]).status_code == 200

    def test_of_tickets_is_bounded_for_each_person(self, own: Person, dana: Person) -> None:
        codes = {own.http.post("/api/auth/ws-ticket").status_code for _ in range(600)}
        assert codes == {200}
        refused(own.http.post("/api/auth/ws-ticket"), 429, "rate_limited")
        assert dana.http.post("/api/auth/ws-ticket").status_code == 200


class TestDisabledPerson:
    def test_is_out_within_a_second_and_may_come_back(self, server: Server, own: Person) -> None:
        with own.connect("/api/ws/me") as socket:
            assert json.loads(socket.recv(PATIENCE_S))["type"] == "connection_ready"
            assert server.command("users", "disable", own.email) == 0
            with pytest.raises(ConnectionClosed):
                socket.recv(PATIENCE_S)
            assert socket.close_code == 4401
        until(lambda: me(server.url, own.tokens["access_token"]), lambda status: status == 401)
        refused(sign_in(server.url, own.email), 401, "wrong_credentials")
        assert server.command("users", "enable", own.email) == 0
        assert sign_in(server.url, own.email).status_code == 200
        assert me(server.url, own.tokens["access_token"]) == 401


class TestTicket:
    def test_opens_one_socket_once_from_an_allowed_origin(self, server: Server, dana: Person) -> None:
        ticket = dana.http.post("/api/auth/ws-ticket").json()["ticket"]
        assert re.fullmatch(r"[\w-]{22,}", ticket)
        with dana.knock(f"/api/ws/me?ticket={ticket}", origin=server.url) as socket:
            assert json.loads(socket.recv(PATIENCE_S))["type"] == "connection_ready"
        assert dana.knocked(f"/api/ws/me?ticket={ticket}", origin=server.url) == 401

    def test_of_an_ended_sign_in_opens_nothing(self, server: Server, own: Person) -> None:
        ticket = own.http.post("/api/auth/ws-ticket").json()["ticket"]
        client(server.url).post("/api/auth/revoke", json={"token": own.tokens["access_token"]})
        assert own.knocked(f"/api/ws/me?ticket={ticket}", origin=server.url) == 401
