"""Where other machines reach an installation, its first account is for whoever sees its terminal."""

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.support.person import PASSWORD, client
from tests.support.problem_checks import refused
from tests.support.server import Server
from tests.support.web_app import Window

ANN = {"email": "ann@example.org", "password": PASSWORD}
SAID = re.compile(r"The first one needs this set-up code: (\S+)")


def register(server: Server, **more: str) -> httpx.Response:
    return client(server.url).post("/api/auth/register", json={**ANN, **more})


def code_of(server: Server) -> str:
    """As it stands in the terminal."""
    (code,) = SAID.findall(server.log.read_text())
    return str(code)


@pytest.mark.parametrize("registration", ["first", "open"])
def test_is_needed_for_the_first_account_alone(make_server: Callable[..., Server], registration: str) -> None:
    server = make_server(host="0.0.0.0", registration=registration).start()
    assert "passwords travel to" in server.log.read_text()
    assert client(server.url).get("/config.json").json()["setup_code"] is True
    for wrong in ({}, {"setup_code": "guess"}, {"setup_code": ""}):
        refused(register(server, **wrong), 403, "setup_code_needed")
    assert register(server, setup_code=code_of(server).upper()).json()["role"] == "admin"
    again = register(server, email="bo@example.org")
    if registration == "open":
        assert again.json()["role"] == "member"
    else:
        refused(again, 403, "registration_closed")
    server.stop()
    server.log.write_text("")
    server.start()
    assert "set-up code" not in server.log.read_text()


def test_is_needed_behind_a_proxy_too_which_encrypts(make_server: Callable[..., Server]) -> None:
    server = make_server(public_url="https://assent.example.com").start()
    assert "unencrypted" not in server.log.read_text()
    refused(register(server), 403, "setup_code_needed")
    assert register(server, setup_code=code_of(server)).status_code == 201


def test_is_not_asked_for_on_a_laptop(make_server: Callable[..., Server]) -> None:
    server = make_server().start()
    assert client(server.url).get("/config.json").json()["setup_code"] is False
    assert "set-up code" not in server.log.read_text() and "Warning" not in server.log.read_text()
    assert register(server).status_code == 201


def test_is_asked_for_by_the_sign_in_page(
    make_server: Callable[..., Server], open_window: Callable[..., Window], browser: Browser
) -> None:
    server = make_server(host="0.0.0.0").start()
    page = open_window(server.url).tab().page
    page.goto(f"{server.url}/sign-in")
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("Email").fill(ANN["email"])
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Set-up code").fill("wrong-code")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("needs the set-up code that Assent printed")).to_be_visible()
    page.get_by_label("Set-up code").fill(code_of(server))
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url(re.compile(r"/sessions|/s/"))
