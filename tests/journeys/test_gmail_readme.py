"""README's "Link Gmail in five minutes", followed to the letter beside a Google."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.test_slack_readme import DOCTOR, START, Way
from tests.support.checkout import Checkout
from tests.support.emulated_google import AGENT, DANA, Google, run_google, text_of
from tests.support.person import PASSWORD, Person
from tests.support.server import ROOT
from tests.support.web_app import Tab, Window

LAPTOP = "http://127.0.0.1:8000"


class Gmail(Way):
    """What the README tells: an address for Google, a block of settings, and what to press."""

    def __init__(self, text: str) -> None:
        blocks = dict(re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL))
        self.address, self.settings = blocks["text"].strip(), blocks["ini"]
        self._text = " ".join(text.split())


@pytest.fixture
def place(tmp_path: Path) -> Checkout:
    (tmp_path / "assent").mkdir()
    return Checkout(tmp_path / "assent")


class TestGmail:
    def test_every_step_works_as_written(self, place: Checkout, open_window: Callable[..., Window]) -> None:
        gmail = Gmail((ROOT / "README.md").read_text().split("## Link Gmail in five minutes")[1].split("\n## ")[0])
        server, _, path = gmail.address.replace(LAPTOP, place.url).rpartition("/api/")
        assert (server, path) == (place.url, "auth/google/callback"), "Google sends people back to another address"
        with run_google(place.url) as google:
            settings = {name: str(value) for name, value in google.settings().items()}
            place.write_settings(gmail.settings, settings)
            place.beside = {name: value for name, value in settings.items() if name not in gmail.settings}
            with place.running(START):
                assert "Gmail" in place.run(DOCTOR)
                dana = Person.register(place.url, "Dana", PASSWORD)
                window = open_window(place.url)
                tab = window.sign_in(dana)
                gmail.press(tab, "Channels", "link")
                self.connect(gmail, tab)
                self.link(gmail, tab, google)
                self.try_out(gmail, tab, google)
                self.ask(gmail, tab, google)
                self.talk(google)
                assert window.unexpected() == []

    def connect(self, gmail: Gmail, tab: Tab) -> None:
        gmail.press(tab, "Connect the agent's mailbox")
        at_google(tab, AGENT)
        expect(tab.page.get_by_text("The agent's mailbox is connected.")).to_be_visible()

    def link(self, gmail: Gmail, tab: Tab, google: Google) -> None:
        """Either way proves the address."""
        row = tab.page.locator("[data-channel=email]")
        gmail.press(tab, "Link an address")
        tab.page.get_by_label("Your address").fill(DANA)
        tab.button("Send the mail").click()
        words = tab.page.get_by_role("dialog").locator("code").inner_text()
        google.reply(DANA, google.mail(DANA), words)
        expect(tab.page.get_by_role("dialog")).to_have_count(0)
        expect(row.get_by_role("heading")).to_contain_text(DANA)

        tab.button("Menu of Email").click()
        tab.page.get_by_role("menuitem", name="Unlink").click()
        tab.page.get_by_role("dialog").get_by_role("button", name="Unlink", exact=True).click()
        expect(tab.page.get_by_role("dialog")).to_have_count(0)
        gmail.press(tab, "Sign in with Google")
        at_google(tab, DANA)
        expect(row.get_by_role("heading")).to_contain_text(DANA)

    def try_out(self, gmail: Gmail, tab: Tab, google: Google) -> None:
        tab.button("Menu of Email").click()
        gmail.press(tab, "Send a test", "menuitem")
        google.reply(DANA, google.mail(DANA, lambda mail: "Does this reach you" in mail["Subject"] + text_of(mail)), "APPROVE")
        expect(tab.page.get_by_text("Approved by Dana by email")).to_be_visible()

    def ask(self, gmail: Gmail, tab: Tab, google: Google) -> None:
        for position in (2, 1):
            tab.button("Menu of Email").click()
            gmail.press(tab, "Move up", "menuitem")
            expect(tab.page.get_by_role("button", name=f"Reorder Email, position {position} of 3")).to_be_visible()
        tab.begin("choose Lisbon, Porto, Madrid")
        google.reply(DANA, google.mail(DANA, lambda mail: "Porto" in text_of(mail)), "2")
        tab.signed("Answered by Dana by email")

    def talk(self, google: Google) -> None:
        google.send(DANA, AGENT, "A sum", "calc 6 * 7")
        assert "42" in text_of(google.mail(DANA, lambda mail: "A sum" in mail["Subject"]))


def at_google(tab: Tab, account: str) -> None:
    """Choose an account on Google's page."""
    tab.page.get_by_role("button").filter(has_text=account).click()
