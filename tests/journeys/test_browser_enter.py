"""Enter decides nothing but on a focused button that decides: pressed at every other place that takes the focus, one by one."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.support.example_requests import ask
from tests.support.person import Person
from tests.support.server import Server
from tests.support.web_app import Card, Tab, Window

LETTER = {"tool": "send_letter", "args": {"to": "Bob", "pages": 2}, "risk": "low"}
# What gives or takes away assent when it is pressed; pressing it is a decision.
DECIDES = ("Approve", "Confirm approve", "Approve with changes", "Continue", "Skip this review")
PLACES = "a[href], button, input, textarea, select, summary, [tabindex]"
FOCUS = "node => { node.focus(); return node === document.activeElement; }"  # not so where it is disabled
LOOK = "() => new Promise((seen) => requestAnimationFrame(() => setTimeout(() => seen(location + document.body.outerHTML))))"


@pytest.fixture
def walk(server: Server, open_window: Callable[..., Window]) -> Callable[..., None]:
    """Presses Enter at every place of a page that does not decide; where that changed the page, it is opened anew."""
    person = server.person("Ida")
    window = open_window(server.url)
    tab = window.sign_in(person)

    def press_everywhere(path: str, ready: Callable[[Tab, Card], object], **request: Any) -> None:
        asked = ask(person, **request)
        index = pressed = 0
        places = opened(tab, path.format(**asked), ready, asked["title"])
        while (place := places.nth(index)).count():
            index += 1
            if not place.is_visible() or place.inner_text().strip() in DECIDES:
                continue
            before = tab.page.evaluate(LOOK)
            if place.evaluate(FOCUS):
                tab.page.keyboard.press("Enter")
                pressed += 1
            if tab.page.evaluate(LOOK) != before:
                places = opened(tab, path.format(**asked), ready, asked["title"])
        assert pressed > 7
        assert person.get(f"/api/feedback/{asked['id']}")["status"] == "pending"
        assert [url for url in window.requests if url.endswith("/answer")] == []

    return press_everywhere


def opened(tab: Tab, path: str, ready: Callable[[Tab, Card], object], title: str) -> Locator:
    """Every place that takes the focus, once the request is open and ready."""
    tab.page.goto(path)
    card = tab.card(title)
    expect(card.box).to_be_visible()
    ready(tab, card)
    return tab.page.locator(PLACES)


def as_it_is(tab: Tab, card: Card) -> None:
    """Wait for its buttons."""
    expect(card.box.get_by_role("button", name="Approve").or_(card.button("Continue")).first).to_be_visible()


def armed(tab: Tab, card: Card) -> None:
    tab.hold_time()
    tab.page.keyboard.press("a")
    expect(card.button("Confirm approve")).to_be_focused()


def run_out(tab: Tab, card: Card) -> None:
    """Armed, and let go of when its time was over."""
    armed(tab, card)
    tab.let_time_pass()
    expect(card.button("Approve")).to_be_visible()
    expect(card.box.get_by_role("heading", name="A confirmation?")).to_be_focused()


def named(tab: Tab, card: Card) -> None:
    """One press before the approval of what is dangerous."""
    card.press("Approve")
    card.fill("Type deploy to approve", "deploy")
    expect(card.button("Approve")).to_be_enabled()


def edited(tab: Tab, card: Card) -> None:
    card.press("Edit and approve")
    card.fill("to", "Ann")
    expect(card.button("Approve with changes")).to_be_enabled()


class TestEnter:
    @pytest.mark.parametrize("path", ["/s/{session_id}", "/r/{id}"])
    def test_approves_nothing_that_just_stands_there(self, walk: Callable[..., None], path: str) -> None:
        walk(path, as_it_is, type="confirmation", action=LETTER)

    def test_continues_no_checkpoint(self, walk: Callable[..., None]) -> None:
        walk("/s/{session_id}", as_it_is, type="checkpoint")

    @pytest.mark.parametrize("ready", [armed, run_out], ids=["armed", "no longer armed"])
    def test_approves_nothing_armed_but_on_its_own_button(self, walk: Callable[..., None], ready: Callable[..., None]) -> None:
        walk("/r/{id}", ready, type="confirmation", action=LETTER)

    def test_approves_nothing_dangerous_whose_name_is_typed(self, walk: Callable[..., None]) -> None:
        walk("/r/{id}", named, type="confirmation")

    def test_approves_nothing_that_is_edited(self, walk: Callable[..., None]) -> None:
        walk("/r/{id}", edited, type="confirmation", action=LETTER)

    def test_approves_nothing_from_the_page_itself(self, tab: Tab, worker: Person) -> None:
        request = ask(worker, "confirmation", action=LETTER)
        tab.open(request["session_id"])
        expect(tab.card("A confirmation?").button("Approve")).to_be_visible()
        tab.page.evaluate("() => document.activeElement.blur()")
        for _ in range(3):
            tab.page.keyboard.press("Enter")
        tab.page.keyboard.press("Control+Enter")
        assert worker.get(f"/api/feedback/{request['id']}")["status"] == "pending"
