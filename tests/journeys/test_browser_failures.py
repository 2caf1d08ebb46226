"""A run that failed, in the browser: one press asks again in the same words, another copies what to tell somebody."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.aimock import Aimock, aimock, aimock_server
from tests.support.server import Server
from tests.support.web_app import Tab, Window, said

__all__ = ["aimock", "aimock_server"]

DECIDES, SPEAKS = "Now give the next step", "Now write the message"


@pytest.fixture(scope="module")
def moody(aimock_server: Aimock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose model may refuse."""
    settings = {"llm": "openai-generic", "llm_base_url": f"{aimock_server.url}/v1", "llm_model": "m", "llm_api_key": "k"}
    server = Server(tmp_path_factory.mktemp("moody") / "data", **settings).start()
    yield server
    server.stop()


@pytest.fixture
def window(browser: Browser, moody: Server) -> Iterator[Window]:
    """A window that may use the clipboard."""
    window = Window(browser, moody.url, permissions=["clipboard-read", "clipboard-write"])
    yield window
    window.context.close()
    assert window.unexpected() == []


class TestFailedRun:
    def test_is_tried_again_in_the_same_words(self, window: Window, moody: Server, aimock: Aimock) -> None:
        aimock.fails(400, to=DECIDES, times=1)
        aimock.says(json.dumps({"kind": "reply"}), to=DECIDES)
        aimock.says("Lisbon is in Portugal.", to=SPEAKS)
        person = moody.person("Dana")
        tab = window.sign_in(person)
        session_id = tab.begin("Where is Lisbon?")
        failed = tab.page.get_by_role("region", name="The run failed")
        tab.status("Failed")
        failed.get_by_role("button", name="Retry").click()
        expect(tab.log.get_by_text("Lisbon is in Portugal.")).to_be_visible()
        tab.status("Finished")
        assert said(person, session_id) == ["Where is Lisbon?", "Where is Lisbon?", "Lisbon is in Portugal."]
        assert_told_once(tab)

    def test_gives_its_details_to_the_clipboard(self, window: Window, moody: Server, aimock: Aimock) -> None:
        aimock.fails(400)
        person = moody.person("Dana")
        tab = window.sign_in(person)
        session_id = tab.begin("Where is Porto?")
        failed = tab.page.get_by_role("region", name="The run failed")
        expect(failed.get_by_role("button", name="Copy details")).to_be_visible()
        tab.status("Failed")
        tab.hold_time()
        failed.get_by_role("button", name="Copy details").click()
        expect(failed.get_by_role("button", name="Copied")).to_be_visible()
        expect(tab.page.locator("[data-slot=announcer][role=status]")).to_contain_text("Copied")
        failure = next(frame for frame in person.frames(session_id) if frame["type"] == "task_failed")
        copied = tab.page.evaluate("() => navigator.clipboard.readText()")
        assert copied == f"Run {failure['run_id']}\n{failure['error']}"
        expect(failed.get_by_text(failure["error"])).to_be_visible()


def assert_told_once(tab: Tab) -> None:
    """The failure that was overcome stays on record; a reload shows the same."""
    for _ in range(2):
        expect(tab.page.get_by_role("region", name="The run failed")).to_have_count(1)
        tab.page.reload()
        expect(tab.log.get_by_text("Lisbon is in Portugal.")).to_be_visible()
