"""README's "Link Slack in five minutes", followed to the letter beside a Slack: on a laptop and on a server."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.checkout import Checkout
from tests.support.emulated_slack import BOT, SECRET, run_emulate
from tests.support.person import PASSWORD, Person
from tests.support.server import ROOT
from tests.support.slack import APP_TOKEN, TOKEN, run_slack, sign
from tests.support.web_app import Tab, Window

START, DOCTOR = "make run", ".venv/bin/assent doctor"
EXAMPLE = "https://assent.example.com"


class Way:
    """One way of linking as the README tells it: a command, a block of settings, and what to press."""

    def __init__(self, text: str) -> None:
        blocks = dict(re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL))
        self.command, self.settings = blocks["sh"].strip(), blocks["ini"]
        self._text = " ".join(text.split())

    def press(self, tab: Tab, name: str, role: Any = "button") -> None:
        """Press what the README names."""
        assert f"*{name}*" in self._text, f"the README does not say to press {name}"
        tab.page.get_by_role(role, name=name, exact=True).click()


def way(name: str) -> Way:
    section = (ROOT / "README.md").read_text().split("## Link Slack in five minutes")[1].split("\n## ")[0]
    return Way(section.split(f"**{name}**")[1].split("\n**")[0])


@pytest.fixture
def place(tmp_path: Path) -> Checkout:
    (tmp_path / "assent").mkdir()
    return Checkout(tmp_path / "assent")


class TestOnALaptop:
    def test_every_step_works_as_written(self, place: Checkout, tmp_path: Path, open_window: Callable[..., Window]) -> None:
        laptop = way("On a laptop")
        app = json.loads(place.run(laptop.command))
        assert app["settings"]["socket_mode_enabled"] and "request_url" not in str(app)
        assert "user" not in app["oauth_config"]["scopes"], "Slack's own pages grant no identity beside a bot"
        with run_slack(tmp_path, mode="socket") as slack:
            place.write_settings(laptop.settings, {"SLACK_BOT_TOKEN": TOKEN, "SLACK_APP_TOKEN": APP_TOKEN})
            place.beside["SLACK_API_URL"] = slack.api_url
            with place.running(START):
                assert "Slack knows the app as assent" in (told := place.run(DOCTOR)) and "Socket Mode" in told
                dana = Person.register(place.url, "Dana", PASSWORD)
                window = open_window(place.url)
                tab = window.sign_in(dana)
                laptop.press(tab, "Channels", "link")
                laptop.press(tab, "Link with a code")
                slack.say(slack.dm(), tab.page.locator("[data-channel=slack] code").inner_text())
                expect(tab.page.locator("[data-channel=slack]").get_by_text("Dana D.")).to_be_visible()

                tab.button("Menu of Slack").click()
                laptop.press(tab, "Send a test", "menuitem")
                slack.click(slack.message(slack.dm(), lambda said: "Does this reach you" in str(said.get("blocks"))), "approve")
                expect(tab.page.get_by_text("Approved by Dana in Slack")).to_be_visible()

                tab.button("Menu of Slack").click()
                laptop.press(tab, "Move up", "menuitem")
                expect(tab.page.get_by_role("button", name="Reorder Slack, position 1 of 3")).to_be_visible()
                tab.begin("pay 500 to Bob")
                asked = slack.message(slack.dm(), lambda said: "Bob" in str(said.get("blocks")))
                slack.click(asked, "approve")
                tab.signed("Approved by Dana in Slack")
                slack.message(slack.dm(), lambda said: said["ts"] == asked["ts"] and "*Approved* by Dana" in str(said["blocks"]))
                assert window.unexpected() == []


class TestOnAServer:
    def test_every_step_works_as_written(self, place: Checkout, open_window: Callable[..., Window]) -> None:
        server = way("On a server")
        app = json.loads(place.run(server.command.replace(EXAMPLE, place.url)))
        with run_emulate(place.url, app) as slack:
            place.write_settings(server.settings, {**slack.settings(), "ASSENT_PUBLIC_URL": place.url})
            place.beside |= {"SLACK_API_URL": slack.api_url, "SLACK_AUTHORIZE_URL": slack.authorize_url}
            with place.running(START):
                place.run(DOCTOR)
                self.verify(app)
                ada = Person.register(place.url, "Ada", PASSWORD)
                window = open_window(place.url)
                tab = window.sign_in(ada)
                server.press(tab, "Channels", "link")
                server.press(tab, "Install to a Slack workspace")
                tab.page.get_by_role("button", name="Dana Slack").click()
                expect(tab.page.get_by_text("Installed in Acme.")).to_be_visible()
                server.press(tab, "Connect Slack")
                tab.page.get_by_role("button", name="Dana Slack").click()
                expect(tab.page.locator("[data-channel=slack]").get_by_text("Working")).to_be_visible()
                tab.button("Menu of Slack").click()
                tab.page.get_by_role("menuitem", name="Send a test").click()
                slack.message("dana", lambda said: "Does this reach you" in str(said.get("blocks")))
                words = slack.say("dana", "calc 6 * 7")
                slack.message("dana", lambda said: "42" in said["text"] and said["user"] == BOT, words["ts"])
                assert window.unexpected() == []

    def verify(self, app: dict[str, Any]) -> None:
        """Slack tries each address of the manifest, signed, and wants its challenge back."""
        body = json.dumps({"type": "url_verification", "token": "t", "challenge": "3eZbrw1aB"}).encode()
        for address in re.findall(r'"(http[^"]+/slack/events)"', json.dumps(app)):
            reply = httpx.post(address, content=body, headers=sign(body, secret=SECRET), trust_env=False)
            assert reply.status_code == 200 and "3eZbrw1aB" in reply.text
