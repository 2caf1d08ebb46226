"""Channels in the browser, beside a real Slack: the order, linking, a test, dead letters, and where a session is asked."""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.journeys.test_browser_accessibility import AXE, NARROW, RULES, RUN, WIDE
from tests.support.emulated_slack import Emulated, run_emulate
from tests.support.example_requests import ask
from tests.support.person import Person, until
from tests.support.server import Server
from tests.support.slack import SECRET, TOKEN, Slack, link, run_slack
from tests.support.web_app import Tab, Window

BARE = ["chat", "slack", "email"]
Elsewhere = tuple[Server, Emulated, Person]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server of its own, which a Slack will be told about."""
    return Server(tmp_path_factory.mktemp("channels") / "data")


@pytest.fixture(scope="module", autouse=True)
def slack(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slack]:
    """The Slack the server is connected to; the server runs as long as it does."""
    with run_slack(tmp_path_factory.mktemp("peer"), hook_port=server.port) as running:
        try:
            server.start(SLACK_BOT_TOKEN=TOKEN, SLACK_SIGNING_SECRET=SECRET, SLACK_API_URL=running.api_url)
            yield running
        finally:
            server.stop()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """Another server, a Slack at which people sign in, and the administrator."""
    other = Server(tmp_path_factory.mktemp("oauth") / "data")
    with run_emulate(other.url) as emulated:
        try:
            yield other.start(**emulated.settings()), emulated, other.person("Ada")
        finally:
            other.stop()


@pytest.fixture
def linked(worker: Person, slack: Slack) -> Iterator[Person]:
    """The worker, reachable in Slack too, and asked in the web chat first."""
    link(worker, slack)
    yield worker
    worker.http.delete("/api/channels/slack")
    put(worker, *BARE)


@pytest.fixture
def settings(tab: Tab, worker: Person) -> Tab:
    """A tab at the order of channels, which is as it was at first."""
    put(worker, *BARE)
    return at_settings(tab)


@pytest.fixture
def second(desk: Window, tab: Tab) -> Iterator[Tab]:
    """Another tab of the same window; the window's errors are asserted with the first."""
    opened = desk.tab()
    yield opened
    opened.page.close()


def at_settings(tab: Tab) -> Tab:
    tab.page.goto("/settings/channels")
    expect(tab.page.get_by_role("heading", name="Web chat")).to_be_visible()
    return tab


def put(person: Person, *types: str) -> None:
    reply = person.http.put("/api/channels", json={"items": [{"type": type} for type in types]})
    assert reply.status_code == 200, reply.text


def kept(person: Person, *types: str) -> None:
    """Wait until the server has this order."""
    until(lambda: [each["type"] for each in person.get("/api/channels")["items"]], lambda order: order == list(types))


def shown(tab: Tab, *names: str) -> None:
    """Wait until the page has this order."""
    expect(tab.page.locator("[data-channel] h2")).to_have_text([*names])


def row(tab: Tab, type: str) -> Locator:
    return tab.page.locator(f"[data-channel={type}]")


def choose(tab: Tab, menu: str, item: str) -> None:
    tab.button(menu).click()
    tab.page.get_by_role("menuitem", name=item).click()


def read_aloud(tab: Tab) -> None:
    """axe finds nothing on the open page, in either scheme at either width."""
    tab.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = {}
    for size in (WIDE, NARROW):
        tab.page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            tab.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
            if violations := tab.page.evaluate(RUN, RULES):
                found[f"{scheme} {size['width']}"] = violations
        assert tab.scrolls_sideways() == []
    tab.page.set_viewport_size(WIDE)
    assert found == {}


class TestOrder:
    def test_moves_by_keys_and_is_put_back_by_escape(self, settings: Tab, worker: Person) -> None:
        handle = settings.page.get_by_role("button", name="Reorder Slack, position 2 of 3")
        said = settings.page.locator("[id^=DndLiveRegion]")
        handle.focus()
        handle.press("Space")
        expect(said).to_have_text("Slack lifted, position 2 of 3")
        self.arrow(settings, "ArrowDown", "Slack, position 3 of 3")
        handle.press("Escape")
        expect(said).to_have_text("Slack put back, position 2 of 3")
        shown(settings, "Web chat", "Slack", "Email")
        handle.press("Space")
        expect(said).to_have_text("Slack lifted, position 2 of 3")
        self.arrow(settings, "ArrowUp", "Slack, position 1 of 3")
        handle.press("Space")
        shown(settings, "Slack", "Web chat", "Email")
        kept(worker, "slack", "chat", "email")
        expect(settings.page.get_by_role("button", name="Reorder Slack, position 1 of 3")).to_be_focused()

    def arrow(self, tab: Tab, key: str, words: str) -> None:
        """Press an arrow until the move is told: one that comes while the list is still being measured moves nothing, and
        at either end one more changes nothing."""
        said = tab.page.locator("[id^=DndLiveRegion]")

        def press() -> str:
            tab.page.keyboard.press(key)
            return said.inner_text()

        until(press, lambda told: told == words)

    def test_moves_by_menu(self, settings: Tab, worker: Person) -> None:
        choose(settings, "Menu of Email", "Move up")
        shown(settings, "Web chat", "Email", "Slack")
        choose(settings, "Menu of Web chat", "Move down")
        shown(settings, "Email", "Web chat", "Slack")
        kept(worker, "email", "chat", "slack")

    def test_moves_by_drag(self, settings: Tab, worker: Person) -> None:
        mouse = settings.page.mouse
        grip = settings.page.get_by_role("button", name="Reorder Email, position 3 of 3").bounding_box()
        target = row(settings, "chat").bounding_box()
        assert grip is not None and target is not None
        mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
        mouse.down()

        def drag() -> str:
            mouse.move(grip["x"], target["y"] + 40)
            mouse.move(grip["x"], target["y"] + 10, steps=10)
            return settings.page.locator("[id^=DndLiveRegion]").inner_text()

        until(drag, lambda told: told == "Email, position 1 of 3")  # not before the rows are measured
        mouse.up()
        shown(settings, "Email", "Web chat", "Slack")
        kept(worker, "email", "chat", "slack")

    def test_is_the_same_in_two_tabs_and_after_a_reload(self, settings: Tab, second: Tab, worker: Person) -> None:
        at_settings(second)
        choose(settings, "Menu of Slack", "Move up")
        shown(second, "Slack", "Web chat", "Email")
        minutes = second.page.get_by_label("Minutes to wait for an answer on Web chat")
        minutes.fill("2.5")
        minutes.press("Enter")
        expect(settings.page.get_by_label("Minutes to wait for an answer on Web chat")).to_have_value("2.5")
        settings.page.reload()
        shown(settings, "Slack", "Web chat", "Email")
        expect(settings.page.get_by_label("Minutes to wait for an answer on Web chat")).to_have_value("2.5")
        assert worker.get("/api/channels")["items"][1]["wait_seconds"] == 150

    def test_is_read_aloud(self, settings: Tab) -> None:
        read_aloud(settings)


class TestSlack:
    def test_is_linked_by_the_words_shown_and_unlinked_again(self, settings: Tab, slack: Slack) -> None:
        slack_row = row(settings, "slack")
        expect(slack_row.get_by_text("Not linked")).to_be_visible()
        slack_row.get_by_role("button", name="Link with a code").click()
        words = slack_row.locator("code").inner_text()
        read_aloud(settings)
        slack.say(slack.dm(), words)
        expect(slack_row.get_by_text("Working")).to_be_visible()
        expect(slack_row.get_by_text("Dana D.")).to_be_visible()
        choose(settings, "Menu of Slack", "Unlink")
        dialog = settings.page.get_by_role("dialog", name="Unlink Slack?")
        expect(dialog).to_contain_text("Slack (Dana D.)")
        dialog.get_by_role("button", name="Unlink", exact=True).click()
        expect(slack_row.get_by_text("Not linked")).to_be_visible()

    def test_is_tested_by_a_message_that_is_followed_until_it_is_answered(
        self, linked: Person, settings: Tab, slack: Slack
    ) -> None:
        choose(settings, "Menu of Slack", "Send a test")
        expect(row(settings, "slack").get_by_text("Not answered yet")).to_be_visible()
        slack.click(slack.message(slack.dm(), lambda message: "Does this reach you" in str(message.get("blocks"))), "approve")
        expect(row(settings, "slack").get_by_text("Approved by Dana in Slack")).to_be_visible()
        read_aloud(settings)

    def test_switched_off_is_not_asked(self, linked: Person, settings: Tab) -> None:
        settings.page.get_by_role("switch", name="Use Slack").click()
        expect(settings.page.get_by_role("switch", name="Use Slack")).not_to_be_checked()
        until(lambda: linked.get("/api/channels")["items"][1]["enabled"], lambda enabled: not enabled)
        choose(settings, "Menu of Slack", "Move up")
        kept(linked, "slack", "chat", "email")
        request = ask(linked, title="Only here?")
        assert [copy["channel"] for copy in request["deliveries"]] == ["chat"]


class TestSlackInstall:
    def test_leads_there_and_back_with_the_workspace_named(
        self, elsewhere: Elsewhere, open_window: Callable[..., Window]
    ) -> None:
        server, _, ada = elsewhere
        window = open_window(server.url)
        tab = window.sign_in(ada)
        at_settings(tab)
        expect(row(tab, "slack").get_by_text("Not installed in any workspace yet")).to_be_visible()
        read_aloud(tab)
        row(tab, "slack").get_by_role("button", name="Install to a Slack workspace").click()
        tab.page.get_by_role("button", name="Dana Slack").click()
        expect(tab.page.get_by_text("Assent is installed in the Slack workspace.")).to_be_visible()
        expect(row(tab, "slack").get_by_text("Installed in Acme.")).to_be_visible()
        read_aloud(tab)
        assert window.unexpected() == []

    def test_that_slack_cuts_short_is_told_in_the_web_app(self, elsewhere: Elsewhere, open_window: Callable[..., Window]) -> None:
        """Somebody takes a permission out of what Slack is asked for."""
        server, emulated, ada = elsewhere
        window = open_window(server.url)
        tab = window.sign_in(ada)
        window.context.route(
            f"{emulated.authorize_url}?*chat%3Awrite*",
            lambda route: route.fulfill(status=302, headers={"Location": route.request.url.replace("chat%3Awrite%2C", "")}),
        )
        at_settings(tab)
        row(tab, "slack").get_by_role("button", name="Install to a Slack workspace").click()
        tab.page.get_by_role("button", name="Dana Slack").click()
        expect(tab.page.get_by_text("it did not grant every permission needed")).to_be_visible()
        read_aloud(tab)
        assert window.unexpected() == []

    def test_is_no_matter_of_others(self, elsewhere: Elsewhere, open_window: Callable[..., Window]) -> None:
        server, _, _ = elsewhere
        tab = open_window(server.url).sign_in(server.person("Otis"))
        at_settings(tab)
        expect(row(tab, "slack").get_by_role("button", name="Connect Slack")).to_be_visible()
        expect(tab.page.get_by_role("button", name="Install")).to_have_count(0)


class TestSlackSignIn:
    def test_leads_there_and_back_linked(self, elsewhere: Elsewhere, open_window: Callable[..., Window]) -> None:
        window = open_window(elsewhere[0].url)
        tab = window.sign_in(elsewhere[0].person("Olga"))
        at_settings(tab)
        read_aloud(tab)
        row(tab, "slack").get_by_role("button", name="Connect Slack").click()
        tab.page.get_by_role("button", name="Dana Slack").click()
        expect(row(tab, "slack").get_by_text(f"{elsewhere[1].users['dana']} in Acme")).to_be_visible()
        read_aloud(tab)
        assert window.unexpected() == []

    def test_leads_back_also_when_it_was_declined(self, elsewhere: Elsewhere, open_window: Callable[..., Window]) -> None:
        """The Slack of the test has no button to decline with: its page is answered for."""
        window = open_window(elsewhere[0].url)
        tab = window.sign_in(elsewhere[0].person("Otto"))

        def decline(route: Route) -> None:
            asked = {name: values[0] for name, values in parse_qs(urlsplit(route.request.url).query).items()}
            back = f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], 'error': 'access_denied'})}"
            route.fulfill(status=302, headers={"Location": back})

        window.context.route(f"{elsewhere[1].authorize_url}*", decline)
        at_settings(tab)
        row(tab, "slack").get_by_role("button", name="Connect Slack").click()
        expect(tab.page.get_by_text("Slack was not connected")).to_be_visible()
        expect(row(tab, "slack").get_by_text("Not linked")).to_be_visible()
        read_aloud(tab)
        assert window.unexpected() == []

    def test_leads_back_also_when_it_was_not_begun_there(self, elsewhere: Elsewhere, open_window: Callable[..., Window]) -> None:
        window = open_window(elsewhere[0].url)
        tab = window.sign_in(elsewhere[0].person("Oda"))
        tab.page.goto("/api/auth/slack/callback?state=of-another-browser&code=c")
        expect(tab.page.get_by_text("was begun in another browser")).to_be_visible()
        expect(row(tab, "slack").get_by_text("Not linked")).to_be_visible()
        assert urlsplit(tab.page.url).query == "slack=bad_state"
        read_aloud(tab)
        assert window.unexpected() == []


class TestWebChat:
    def test_is_tested_and_seen_as_soon_as_somebody_looks(self, settings: Tab, second: Tab) -> None:
        choose(settings, "Menu of Web chat", "Send a test")
        progress = row(settings, "chat")
        expect(progress.get_by_text("Not seen yet")).to_be_visible()
        address = progress.get_by_role("link", name="Open it here").get_attribute("href")
        assert address is not None
        second.page.goto(address)
        second.page.bring_to_front()
        expect(progress.get_by_text("Seen")).to_be_visible()
        second.card("Does this reach you through the web chat?").press("Approve")
        expect(progress.get_by_text("Approved by Dana in the web app")).to_be_visible()


class TestDeadLetter:
    def test_is_seen_in_the_list_tried_again_and_asked_elsewhere(self, tab: Tab, worker: Person, slack: Slack) -> None:
        request = ask(worker, "confirmation", title="Deploy it?", route=[{"channel": "slack", "wait_seconds": 600}])
        tab.page.goto("/sessions")
        tab.page.get_by_role("link", name="Deploy it?").get_by_text("Waiting for you, not delivered").click()
        card = tab.card("Deploy it?")
        lost = card.box.get_by_role("group", name="Reached nobody")
        expect(lost.get_by_text("Slack: No account is linked for this channel.")).to_be_visible()
        tab.status("Waiting for you, not delivered")
        read_aloud(tab)

        card.press("Try again")
        until(lambda: worker.get(f"/api/feedback/{request['id']}")["deliveries"], lambda copies: len(copies) == 2)
        expect(lost).to_be_visible()
        link(worker, slack)
        expect(lost.get_by_role("button", name="Ask in Slack")).to_be_visible()
        card.press("Ask in Slack")
        expect(lost).to_have_count(0)
        expect(card.box.get_by_role("heading", name="Deploy it?")).to_be_focused()
        card.box.get_by_text("Also asked in Slack").click()
        expect(card.box.get_by_role("list", name="Where it was asked").get_by_role("listitem")).to_have_count(3)
        tab.status("Waiting for you")
        read_aloud(tab)

        slack.click(slack.message(slack.dm(), lambda message: request["id"] in str(message.get("blocks"))), "reject")
        worker.http.delete("/api/channels/slack")

    def test_with_only_the_web_chat_left_is_asked_there(self, tab: Tab, worker: Person) -> None:
        request = ask(worker, title="Anybody?", route=[{"channel": "email", "wait_seconds": 600}])
        tab.page.goto(f"/r/{request['id']}")
        lost = tab.page.get_by_role("group", name="Reached nobody")
        lost.get_by_role("button", name="Ask in the web app").click()
        expect(lost).to_have_count(0)
        until(
            lambda: worker.get(f"/api/feedback/{request['id']}"),
            lambda now: now["deliveries"][-1]["status"] == "seen" and not now["dead_letter"],
        )


class TestSession:
    def test_is_moved_to_slack_with_its_open_question_and_back(self, tab: Tab, second: Tab, linked: Person, slack: Slack) -> None:
        session_id = tab.begin("pay 700 to Mover")
        card = tab.card("Run make_payment?")
        expect(card.box).to_be_visible()
        second.open(session_id)
        tab.button("Ask me on: Automatic").click()
        expect(tab.page.get_by_role("menuitemradio", name="Automatic")).to_have_attribute("aria-checked", "true")
        expect(tab.page.get_by_role("menuitem", name="Email")).to_contain_text("Not set up on this server")
        read_aloud(tab)
        tab.page.get_by_role("menuitemradio", name="Slack (Dana D.)").click()
        for each in (tab, second):
            expect(each.button("Ask me on: Slack")).to_be_visible()
            expect(each.card("Run make_payment?").box.get_by_text("Also asked in Slack")).to_be_visible()
        slack.click(slack.message(slack.dm(), lambda message: "Mover" in str(message.get("blocks"))), "approve")
        for each in (tab, second):
            each.signed("Approved by Dana in Slack")
        second.button("Ask me on: Slack").click()
        second.page.get_by_role("menuitemradio", name="Automatic").click()
        expect(tab.button("Ask me on: Automatic")).to_be_visible()

    def test_is_moved_from_its_menu_on_a_phone(self, tab: Tab, linked: Person) -> None:
        tab.page.set_viewport_size(NARROW)
        session_id = linked.say("calc 1 + 1")["session_id"]
        tab.open(session_id)
        tab.button("Session menu").click()
        tab.page.get_by_role("menuitemradio", name="Web chat", exact=True).click()
        until(lambda: linked.get(f"/api/sessions/{session_id}").get("channel"), lambda channel: channel == "chat")
        tab.button("Session menu").click()
        expect(tab.page.get_by_role("menuitemradio", name="Web chat", exact=True)).to_have_attribute("aria-checked", "true")
