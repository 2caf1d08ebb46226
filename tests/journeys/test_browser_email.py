"""Email in the browser, beside a Google: the agent's mailbox, linking an address, and what came by mail on the card."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.test_browser_channels import at_settings, choose, read_aloud, row
from tests.journeys.test_gmail_readme import at_google
from tests.support.emulated_google import (
    AGENT,
    DANA,
    EVE,
    MALLORY,
    Google,
    answering,
    connect_google,
    connect_mailbox,
    run_google,
)
from tests.support.example_requests import ask
from tests.support.person import Person
from tests.support.server import Server
from tests.support.web_app import Tab, Window

HOSTILE = "APPROVE\u202e <img src=x onerror=alert(1)>"
Place = tuple[Server, Google, Person]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server whose agent has no mailbox, the Google it is known to, and its administrator."""
    server = Server(tmp_path_factory.mktemp("bare") / "data")
    with run_google(server.url) as google:
        try:
            yield server.start(**google.settings()), google, server.person("Ada")
        finally:
            server.stop()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Another, whose agent has one."""
    server = Server(tmp_path_factory.mktemp("mailbox") / "data")
    with run_google(server.url) as google:
        try:
            server.start(**google.settings())
            ada = server.person("Ada")
            connect_mailbox(ada, google)
            yield server, google, ada
        finally:
            server.stop()


@pytest.fixture
def reached(place: Place) -> Iterator[Person]:
    """Somebody who is asked by email first."""
    server, google, _ = place
    person = server.person("Dana")
    assert connect_google(person, google, DANA).headers["location"].endswith("email=linked")
    items = [{"type": "email"}, {"type": "chat"}]
    assert person.http.put("/api/channels", json={"items": items}).status_code == 200
    yield person
    person.http.delete("/api/channels/email")


def email(tab: Tab) -> Locator:
    return row(tab, "email")


class TestMailbox:
    def test_is_connected_by_an_administrator_who_was_told_what_for(
        self, bare: Place, open_window: Callable[..., Window]
    ) -> None:
        server, _, ada = bare
        otis = open_window(server.url).sign_in(server.person("Otis"))
        at_settings(otis)
        expect(email(otis).get_by_role("button", name="Connect")).to_have_count(0)
        expect(email(otis).get_by_role("button", name="Link an address")).to_have_count(0)
        read_aloud(otis)

        window = open_window(server.url)
        tab = window.sign_in(ada)
        at_settings(tab)
        expect(email(tab).get_by_text("send mail from there")).to_be_visible()
        expect(email(tab).get_by_text("read the mail there")).to_be_visible()
        read_aloud(tab)
        tab.button("Connect the agent's mailbox").click()
        at_google(tab, AGENT)
        expect(tab.page.get_by_text("The agent's mailbox is connected.")).to_be_visible()
        expect(email(tab).get_by_text(f"The agent writes from {AGENT}.")).to_be_visible()
        read_aloud(tab)
        assert window.unexpected() == []

    def test_whose_consent_was_withdrawn_says_so_and_is_connected_again(
        self, place: Place, reached: Person, open_window: Callable[..., Window]
    ) -> None:
        server, google, ada = place
        window = open_window(server.url)
        tab = window.sign_in(ada)
        at_settings(tab)
        google.revoke()
        expect(email(tab).get_by_text("Not connected")).to_be_visible()
        read_aloud(tab)
        told = open_window(server.url).sign_in(reached)
        at_settings(told)
        expect(email(told).get_by_text("Connect the agent's mailbox again")).to_be_visible()
        request = ask(reached, "confirmation", title="Anybody?", route=[{"channel": "email", "wait_seconds": 600}])
        other = open_window(server.url).sign_in(reached)
        other.page.goto(f"/r/{request['id']}")
        lost = other.page.get_by_role("group", name="Reached nobody")
        expect(lost.get_by_text("Email:")).to_be_visible()
        tab.button("Connect the mailbox again").click()
        at_google(tab, AGENT)
        expect(tab.page.get_by_text("The agent's mailbox is connected.")).to_be_visible()
        expect(email(tab).get_by_text("Not connected")).to_have_count(0)
        expect(email(told).get_by_text("Working")).to_be_visible()
        lost.get_by_role("button", name="Try again").click()
        google.mail(DANA, lambda mail: "Anybody?" in mail["Subject"] + mail.as_string())
        expect(other.page.get_by_text("Also asked by email")).to_be_visible()
        assert window.unexpected() == []


class TestAddress:
    def test_is_linked_by_a_reply_from_there(self, place: Place, open_window: Callable[..., Window]) -> None:
        server, google, _ = place
        window = open_window(server.url)
        tab = window.sign_in(server.person("Eve"))
        at_settings(tab)
        tab.button("Link an address").click()
        tab.page.get_by_label("Your address").fill(EVE)
        read_aloud(tab)
        tab.button("Send the mail").click()
        dialog = tab.page.get_by_role("dialog", name="Link an email address")
        words = dialog.locator("code").inner_text()
        read_aloud(tab)
        asked = google.mail(EVE)
        assert words.split()[1] not in asked.as_string()
        google.reply(EVE, asked, words)
        expect(dialog).to_have_count(0)
        expect(email(tab).get_by_role("heading")).to_contain_text(EVE)
        expect(email(tab).get_by_text("Working")).to_be_visible()
        choose(tab, "Menu of Email", "Unlink")
        tab.page.get_by_role("dialog", name="Unlink Email?").get_by_role("button", name="Unlink", exact=True).click()
        expect(email(tab).get_by_text("Not linked")).to_be_visible()
        assert window.unexpected() == []

    def test_that_is_none_is_refused_beside_the_field(self, place: Place, open_window: Callable[..., Window]) -> None:
        server, _, _ = place
        window = open_window(server.url)
        tab = window.sign_in(server.person("Eva"))
        at_settings(tab)
        tab.button("Link an address").click()
        address = tab.page.get_by_label("Your address")
        address.fill("eva@localhost")
        tab.button("Send the mail").click()
        expect(address).to_have_attribute("aria-invalid", "true")
        read_aloud(tab)
        assert window.unexpected("422") == []


class TestCard:
    def test_shows_what_does_not_count_and_the_mail_that_decided(
        self, place: Place, reached: Person, open_window: Callable[..., Window]
    ) -> None:
        server, google, _ = place
        request = ask(reached, "confirmation", title="Send the invoice again?")
        asked = google.mail(DANA, lambda mail: "Send the invoice again?" in mail["Subject"] + mail.as_string())
        window = open_window(server.url)
        tab = window.sign_in(reached)
        tab.page.goto(f"/r/{request['id']}")
        expect(tab.page.get_by_text("Also asked by email")).to_be_visible()

        google.post(MALLORY, answering(DANA, asked, HOSTILE))
        doubtful = tab.page.get_by_role("region", name="A reply that does not count")
        expect(doubtful.get_by_role("group", name="What was written")).to_contain_text("<img src=x onerror=alert(1)>")
        expect(doubtful.get_by_text("U+202E").first).to_be_visible()
        expect(doubtful).to_contain_text(f"It says it is from {DANA}")
        read_aloud(tab)
        assert reached.get(f"/api/feedback/{request['id']}")["status"] == "pending"

        google.reply(DANA, asked, "REJECT It was paid.")
        expect(tab.page.get_by_text("Rejected by Dana by email, sent")).to_be_visible()
        tab.page.get_by_text("Show the mail").click()
        written = tab.page.get_by_role("group", name="What was written").filter(has_text="REJECT It was paid.")
        expect(written).to_be_visible()
        expect(doubtful).to_be_visible()
        read_aloud(tab)
        assert window.unexpected() == []


class TestSession:
    def test_is_moved_to_email_and_shows_where_words_came_from(
        self, place: Place, reached: Person, open_window: Callable[..., Window]
    ) -> None:
        server, google, _ = place
        window = open_window(server.url)
        tab = window.sign_in(reached)
        google.send(DANA, AGENT, "A sum", "calc 6 * 7")
        tab.page.get_by_role("link", name="A sum").click()
        expect(tab.log.get_by_text("Email", exact=True)).to_be_visible()
        expect(tab.log.get_by_text("6 * 7 = 42")).to_be_visible()
        tab.button("Ask me on: Automatic").click()
        tab.page.get_by_role("menuitemradio", name=f"Email ({DANA})").click()
        expect(tab.button("Ask me on: Email")).to_be_visible()
        read_aloud(tab)
        assert window.unexpected() == []
