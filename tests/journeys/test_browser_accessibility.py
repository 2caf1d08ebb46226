"""Every screen and every kind of request card, light and dark, wide and narrow, as axe-core reads it for WCAG 2.2 AA."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.support.person import Person
from tests.support.web_app import Tab, Window

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async (tags) => {
  // Colours on their way from one scheme to the other, and what is still fading in, are nobody's.
  for (let round = 0; round < 10; round += 1) {
    for (const one of document.getAnimations()) {
      if (one.effect.getComputedTiming().endTime === Infinity) one.cancel(); else one.finish();
    }
  }
  return (await axe.run(document, { runOnly: tags, resultTypes: ['violations'] })).violations
    .map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`);
}"""
WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 375, "height": 667}

FIELDS = "name, email:email, seats:integer, vip:boolean, size:enum(S|M), extras:multi_enum(x|y), day:date?, more:long_text?"
CARDS = {
    "pay 500 to Bob": "Run make_payment?",
    "ask Why?": "Why?",
    "choose tea, coffee": "Which one shall it be?",
    f"form {FIELDS}": "Please fill in this form",
    "plan a walk": "Review the plan",
}


@pytest.fixture(scope="module")
def read_aloud() -> Callable[[Tab], None]:
    """Asserts that axe finds nothing on the open page, in either scheme and at either width."""

    def check(tab: Tab) -> None:
        found = {}
        for scheme, size in (("light", WIDE), ("dark", WIDE), ("light", NARROW)):
            tab.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
            tab.page.set_viewport_size(size)
            violations = tab.page.evaluate(RUN, RULES)
            if violations:
                found[f"{scheme} {size['width']}"] = violations
        assert found == {}

    return check


@pytest.fixture
def reader(desk: Window, tab: Tab) -> Tab:
    """A tab in which axe is at hand; as an init script it does not loosen the page's own policy."""
    tab.page.add_init_script(path=AXE)
    tab.page.emulate_media(reduced_motion="reduce")
    return tab


class TestScreens:
    def test_sign_in(self, worker: Person, open_window: Callable[..., Window], read_aloud: Callable[[Tab], None]) -> None:
        tab = open_window(worker.url).tab()
        tab.page.add_init_script(path=AXE)
        tab.page.emulate_media(reduced_motion="reduce")
        tab.page.goto("/sign-in")
        expect(tab.button("Sign in")).to_be_visible()
        read_aloud(tab)
        tab.sign_in("nobody@example.org", "not the password")
        expect(tab.page.get_by_text("The email address or the password is not right.")).to_be_visible()
        read_aloud(tab)
        tab.button("Create an account instead").click()
        expect(tab.button("Create account")).to_be_visible()
        read_aloud(tab)

    def test_list_of_sessions(self, reader: Tab, worker: Person, read_aloud: Callable[[Tab], None]) -> None:
        for command in ("pay 500 to List", "fail", "calc 1 + 1"):
            worker.say(command)
        reader.page.goto("/sessions")
        expect(reader.page.get_by_role("link", name="pay 500 to List").first).to_be_visible()
        read_aloud(reader)

    def test_new_session(self, reader: Tab, read_aloud: Callable[[Tab], None]) -> None:
        reader.page.goto("/s/new")
        expect(reader.composer).to_be_visible()
        reader.page.get_by_text("demo model, which is not an AI").click()
        read_aloud(reader)

    def test_nothing_there(self, reader: Tab, read_aloud: Callable[[Tab], None]) -> None:
        reader.page.goto("/nowhere")
        expect(reader.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
        read_aloud(reader)


class TestCards:
    @pytest.mark.parametrize(("command", "title"), CARDS.items(), ids=CARDS.values())
    def test_pending_alone_and_settled(
        self, reader: Tab, worker: Person, read_aloud: Callable[[Tab], None], command: str, title: str
    ) -> None:
        session_id = worker.say(command)["session_id"]
        request = worker.pending(session_id)
        reader.open(session_id)
        expect(reader.card(title).box).to_be_visible()
        read_aloud(reader)

        reader.page.goto(f"/r/{request['id']}")
        expect(reader.page.get_by_role("heading", level=1, name=title)).to_be_visible()
        read_aloud(reader)

        action = {"confirmation": "reject", "checkpoint": "stop"}.get(request["type"], "decline")
        assert worker.answer(request["id"], action).status_code == 200
        expect(reader.page.get_by_text("by Dana").first).to_be_visible()
        reader.open(session_id)
        expect(reader.log.get_by_text("by Dana").first).to_be_visible()
        read_aloud(reader)

    def test_every_step_of_a_payment(self, reader: Tab, read_aloud: Callable[[Tab], None]) -> None:
        reader.begin("pay 500 to Steps")
        card = reader.card("Run make_payment?")
        for name in ("Approve", "Reject", "Edit and approve"):
            card.press(name)
            read_aloud(reader)
            card.press("Back")

    def test_a_form_with_errors(self, reader: Tab, read_aloud: Callable[[Tab], None]) -> None:
        reader.begin(f"form {FIELDS}")
        card = reader.card("Please fill in this form")
        card.press("Send form")
        expect(card.box.get_by_text("This is needed.").first).to_be_visible()
        read_aloud(reader)


class TestReplies:
    def test_markdown_and_failure(self, reader: Tab, read_aloud: Callable[[Tab], None]) -> None:
        reader.begin("hello")
        expect(reader.log.get_by_text("search <words>")).to_be_visible()
        reader.say("fail")
        expect(reader.page.get_by_role("region", name="The run failed")).to_be_visible(timeout=35_000)
        read_aloud(reader)

    def test_while_it_is_written(self, reader: Tab, read_aloud: Callable[[Tab], None]) -> None:
        reader.begin("stream 5000")
        expect(reader.log.get_by_text("writing")).to_be_visible()
        read_aloud(reader)
        reader.button("Stop").click()
        expect(reader.log.get_by_text("Stopped", exact=True)).to_be_visible()
