"""What browser journeys share: one browser a module, and one person at a desk who may open tabs."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.browser import chromium
from tests.support.person import Person
from tests.support.server import Server
from tests.support.web_app import Tab, Window


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with the module: the sync API keeps an event loop running that async tests must not meet."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def worker(server: Server) -> Person:
    """The person whose desk it is."""
    return server.person("Dana")


@pytest.fixture(scope="module")
def desk(browser: Browser, server: Server, worker: Person) -> Iterator[Window]:
    """A window in which the worker has signed in."""
    window = Window(browser, server.url)
    window.sign_in(worker).page.close()
    yield window
    window.context.close()


@pytest.fixture
def tab(desk: Window) -> Iterator[Tab]:
    """A tab of the desk in which nothing may go wrong."""
    desk.errors.clear()
    opened = desk.tab()
    yield opened
    opened.page.close()
    assert desk.unexpected() == []
    assert desk.strangers() == []


@pytest.fixture
def open_window(browser: Browser) -> Iterator[Callable[..., Window]]:
    """Opens windows of the test's own: `open_window(url, viewport=...)`."""
    opened: list[Window] = []

    def make(url: str, **options: Any) -> Window:
        opened.append(Window(browser, url, **options))
        return opened[-1]

    yield make
    for window in opened:
        window.context.close()
