"""The keyboard and the small screen: nothing is approved by accident, and everything can be decided without a mouse or room."""

from collections.abc import Callable

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.support.person import Person
from tests.support.server import Server
from tests.support.web_app import Tab, Window, said

TITLE = "Run make_payment?"
PHONE = {"width": 375, "height": 667}
NARROW: ViewportSize = {"width": 320, "height": 640}
COMMANDS = (
    "pay 500 to " + "W" * 200,
    "ask Why? " + "M" * 200,
    "choose tea, " + "c" * 100,
    "form name, email:email, " + "f" * 60,
    "plan a walk along " + "w" * 200,
    "stream 30",
    "hello",
)


class TestEnter:
    def test_approves_nothing_outside_a_decision_button(self, desk: Window, tab: Tab, worker: Person) -> None:
        session_id = tab.begin("pay 400 to Enter")
        card = tab.card(TITLE)
        expect(card.box).to_be_visible()
        tab.composer.press("Enter")
        tab.say("yes, approve")
        expect(tab.log.get_by_text("yes, approve")).to_be_visible()
        tab.page.evaluate("() => document.activeElement.blur()")
        tab.page.keyboard.press("Enter")
        card.box.get_by_role("heading", name=TITLE).press("Enter")
        card.press("Approve")
        card.fill("Type make_payment to approve", "make_payment")
        card.box.get_by_label("Type make_payment to approve").press("Enter")
        expect(card.button("Approve")).to_be_enabled()
        assert worker.pending(session_id)["status"] == "pending"
        assert [url for url in desk.requests if url.endswith(f"/{worker.pending(session_id)['id']}/answer")] == []

    def test_sends_a_message_and_shift_enter_breaks_the_line(self, tab: Tab, worker: Person) -> None:
        tab.page.goto("/s/new")
        tab.composer.fill("calc 1 +")
        tab.composer.press("Shift+Enter")
        tab.composer.press_sequentially("2")
        expect(tab.composer).to_have_value("calc 1 +\n2")
        tab.composer.press("Enter")
        expect(tab.log.get_by_text("= 3")).to_be_visible()
        assert said(worker, tab.session_id)[0] == "calc 1 + 2"


class TestKeyboardAlone:
    def test_approves_a_payment_and_stays_at_its_document(self, tab: Tab) -> None:
        tab.begin("pay 450 to Keys")
        card = tab.card(TITLE)
        expect(card.box).to_be_visible()
        tab.page.reload()  # focus starts at the top of the page
        expect(card.box).to_be_visible()
        tab.tab_to(card.button("Approve"))
        tab.page.keyboard.press("Enter")
        tab.tab_to(card.box.get_by_label("Type make_payment to approve"))
        tab.page.keyboard.type("make_payment")
        tab.tab_to(card.button("Approve"))
        tab.page.keyboard.press("Enter")
        tab.signed("Approved by Dana in the web app")
        expect(tab.log.get_by_role("heading", name=f"Approval: {TITLE}")).to_be_focused()

    def test_fills_in_a_form(self, tab: Tab) -> None:
        tab.begin("form name, seats:integer")
        card = tab.card("Please fill in this form")
        expect(card.box).to_be_visible()
        tab.tab_to(card.box.get_by_label("name"))
        tab.page.keyboard.type("Dana")
        tab.tab_to(card.box.get_by_label("seats"))
        tab.page.keyboard.type("3")
        tab.tab_to(card.button("Send form"))
        tab.page.keyboard.press("Enter")
        tab.signed("Answered by Dana in the web app")

    def test_is_not_moved_by_a_request_that_arrives(self, tab: Tab) -> None:
        tab.begin("calc 1 + 1")
        tab.status("Finished")
        tab.composer.fill("choose tea, coffee")
        tab.composer.press("Enter")
        expect(tab.card("Which one shall it be?").box).to_be_visible()
        expect(tab.composer).to_be_focused()


class TestSmallScreen:
    @pytest.fixture
    def phone(self, server: Server, worker: Person, open_window: Callable[..., Window]) -> Tab:
        return open_window(server.url, viewport=PHONE, has_touch=True, is_mobile=True).sign_in(worker)

    def test_reaches_both_buttons_of_a_long_request(self, phone: Tab, worker: Person) -> None:
        asked = worker.http.post(
            "/api/feedback",
            json={
                "type": "confirmation",
                "title": "Send the letter?",
                "prompt": "It is ready.",
                "action": {"tool": "send_letter", "args": {"to": "Bob", "text": "Dear Bob. " * 500}, "risk": "low"},
            },
        )
        assert asked.status_code == 201, asked.text
        for path in (f"/s/{asked.json()['session_id']}", f"/r/{asked.json()['id']}"):
            phone.page.goto(path)
            card = phone.card("Send the letter?")
            card.box.get_by_role("button", name="Show all 5,000 characters").click()
            for name in ("Approve", "Reject"):
                card.button(name).scroll_into_view_if_needed()
                expect(card.button(name)).to_be_in_viewport(ratio=1)
                card.button(name).click(trial=True)  # nothing lies over it
        card.press("Approve")
        phone.page.get_by_text("Approved by Dana in the web app").wait_for()

    def test_never_scrolls_sideways(self, phone: Tab, worker: Person) -> None:
        phone.page.set_viewport_size(NARROW)
        started = [worker.say(command) for command in COMMANDS]
        paths = ["/sessions", "/s/new"] + [f"/s/{run['session_id']}" for run in started]
        paths.append(f"/r/{worker.pending(started[0]['session_id'])['id']}")
        wide = {}
        for path in paths:
            phone.page.goto(path)
            expect(phone.page.get_by_role("heading", level=1)).to_be_visible()
            if path.startswith("/s/ses"):
                expect(phone.log.get_by_role("listitem").nth(2)).to_be_visible()
            if found := phone.scrolls_sideways():
                wide[path] = found
        assert wide == {}
