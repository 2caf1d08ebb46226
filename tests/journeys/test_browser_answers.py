"""Answers by mouse and by keyboard alone, where a request takes several choices, a text of its own, or a form of every type."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.support.example_requests import ask
from tests.support.person import Person
from tests.support.web_app import Card, Tab

SIZES = [{"value": "s", "label": "Small"}, {"value": "m", "label": "Medium"}, {"value": "l", "label": "Large"}]
FIELDS = [
    {"name": "name", "type": "text"},
    {"name": "letter", "type": "long_text"},
    {"name": "price", "type": "number"},
    {"name": "seats", "type": "integer"},
    {"name": "sure", "type": "boolean"},
    {"name": "size", "type": "enum", "options": SIZES},
    {"name": "extras", "type": "multi_enum", "options": [{"value": "x", "label": "Window"}, {"value": "y", "label": "Aisle"}]},
    {"name": "day", "type": "date"},
    {"name": "moment", "type": "datetime"},
    {"name": "email", "type": "email"},
    {"name": "page", "type": "url"},
]
FILLED = {
    "name": "Dana",
    "letter": "Dear Bob,\nhello.",
    "price": 12.5,
    "seats": 3,
    "sure": True,
    "size": "m",
    "extras": ["y"],
    "day": "2026-12-12",
    "email": "dana@example.org",
    "page": "https://example.org/a",
}
TYPED = {"name": "Dana", "price": "12.5", "seats": "3", "email": "dana@example.org", "page": "https://example.org/a"}


class Keys:
    """A person without a mouse, in the one open request of a session."""

    def __init__(self, tab: Tab, card: Card) -> None:
        self.tab, self.card = tab, card

    def begin(self) -> None:
        """To the title of the request."""
        self.tab.page.keyboard.type("gr")  # at once: the second key is not waited for without end
        expect(self.card.box.get_by_role("heading").first).to_be_focused()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tab.page.keyboard.press(key)

    def to(self, target: Locator) -> None:
        self.tab.tab_to(target)

    def type(self, label: str, text: str) -> None:
        self.to(self.card.box.get_by_label(label))
        self.tab.page.keyboard.type(text)


@pytest.fixture
def card(request: pytest.FixtureRequest, tab: Tab, worker: Person) -> Card:
    """The request that a test asks for, open in its session."""
    asked = ask(worker, **request.param)
    tab.open(asked["session_id"])
    card = tab.card(asked["title"])
    expect(card.box).to_be_visible()
    return card


def answered(tab: Tab, worker: Person) -> dict[str, Any]:
    """The answer on record, once the page is signed."""
    tab.signed("Answered by Dana in the web app")
    (request,) = worker.get("/api/feedback", session_id=tab.session_id)["items"]
    response: dict[str, Any] = request["response"]
    return response


SEVERAL = {"type": "choice", "options": SIZES, "multiple": True}


@pytest.mark.parametrize("card", [SEVERAL], indirect=True, ids=[""])
class TestSeveralChoices:
    def test_by_mouse(self, tab: Tab, worker: Person, card: Card) -> None:
        expect(card.button("Send choice")).to_be_disabled()
        for label in ("Large", "Medium", "Small", "Medium"):
            card.box.get_by_text(label, exact=True).click()
        card.press("Send choice")
        assert sorted(answered(tab, worker)["values"]["choice"]) == ["l", "s"]

    def test_by_keyboard(self, tab: Tab, worker: Person, card: Card) -> None:
        keys = Keys(tab, card)
        keys.begin()
        keys.press("3", "1", "2", "2")
        expect(card.box.get_by_role("checkbox", name="Large")).to_be_checked()
        expect(card.box.get_by_role("checkbox", name="Medium")).not_to_be_checked()
        keys.press("4", "9")
        keys.press("Control+Enter")
        assert sorted(answered(tab, worker)["values"]["choice"]) == ["l", "s"]

    def test_by_tab_and_space(self, tab: Tab, worker: Person, card: Card) -> None:
        keys = Keys(tab, card)
        for label in ("Small", "Large"):
            keys.to(card.box.get_by_role("checkbox", name=label))
            keys.press("Space")
        keys.to(card.button("Send choice"))
        keys.press("Enter")
        assert sorted(answered(tab, worker)["values"]["choice"]) == ["l", "s"]


@pytest.mark.parametrize("card", [{"type": "text"}], indirect=True, ids=[""])
class TestText:
    def test_by_mouse(self, tab: Tab, worker: Person, card: Card) -> None:
        card.fill("Your answer", "Two\nlines")
        card.press("Send answer")
        assert answered(tab, worker)["feedback"] == "Two\nlines"

    def test_by_keyboard(self, tab: Tab, worker: Person, card: Card) -> None:
        keys = Keys(tab, card)
        keys.begin()
        keys.type("Your answer", "Two")
        keys.press("Enter")
        tab.page.keyboard.type("lines")
        keys.press("Control+Enter")
        assert answered(tab, worker)["feedback"] == "Two\nlines"


@pytest.mark.parametrize("card", [{"type": "form", "fields": FIELDS}], indirect=True, ids=[""])
class TestForm:
    def test_by_mouse(self, tab: Tab, worker: Person, card: Card) -> None:
        for label, text in TYPED.items():
            card.fill(label, text)
        card.fill("letter", "Dear Bob,\nhello.")
        card.box.get_by_text("sure", exact=True).click()
        card.box.get_by_label("size").select_option("Medium")
        card.box.get_by_text("Aisle", exact=True).click()
        card.fill("day", "2026-12-12")
        card.fill("moment", "2026-12-12T10:10")
        card.press("Send form")
        assert_filled(answered(tab, worker)["values"])

    def test_by_keyboard(self, tab: Tab, worker: Person, card: Card) -> None:
        keys = Keys(tab, card)
        keys.begin()
        keys.press("Control+Enter")  # nothing is filled in yet
        expect(card.box.get_by_label("name")).to_be_focused()
        tab.page.keyboard.type("Dana")
        keys.type("letter", "Dear Bob,")
        keys.press("Enter")
        tab.page.keyboard.type("hello.")
        keys.type("price", "12.5")
        keys.type("seats", "3")
        keys.to(card.box.get_by_role("checkbox", name="sure"))
        keys.press("Space")
        keys.type("size", "M")
        keys.to(card.box.get_by_role("checkbox", name="Aisle"))
        keys.press("Space")
        keys.type("day", "12122026")  # the same wherever the month comes first, or the clock has twelve hours
        keys.type("moment", "12122026")
        keys.press("Tab")
        tab.page.keyboard.type("1010a")
        keys.type("email", "dana@example.org")
        keys.type("page", "https://example.org/a")
        keys.press("Control+Enter")
        assert_filled(answered(tab, worker)["values"])


def assert_filled(values: dict[str, Any]) -> None:
    """Each value is of its field's type; the browser says the moment in its own time zone."""
    assert {name: value for name, value in values.items() if name != "moment"} == FILLED
    assert values["moment"].startswith("2026-12-12T10:10")
