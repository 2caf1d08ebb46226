"""Request cards by hand: what long, deceptive and late ones look like to the person who decides, on a desk and on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.support.deadlines import expire_deadline
from tests.support.example_requests import ask
from tests.support.person import Person
from tests.support.server import Server
from tests.support.web_app import Card, Tab, Window

PHONE: ViewportSize = {"width": 375, "height": 667}
PHONE_WITH_KEYBOARD: ViewportSize = {"width": 375, "height": 330}
LETTER = {"tool": "send_letter", "args": {"to": "Bob", "text": "Dear Bob. " * 500}, "risk": "low"}


def reachable(card: Card, *names: str) -> None:
    """Each of these buttons can be brought into view whole, with nothing over it."""
    for name in names:
        card.button(name).scroll_into_view_if_needed()
        expect(card.button(name)).to_be_in_viewport(ratio=1)
        card.button(name).click(trial=True)


class TestOnAPhone:
    @pytest.fixture
    def phone(self, server: Server, worker: Person, open_window: Callable[..., Window]) -> Tab:
        return open_window(server.url, viewport=PHONE, has_touch=True, is_mobile=True).sign_in(worker)

    @pytest.mark.parametrize("place", ["/s/{session_id}", "/r/{id}"])
    def test_both_buttons_are_reachable_with_the_keyboard_open(self, phone: Tab, worker: Person, place: str) -> None:
        request = ask(worker, "confirmation", action=LETTER)
        phone.page.goto(place.format(**request))
        card = phone.card("A confirmation?")
        card.button("Show all 5,000 characters").click()
        reachable(card, "Approve", "Reject")

        phone.page.set_viewport_size(PHONE_WITH_KEYBOARD)
        reachable(card, "Approve", "Reject")
        card.press("Reject")
        expect(card.box.get_by_label("Why not?")).to_be_focused()
        card.fill("Why not?", "It is\nmuch\ntoo\nlong.")
        reachable(card, "Reject", "Back")
        card.press("Reject")
        expect(phone.page.locator("[data-slot=request-card]").get_by_text("Rejected by Dana in the web app")).to_be_visible()

    def test_the_name_of_a_dangerous_tool_can_be_typed_with_the_keyboard_open(self, phone: Tab, worker: Person) -> None:
        request = ask(worker, "confirmation", action={**LETTER, "risk": "high"})
        phone.page.goto(f"/r/{request['id']}")
        phone.page.set_viewport_size(PHONE_WITH_KEYBOARD)
        card = phone.card("A confirmation?")
        card.press("Approve")
        card.fill("Type send_letter to approve", "send_letter")
        reachable(card, "Approve", "Back")
        card.press("Approve")
        expect(phone.page.locator("[data-slot=request-card]").get_by_text("Approved by Dana in the web app")).to_be_visible()

    def test_the_composer_keeps_its_buttons_beside_the_choice_to_answer(self, phone: Tab, worker: Person) -> None:
        phone.begin("ask Which colour?")
        answering = phone.page.locator("[data-slot=composer] label")
        expect(answering).to_be_visible()
        row, stop, send = (each.bounding_box() for each in (answering, phone.button("Stop"), phone.button("Send")))
        assert row and stop and send
        assert row["x"] + row["width"] <= stop["x"] < send["x"]
        assert stop["y"] == send["y"] <= row["y"]
        assert row["y"] + row["height"] <= send["y"] + send["height"]  # the words take one line
        assert worker.pending(phone.session_id)["type"] == "text"

    def test_long_arguments_scroll_in_their_own_box(self, phone: Tab, worker: Person) -> None:
        request = ask(worker, "confirmation", action=LETTER)
        phone.page.goto(f"/r/{request['id']}")
        card = phone.card("A confirmation?")
        card.button("Show all 5,000 characters").click()
        box = card.box.get_by_role("group", name="Exact arguments").bounding_box()
        assert box is not None
        assert box["height"] <= PHONE["height"] * 0.4 + 1


class TestExactArguments:
    def test_read_as_a_table_and_as_they_are_sent(self, tab: Tab, worker: Person) -> None:
        request = ask(worker, "confirmation", action={"tool": "deploy", "args": {"to": "prod\u202e", "v": [7]}, "risk": "low"})
        tab.page.goto(f"/r/{request['id']}")
        card = tab.card("A confirmation?")
        expect(card.box.get_by_role("table", name="Arguments of deploy")).to_contain_text("prodU+202E")
        card.press("JSON")
        raw = card.box.get_by_role("group", name="Exact arguments").locator("pre")
        expect(raw).to_have_text(
            '{\n  "tool": "deploy",\n  "args": {\n    "to": "prodU+202E",\n    "v": [\n      7\n    ]\n  }\n}'
        )
        expect(card.box.get_by_role("table")).to_have_count(0)


class TestEditing:
    def test_shows_what_is_changed_before_it_is_sent(self, tab: Tab, worker: Person) -> None:
        tab.begin("pay 900 to Vera")
        card = tab.card("Run make_payment?")
        card.press("Edit and approve")
        expect(card.box.get_by_label("amount")).to_be_focused()
        card.fill("amount", "80")
        expect(card.box.get_by_role("table", name="What you change").get_by_role("row", name="amount 900 80")).to_be_visible()
        card.press("Back")
        expect(card.button("Edit and approve")).to_be_focused()
        card.press("Edit and approve")
        expect(card.box.get_by_label("amount")).to_have_value("80")


class TestTooLate:
    def test_a_click_after_somebody_else_tells_who_and_keeps_the_draft(
        self, server: Server, desk: Window, worker: Person
    ) -> None:
        desk.errors.clear()
        request = ask(worker, "text")
        tab = desk.tab()
        tab.page.route("**/api/ws/**", lambda route: route.abort())
        tab.page.route_web_socket("**/api/ws/**", lambda socket: socket.close())
        tab.page.goto(f"/r/{request['id']}")
        card = tab.card("A text?")
        card.fill("Your answer", "half a thought")
        assert worker.answer(request["id"], "submit", feedback="A whole one").status_code == 200
        card.press("Send answer")
        expect(tab.page.get_by_text("Your answer came too late.")).to_be_visible()
        expect(tab.page.get_by_role("heading", level=1)).to_be_focused()
        expect(tab.page.get_by_text("A whole one")).to_be_visible()
        expect(tab.page.get_by_text("Your unsent draft")).to_be_visible()
        expect(tab.page.get_by_text("half a thought")).to_be_visible()
        tab.page.close()
        assert desk.unexpected("409", "WebSocket") == []

    def test_nobody_answered_in_time_and_the_draft_can_be_copied(self, server: Server, tab: Tab, worker: Person) -> None:
        request = ask(worker, "text", due_in=3600)
        tab.page.goto(f"/r/{request['id']}")
        tab.card("A text?").fill("Your answer", "almost")
        expire_deadline(server, request["id"])
        expect(tab.page.get_by_text("Nobody answered in time, so it was declined")).to_be_visible()
        expect(tab.page.get_by_text("almost")).to_be_visible()
        expect(tab.button("Copy")).to_be_visible()
