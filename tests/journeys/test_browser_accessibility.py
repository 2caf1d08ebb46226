"""Every screen and every kind of request card, light and dark, wide and narrow, as axe-core reads it for WCAG 2.2 AA."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

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
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

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
    """Asserts that axe finds nothing on the open page, in either scheme at either width."""

    def check(tab: Tab) -> None:
        found = {}
        for size in (WIDE, NARROW):
            tab.page.set_viewport_size(size)
            for scheme in SCHEMES:
                tab.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                if violations := tab.page.evaluate(RUN, RULES):
                    found[f"{scheme} {size['width']}"] = violations
        tab.page.set_viewport_size(WIDE)
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
        expect(tab.page.get_by_text("The email address or password is wrong.")).to_be_visible()
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

    def test_search_and_filter(self, reader: Tab, worker: Person, read_aloud: Callable[[Tab], None]) -> None:
        worker.say("calc 40 + 2")
        reader.page.goto("/sessions")
        search = reader.page.get_by_role("searchbox", name="Search sessions")
        search.fill("40 + 2")
        expect(reader.page.get_by_role("link", name="calc 40 + 2").first).to_be_visible()
        read_aloud(reader)
        reader.page.get_by_label("Which sessions").select_option("Closed")
        search.fill("no such words")
        expect(reader.button("Clear the filters")).to_be_visible()
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


class TestWhatLiesOverThePage:
    def test_help(self, reader: Tab, read_aloud: Callable[[Tab], None]) -> None:
        reader.page.goto("/sessions")
        expect(reader.page.get_by_role("heading", level=1)).to_be_visible()
        reader.page.keyboard.press("?")
        expect(reader.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        read_aloud(reader)

    def test_menu_of_the_account(self, reader: Tab, read_aloud: Callable[[Tab], None]) -> None:
        reader.page.goto("/sessions")
        reader.button("Account of Dana").click()
        expect(reader.page.get_by_role("menuitem", name="Sign out")).to_be_visible()
        read_aloud(reader)

    def test_menu_of_a_session_and_its_dialogs(self, reader: Tab, worker: Person, read_aloud: Callable[[Tab], None]) -> None:
        reader.open(worker.say("calc 1 + 1")["session_id"])
        for item, dialog in (("Rename", "Rename session"), ("Close session", "Close this session?")):
            reader.button("Session menu").click()
            expect(reader.page.get_by_role("menuitem", name=item)).to_be_visible()
            read_aloud(reader)
            reader.page.get_by_role("menuitem", name=item).click()
            expect(reader.page.get_by_role("dialog", name=dialog)).to_be_visible()
            read_aloud(reader)
            reader.page.keyboard.press("Escape")
            expect(reader.page.get_by_role("dialog")).to_have_count(0)

    def test_the_question_whether_to_stop(self, reader: Tab, worker: Person, read_aloud: Callable[[Tab], None]) -> None:
        reader.open(worker.say("plan a pause")["session_id"])
        reader.card("Review the plan").press("Stop")
        expect(reader.page.get_by_role("dialog", name="Stop this run?")).to_be_visible()
        read_aloud(reader)


class TestReplies:
    def test_steps_unfolded(self, reader: Tab, read_aloud: Callable[[Tab], None]) -> None:
        reader.begin("calc 6 * 7")
        reader.log.get_by_text("Used calculate").click()
        expect(reader.log.get_by_role("group", name="Result")).to_be_visible()
        read_aloud(reader)

    def test_markdown_and_failure(self, reader: Tab, read_aloud: Callable[[Tab], None]) -> None:
        reader.begin("hello")
        expect(reader.log.get_by_text("search <words>")).to_be_visible()
        reader.say("fail")
        expect(reader.page.get_by_role("region", name="The run failed")).to_be_visible()
        read_aloud(reader)

    def test_while_it_is_written(self, reader: Tab, read_aloud: Callable[[Tab], None]) -> None:
        reader.begin("stream 10000")
        expect(reader.log.get_by_text("writing")).to_be_visible()
        read_aloud(reader)
        reader.button("Stop").click()
        expect(reader.log.get_by_text("Stopped", exact=True)).to_be_visible()
