"""The gallery: every kind of request card in every state, light and dark, wide and narrow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.journeys.test_browser_accessibility import AXE, NARROW, RULES, RUN, WIDE
from tests.support.gallery import KINDS, gallery
from tests.support.server import ROOT
from tests.support.web_app import Tab, Window

THINNEST: ViewportSize = {"width": 320, "height": 640}
STATES = (
    *("pending", "draft", "submitting", "failed-to-submit", "updated-since-you-opened-it", "last-minute"),
    *("sent-elsewhere", "on-its-way", "sent-everywhere", "delivery-problem", "dead-letter", "not-allowed", "offline"),
    *("answered-by-you", "answered-elsewhere", "answered-by-mail", "too-late", "timed-out", "withdrawn"),
)
# WCAG 2.5.8: 24 px, 44 on touch; inline links are exempt, and a check box counts with its label.
SMALL = """(least) => [...document.querySelectorAll('button, summary, input, select, textarea, label:has(input)')]
  .filter((node) => node.checkVisibility() && !(node.matches('[type=checkbox], [type=radio]') && node.closest('label')))
  .map((node) => [node, node.getBoundingClientRect()])
  .filter(([, box]) => Math.round(box.height) < least || Math.round(box.width) < 24)
  .map(([node, box]) => `${box.width}x${box.height} ${node.outerHTML.slice(0, 120)}`)"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with gallery(tmp_path_factory.mktemp("gallery")) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page in which nothing may go wrong, with axe at hand."""
    window = Window(browser, address, reduced_motion="reduce")
    page = window.tab().page
    page.add_init_script(path=AXE)
    yield page
    window.context.close()
    assert window.unexpected() == []
    assert window.strangers() == []


def visit(page: Page, kind: str) -> None:
    page.goto(f"/dev/gallery?kind={kind}")
    for state in STATES:
        expect(page.locator(f"[data-specimen={kind}-{state}]")).to_be_visible()
    expect(page.locator("[data-specimen] .prose p").first).to_be_visible()


@pytest.mark.parametrize("kind", KINDS)
class TestEveryState:
    def test_is_read_aloud_in_both_schemes_and_sizes(self, page: Page, kind: str) -> None:
        visit(page, kind)
        found = {}
        for scheme in ("light", "dark"):
            for size in (WIDE, NARROW):
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
                page.set_viewport_size(size)
                if violations := page.evaluate(RUN, RULES):
                    found[f"{scheme} {size['width']}"] = violations
        assert found == {}

    def test_never_scrolls_sideways(self, page: Page, kind: str) -> None:
        visit(page, kind)
        for size in (WIDE, NARROW, THINNEST):
            page.set_viewport_size(size)
            assert Tab(page).scrolls_sideways() == []
            assert page.evaluate("() => document.documentElement.scrollWidth") == size["width"]

    def test_can_be_hit_with_a_mouse(self, page: Page, kind: str) -> None:
        visit(page, kind)
        assert page.evaluate(SMALL, 24) == []


class TestTouch:
    @pytest.mark.parametrize("kind", KINDS)
    def test_can_be_hit_with_a_finger(self, browser: Browser, address: str, kind: str) -> None:
        window = Window(browser, address, viewport=NARROW, has_touch=True, is_mobile=True)
        page = window.tab().page
        visit(page, kind)
        assert page.evaluate(SMALL, 44) == []
        window.context.close()


class TestShippedApp:
    def test_has_no_gallery(self) -> None:
        files = list(Path(ROOT / "frontend" / "dist").rglob("*.js"))
        assert files
        assert [file.name for file in files if "dev/gallery" in file.read_text() or "data-specimen" in file.read_text()] == []
