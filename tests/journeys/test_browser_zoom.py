"""Every screen at 200 % and at 320 px: nothing scrolls sideways, every control is in reach; no motion where none is wanted."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.person import Person, until
from tests.support.screenshots import Story, sessions, settle
from tests.support.server import Server
from tests.support.web_app import Tab, Window

# 1280 x 800 at 200 %, and 320 px as WCAG 1.4.10 asks for, which is 1280 px at 400 %.
ZOOMS = {"200 %": {"width": 640, "height": 400}, "320 px": {"width": 320, "height": 640}}
# What has the focus is on the screen and on top, whatever sticks to its edges (WCAG 2.4.11).
HIDDEN = """() => [...document.querySelectorAll('a[href], button:enabled, input:enabled, textarea, select, summary')]
  .filter((node) => node.checkVisibility() && node.closest('[inert]') === null)
  .filter((node) => {
    node.focus();
    const seen = node.closest('label') ?? node;
    const box = seen.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return box.left < 0 || Math.floor(box.right) > innerWidth || !seen.contains(top);
  })
  .map((node) => node.outerHTML.slice(0, 200))"""
PANE = "[data-slot=scroll-pane]"
# Where the record stands before it is sent to its request, and in each of the frames after.
STEPS = """async (button) => {
  const pane = document.querySelector('[data-slot=scroll-pane]');
  const places = [pane.scrollTop];
  button.click();
  for (let count = 0; count < 30; count += 1) {
    places.push(pane.scrollTop);
    await new Promise(requestAnimationFrame);
  }
  return places;
}"""
# Whatever moves for longer than an eye can see.
WATCH = """window.moved = [];
for (const kind of ['animationstart', 'transitionrun']) {
  addEventListener(kind, ({ target }) => {
    for (const one of target.getAnimations()) {
      const { endTime } = one.effect.getComputedTiming();
      const name = one.animationName ?? one.transitionProperty;
      if (endTime > 1) window.moved.push(`${name} ${endTime} ${target.outerHTML.slice(0, 100)}`);
    }
  }, true);
}"""


@pytest.fixture(scope="module")
def story(server: Server) -> Story:
    return Story(server.person("Zoe"))


@pytest.fixture
def still(tab: Tab) -> Tab:
    """A tab of somebody who wants nothing to move, watched for what does."""
    tab.page.add_init_script(WATCH)
    tab.page.emulate_media(reduced_motion="reduce")
    return tab


@pytest.fixture
def zoomed(request: pytest.FixtureRequest, browser: Browser, server: Server, story: Story) -> Iterator[Tab]:
    window = Window(browser, server.url, viewport=ZOOMS[request.param], device_scale_factor=2, reduced_motion="reduce")
    yield window.sign_in(story.person)
    window.context.close()
    assert window.unexpected("404") == []


class TestEveryScreen:
    @pytest.mark.parametrize("zoomed", ZOOMS, indirect=True)
    def test_needs_no_scrolling_sideways_and_hides_no_control(self, zoomed: Tab, story: Story) -> None:
        found: dict[str, Any] = {}
        for name in sessions(zoomed, story):
            settle(zoomed.page)
            width = zoomed.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
            if trouble := [*zoomed.scrolls_sideways(), *zoomed.page.evaluate(HIDDEN), *([f"{width} px"] if width > 0 else [])]:
                found[name] = trouble
        assert found == {}

    @pytest.mark.parametrize("size", ZOOMS)
    def test_sign_in(self, open_window: Callable[..., Window], server: Server, size: str) -> None:
        tab = open_window(server.url, viewport=ZOOMS[size], device_scale_factor=2).tab()
        tab.page.goto("/sign-in")
        expect(tab.button("Sign in")).to_be_visible()
        assert tab.scrolls_sideways() == []
        assert tab.page.evaluate(HIDDEN) == []


class TestWithoutMotion:
    def test_nothing_moves_before_or_after_a_decision(self, still: Tab) -> None:
        still.begin("plan a quiet day")
        card = still.card("Review the plan")
        expect(card.box).to_be_visible()
        assert_still(still.page)
        card.press("Revise")
        card.fill("What should change?", "Less of it")
        card.press("Send back for revision")
        still.signed("Sent back for revision by Dana in the web app")
        still.card("Review the plan").press("Stop")
        still.page.get_by_role("dialog").get_by_role("button", name="Stop the run").click()
        still.signed("Stopped by Dana in the web app")
        assert_still(still.page)

    def test_nor_while_the_agent_thinks_and_writes(self, still: Tab) -> None:
        still.begin("stream 1000")
        expect(still.log.get_by_text("writing")).to_be_visible()
        still.status("Finished")
        assert_still(still.page)

    def test_the_way_to_a_request_is_one_step(self, still: Tab, worker: Person) -> None:
        still.open(worker.say("pay 500 to Stillness")["session_id"])
        expect(still.card("Run make_payment?").box).to_be_visible()
        still.say("\n".join(["A long word."] * 60))
        still.shows_the_record(worker)
        settle(still.page)
        still.page.locator(PANE).evaluate("pane => { pane.scrollTop = pane.scrollHeight; }")
        expect(still.button("View")).to_be_visible()
        places = still.button("View").evaluate(STEPS)
        assert len(set(places)) == 2, places


def assert_still(page: Page) -> None:
    """Nothing is moving, and nothing has moved for longer than a moment."""
    until(lambda: page.evaluate("() => document.getAnimations().length"), lambda count: count == 0)
    assert page.evaluate("() => window.moved") == []
