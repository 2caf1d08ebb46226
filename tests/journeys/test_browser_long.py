"""A session of thousands of events: it opens at its end, older turns come in above, and nothing a reader holds ever moves."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.long_session import add_rounds, long_session
from tests.support.person import Person, until
from tests.support.server import Server
from tests.support.web_app import Tab

ROUNDS = 600
AT_ONCE = 100  # turns in the page, of twice as many as there are rounds
TURNS = "[role=log] > ol > li"
PANE = "[data-slot=scroll-pane]"
FROM_THE_END = "pane => pane.scrollHeight - pane.scrollTop - pane.clientHeight"
# Older turns come in above the first of those in the page, which the reader holds; how far it moved, in pixels.
EARLIER = """async ([turns, from]) => {
  const pane = document.querySelector('[data-slot=scroll-pane]');
  const before = document.querySelectorAll(turns).length;
  pane.scrollTop = from;
  const held = document.querySelector(turns);
  const top = held.getBoundingClientRect().top;
  const frame = () => new Promise(requestAnimationFrame);
  while (document.querySelectorAll(turns).length === before) await frame();
  const moved = [];
  for (let count = 0; count < 5; count += 1) {
    moved.push(Math.abs(held.getBoundingClientRect().top - top));
    await frame();
  }
  return Math.max(...moved);
}"""
WATCH = """(pane) => {
  const top = pane.getBoundingClientRect().top;
  const held = [...document.querySelectorAll('[role=log] > ol > li')]
    .find((turn) => turn.getBoundingClientRect().bottom > top);
  const at = held.getBoundingClientRect().top;
  window.moved = 0;
  const look = () => {
    window.moved = Math.max(window.moved, Math.abs(held.getBoundingClientRect().top - at));
    requestAnimationFrame(look);
  };
  look();
}"""
# How tall the record is after each change of it, before anything of that is drawn.
MEASURE = """(list) => {
  const measure = () => window.heights.push(Math.round(list.getBoundingClientRect().height));
  window.heights = [];
  new MutationObserver(measure).observe(list, { childList: true, subtree: true, characterData: true });
}"""
# Twenty times: words come in and the reader scrolls before the next frame; how far the page then was from where they went.
LEAVE_WHILE_IT_GROWS = """async (pane) => {
  const frames = async () => {
    for (let count = 0; count < 3; count += 1) await new Promise(requestAnimationFrame);
    await new Promise((resolve) => setTimeout(resolve));  // between two frames, where both happen
  };
  const added = pane.firstElementChild.appendChild(document.createElement('div'));
  const missed = [];
  for (let count = 1; count <= 20; count += 1) {
    pane.scrollTop = pane.scrollHeight;
    await frames();
    const wanted = pane.scrollTop - 400;
    added.style.height = `${count * 40}px`;
    pane.dispatchEvent(new WheelEvent('wheel', { deltaY: -400 }));
    pane.scrollTop = wanted;
    await frames();
    missed.push(pane.scrollTop - wanted);
  }
  added.remove();
  return missed;
}"""
# A line above goes, which takes the page along, and others come below before the next frame; how far that then is from its end.
SHRINK_AND_GROW = """async (pane) => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const inner = pane.firstElementChild;
  const above = inner.insertBefore(document.createElement('div'), inner.firstElementChild);
  const below = inner.appendChild(document.createElement('div'));
  above.style.height = '100px';
  for (let count = 0; count < 3; count += 1) await frame();
  above.style.height = '0px';
  await frame();
  pane.scrollTop;  // whoever asks for it has it worked out
  below.style.height = '400px';
  for (let count = 0; count < 3; count += 1) await frame();
  const rest = pane.scrollHeight - pane.scrollTop - pane.clientHeight;
  above.remove();
  below.remove();
  return rest;
}"""
# What is rendered anew outside the reply that is being written.
LISTEN = """() => {
  window.disturbed = 0;
  const finished = (node) => node.closest?.('[role=log] > ol > li:not([aria-busy])');
  new MutationObserver((changes) => {
    window.disturbed += changes.filter(({ target }) => finished(target.closest ? target : target.parentElement)).length;
  }).observe(document.querySelector('[role=log]'), { childList: true, subtree: true, characterData: true, attributes: true });
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One of its own: events written past the product would be findings in the books of the shared one."""
    own = Server(tmp_path_factory.mktemp("long") / "data").start()
    yield own
    assert own.stop() == 0, own.log.read_text()[-4000:]


@pytest.fixture
def reader(server: Server, tab: Tab, worker: Person) -> Tab:
    """A tab in which a long session has just been opened."""
    tab.open(long_session(server, worker, ROUNDS))
    expect(tab.log.get_by_text(f"Reply {ROUNDS}", exact=True)).to_be_in_viewport()
    expect(tab.log.locator(".prose > p")).to_have_count(0)  # drawn anew once its parser is there
    return tab


def scroll_up(tab: Tab, pixels: int) -> None:
    """From the end with the wheel, as a reader does, until the page has followed."""
    pane = tab.page.locator(PANE)
    pane.hover()
    tab.page.mouse.wheel(0, -pixels)
    until(lambda: pane.evaluate(FROM_THE_END), lambda rest: rest >= pixels - 1)


class TestOpening:
    def test_draws_the_end_only_and_can_be_used_at_once(self, reader: Tab) -> None:
        assert reader.page.locator(TURNS).count() <= AT_ONCE
        reader.say("calc 20 + 3")
        expect(reader.log.get_by_text("20 + 3 = 23")).to_be_in_viewport()
        assert reader.page.locator(TURNS).count() <= AT_ONCE

    def test_finds_a_request_that_waits_far_back(self, server: Server, tab: Tab, worker: Person) -> None:
        session_id = long_session(server, worker, 30)
        worker.say("choose tea, coffee", session_id=session_id)
        request = worker.pending(session_id)
        add_rounds(server, worker, session_id, 60)
        tab.open(session_id)
        expect(tab.page.get_by_text("waiting: Which one shall it be?")).to_be_visible()
        tab.button("View").click()
        card = tab.card("Which one shall it be?")
        expect(card.box).to_be_in_viewport()
        card.box.get_by_role("radio", name="tea").check()
        card.press("Send choice")
        tab.signed("Answered by Dana in the web app")
        expect(tab.log.get_by_role("heading", name="Which one shall it be?")).to_be_focused()
        expect(tab.log.get_by_role("heading", name="Which one shall it be?")).to_be_in_viewport()
        assert worker.get(f"/api/feedback/{request['id']}")["response"]["values"] == {"choice": "tea"}


class TestEarlierTurns:
    @pytest.mark.parametrize("place", [0, 10], ids=["at the very top", "near the top"])
    def test_come_in_above_without_moving_what_is_read(self, reader: Tab, place: int) -> None:
        for _ in range(3):
            assert reader.page.evaluate(EARLIER, [TURNS, place]) <= 1

    def test_lead_back_to_the_beginning(self, reader: Tab) -> None:
        pane = reader.page.locator(PANE)
        while reader.button("Show earlier").count():
            pane.evaluate("pane => { pane.scrollTop = 0; }")
        pane.evaluate("pane => { pane.scrollTop = 0; }")
        expect(reader.log.get_by_text("calc 1 + 1", exact=True)).to_be_in_viewport()
        numbers = re.findall(r"^Reply (\d+)$", reader.log.inner_text(), re.MULTILINE)
        assert numbers == [str(number) for number in range(2, ROUNDS + 1)]

    def test_are_reached_by_keyboard(self, reader: Tab) -> None:
        before = reader.page.locator(TURNS).count()
        reader.page.locator(PANE).focus()
        reader.page.keyboard.press("Home")
        until(reader.page.locator(TURNS).count, lambda count: count > before)


class TestStreaming:
    def test_never_moves_what_somebody_reads_above(self, reader: Tab) -> None:
        reader.say("stream 10000")
        writing = reader.page.locator("[aria-busy=true]", has_text="writing")
        expect(writing).to_be_in_viewport()
        scroll_up(reader, 700)
        reader.page.locator(PANE).evaluate(WATCH)
        words = len(writing.inner_text().split())
        until(lambda: len(writing.inner_text().split()), lambda count: count > words + 400)
        reader.button("Stop").click()
        expect(reader.log.get_by_text("Stopped", exact=True)).to_be_attached()
        assert reader.page.evaluate("() => window.moved") <= 1

    def test_is_followed_at_the_end_and_renders_nothing_else(self, reader: Tab) -> None:
        reader.say("stream 10000")
        writing = reader.page.locator("[aria-busy=true]", has_text="writing")
        expect(writing).to_be_in_viewport()
        reader.page.evaluate(LISTEN)
        words = len(writing.inner_text().split())
        until(lambda: len(writing.inner_text().split()), lambda count: count > words + 200)
        assert reader.page.evaluate("() => window.disturbed") == 0
        reader.button("Stop").click()
        expect(reader.log.get_by_text("Stopped", exact=True)).to_be_attached()
        pane = reader.page.locator(PANE)
        until(lambda: pane.evaluate(FROM_THE_END), lambda rest: rest <= 1)

    def test_gives_its_place_to_the_reply_in_one_step(self, reader: Tab) -> None:
        reader.log.locator("> ol").evaluate(MEASURE)
        for words, reply in (("stream 30", "every answer here is"), ("calc 40 + 5", "40 + 5 = 45")):
            reader.say(words)
            expect(reader.log.get_by_text(reply)).to_be_visible()
            expect(reader.log.locator("[aria-busy=true]")).to_have_count(0)
        heights = reader.page.evaluate("() => window.heights")
        assert heights == sorted(heights), heights

    def test_is_followed_where_it_shrinks_and_grows_at_once(self, reader: Tab) -> None:
        assert reader.page.locator(PANE).evaluate(SHRINK_AND_GROW) <= 1

    def test_lets_a_reader_go_who_scrolls_in_the_moment_it_grows(self, reader: Tab) -> None:
        assert reader.page.locator(PANE).evaluate(LEAVE_WHILE_IT_GROWS) == [0] * 20


class TestJumpToLatest:
    def test_counts_what_came_and_leads_there(self, reader: Tab, worker: Person) -> None:
        expect(reader.button("Jump to latest")).to_have_count(0)
        scroll_up(reader, 700)
        expect(reader.button("Jump to latest")).to_be_visible()
        reader.page.locator(PANE).evaluate(WATCH)
        worker.say("calc 30 + 4", session_id=reader.session_id)
        expect(reader.button("Jump to latest, 2 new")).to_have_text("2 new")
        assert reader.page.evaluate("() => window.moved") <= 1
        reader.button("Jump to latest, 2 new").click()
        expect(reader.log.get_by_text("30 + 4 = 34")).to_be_in_viewport()
        expect(reader.page.get_by_role("button", name="Jump to latest")).to_have_count(0)

    def test_follows_again_from_there(self, reader: Tab, worker: Person) -> None:
        scroll_up(reader, 700)
        reader.button("Jump to latest").press("Enter")
        expect(reader.button("Jump to latest")).to_have_count(0)
        for number in range(5):
            worker.say(f"calc {number} + 500", session_id=reader.session_id)
        expect(reader.log.get_by_text("4 + 500 = 504")).to_be_in_viewport()
