"""Show 4: whatever a model, a tool or a person puts into text, on the page nothing runs, nothing is fetched, nothing hides."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.journeys.test_browser_accessibility import NARROW, WIDE
from tests.support.aimock import Aimock, aimock, aimock_server
from tests.support.example_requests import ask
from tests.support.person import PASSWORD, PATIENCE_S, Person, client
from tests.support.server import Server
from tests.support.web_app import Tab, Window

__all__ = ["aimock", "aimock_server"]

ELSEWHERE = "https://evil.example"
RUN = "window.ran=1;alert(1)"
SCRIPTS = [
    f"<script>{RUN}</script>",
    f'<img src=x onerror="{RUN}">',
    f'<svg onload="{RUN}"></svg>',
    f'<iframe srcdoc="<script>parent.ran=1</script>"></iframe><style>@import "{ELSEWHERE}/s.css";</style>',
]
BEACONS = [
    f'<img src="{ELSEWHERE}/tag.png">',
    f"![pixel]({ELSEWHERE}/markdown.png)",
    f'<link rel="stylesheet" href="{ELSEWHERE}/style.css"><body background="{ELSEWHERE}/wall.png">',
    f'<video src="{ELSEWHERE}/film.mp4" poster="{ELSEWHERE}/poster.png"></video>',
]
LINKS = [
    f"[click](javascript:{RUN})",
    f"[data](data:text/html,<script>{RUN}</script>)",
    f"[vbs](vbscript:{RUN})",
    f"<javascript:{RUN}>",
    f"[{ELSEWHERE}](javascript:{RUN})",
]
MARKUP = "\n\n".join(SCRIPTS + BEACONS + LINKS)
OVERRIDE, ZERO_WIDTH, TWIN = "\u202e", "\u200b", "p\u0430ypal"
UNSEEN = f"pay{OVERRIDE}lleh no{ZERO_WIDTH}thing {TWIN}"
LONG = "W" * 10_000
TEXT = f"{UNSEEN} {MARKUP} {LONG}"
LINE = f"{UNSEEN} {SCRIPTS[1][:80]}"
DRAWN = ("U+202E", "U+200B", "\u0430 U+0430")
DECIDES, SPEAKS = "Now give the next step", "Now write the message"
# Only what one can press or follow can lead anywhere.
LEADS = """() => [...document.querySelectorAll('[href], [src], [srcset], [action], [formaction], [background], [poster]')]
  .map((node) => node.getAttribute('href') ?? node.getAttribute('src') ?? node.outerHTML)
  .filter((target) => !/^(https?:|mailto:|\\/|#)/.test(target))"""
HANDLERS = """() => [...document.querySelectorAll('#root *')]
  .filter((node) => node.matches('script, iframe, object, style, [onclick], [onload], [onerror]'))
  .map((node) => node.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module")
def hostile(aimock_server: Aimock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose model means ill."""
    settings = {"llm": "openai-generic", "llm_base_url": f"{aimock_server.url}/v1", "llm_model": "m", "llm_api_key": "k"}
    server = Server(tmp_path_factory.mktemp("hostile") / "data", **settings, approvals="all").start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def victim(hostile: Server) -> Person:
    """The person it is meant for."""
    return hostile.person("Dana")


@pytest.fixture
def window(browser: Browser, hostile: Server, victim: Person) -> Iterator[Window]:
    """A signed-in window in which nothing may run and nothing may be asked of another host."""
    window = Window(browser, hostile.url)
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    def watch(page: Page) -> None:
        page.on("dialog", refuse)

    window.context.on("page", watch)
    window.sign_in(victim).page.close()
    yield window
    window.context.close()
    assert dialogs == []
    assert window.strangers() == []
    assert window.unexpected() == []


def step(kind: str, **more: Any) -> str:
    return json.dumps({"kind": kind, **more})


def begin(victim: Person, aimock: Aimock, decision: str, words: str = "Go on.") -> str:
    """A session in which the model decides so; its id."""
    aimock.says(decision, to=DECIDES, times=1)
    aimock.says(TEXT, to=SPEAKS)
    aimock.says(step("reply"))
    session_id: str = victim.say(words)["session_id"]
    return session_id


def assert_harmless(tab: Tab, *places: Any) -> None:
    """Nothing ran or leads astray; what is hidden is drawn in each of the places; the layout holds."""
    for place in places:
        for mark in DRAWN:
            expect(place.locator("mark", has_text=mark).first).to_be_visible()
    for size in (WIDE, NARROW):
        tab.page.set_viewport_size(size)
        assert tab.scrolls_sideways() == []
    assert tab.page.evaluate("() => window.ran") is None
    assert tab.page.evaluate(LEADS) == []
    assert tab.page.evaluate(HANDLERS) == []


DECISIONS = {
    "tool": step("tool", tool="make_payment", args={"amount": 5, "to": UNSEEN}, reason=TEXT),
    "text": step("text", title=LINE, prompt=TEXT),
    "choice": step(
        "choice",
        title=LINE,
        prompt=TEXT,
        options=[{"value": "a", "label": LINE, "description": TEXT}, {"value": "b", "label": LONG}],
    ),
    "form": step(
        "form",
        title=LINE,
        prompt=TEXT,
        fields=[{"name": f"{UNSEEN} {number}", "type": "text", "required": False, "description": LINE} for number in range(20)],
    ),
}


class TestWhatTheModelSays:
    @pytest.mark.parametrize("kind", DECISIONS)
    def test_in_a_request(self, window: Window, victim: Person, aimock: Aimock, kind: str) -> None:
        session_id = begin(victim, aimock, DECISIONS[kind])
        request = victim.pending(session_id)
        tab = window.tab()
        for path in (f"/s/{session_id}", f"/r/{request['id']}"):
            tab.page.goto(path)
            card = tab.page.locator("[data-slot=request-card]")
            assert_harmless(
                tab, card.get_by_role("heading") if kind != "tool" else card.get_by_role("cell"), card.locator(".prose")
            )
            expect(card.locator(".prose")).to_contain_text(SCRIPTS[0])

    def test_in_a_review(self, window: Window, victim: Person, aimock: Aimock) -> None:
        decision = step("checkpoint", checkpoint="after_planning", title=LINE, artifact=TEXT, prompt=TEXT)
        aimock.says(decision, to=DECIDES, times=1)
        aimock.says(TEXT, to=SPEAKS)
        aimock.says(step("reply"))
        body = {"message": "Plan it.", "checkpoints": ["after_planning"]}
        run = victim.http.post("/api/crew/execute", json=body).json()
        session_id = victim.run(run["execution_id"])["session_id"]
        victim.pending(session_id)
        tab = window.tab()
        tab.open(session_id)
        card = tab.page.locator("[data-slot=request-card]")
        assert_harmless(tab, card.get_by_role("heading").first, card.locator(".prose").first, card.locator(".prose").last)

    def test_in_a_reply_while_it_is_written_and_after(self, window: Window, victim: Person, aimock: Aimock) -> None:
        aimock.says(TEXT, to=SPEAKS, chunkSize=40)
        aimock.says(step("reply"))
        tab = window.tab()
        tab.begin(UNSEEN)
        tab.status("Finished")
        reply = tab.log.locator(".prose").first
        assert_harmless(tab, reply)
        for written in SCRIPTS + BEACONS[:1]:
            expect(reply).to_contain_text(written)


ASKS: dict[str, dict[str, Any]] = {
    "arguments": {
        "type": "confirmation",
        "action": {
            "tool": f"pay{OVERRIDE}{TWIN}{ZERO_WIDTH}",
            "args": {UNSEEN: UNSEEN, "markup": MARKUP, "word": LONG, "nested": {UNSEEN: [UNSEEN] * 20}},
            "risk": "low",
        },
    },
    "200 arguments": {
        "type": "confirmation",
        "action": {"tool": UNSEEN, "args": {f"field {number}": f"{LINE} {number}" for number in range(200)}, "risk": "high"},
    },
    "200 options": {"type": "choice", "options": [{"value": str(number), "label": f"{LINE} {number}"} for number in range(200)]},
    "200 fields": {
        "type": "form",
        "fields": [{"name": f"{UNSEEN} {number}", "type": "text", "required": False} for number in range(200)],
    },
}


class TestWhatAToolGives:
    def test_in_the_steps_of_a_run(self, window: Window, victim: Person, aimock: Aimock) -> None:
        expression = f"1 + 1 # {LINE} {BEACONS[0]}"
        session_id = begin(victim, aimock, step("tool", tool="calculate", args={"expression": expression}, reason=LINE))
        assert victim.answer(victim.pending(session_id)["id"], "approve").status_code == 200
        tab = window.tab()
        tab.open(session_id)
        tab.status("Finished")
        tab.log.get_by_text("Approved by Dana").scroll_into_view_if_needed()  # steps are fetched where they are looked at
        tab.log.get_by_text("Used calculate").click()
        parts = [tab.log.get_by_role("group", name=name) for name in ("Arguments", "Result")]
        for part in parts:
            expect(part).to_contain_text(BEACONS[0].replace('"', '\\"'))
        assert_harmless(tab, *parts)


class TestWhatAProgramAsks:
    @pytest.mark.parametrize("name", ASKS)
    def test_in_a_request_and_its_answer(self, window: Window, victim: Person, name: str) -> None:
        asked = victim.http.post("/api/feedback", json={"title": LINE, "prompt": TEXT[:20_000], **ASKS[name]})
        assert asked.status_code == 201, asked.text
        request = asked.json()
        tab = window.tab()
        tab.page.goto(f"/r/{request['id']}")
        card = tab.page.locator("[data-slot=request-card]")
        assert_harmless(tab, card.get_by_role("heading").first, card.locator(".prose").first, card)
        for number in (0, 199) if name.startswith("200") else ():
            expect(card.get_by_text(f" {number}", exact=False).last).to_be_attached()

        if request["type"] == "confirmation":
            answer = victim.answer(request["id"], "reject", feedback=TEXT)
        else:
            answer = victim.answer(request["id"], "decline")
        assert answer.status_code == 200, answer.text
        expect(card.get_by_text("by Dana").first).to_be_visible()
        assert_harmless(tab, card)
        tab.open(request["session_id"])
        expect(tab.log.get_by_text("by Dana").first).to_be_visible()
        assert_harmless(tab, card)


class TestWhatAPersonIsCalled:
    def test_on_their_own_page_and_on_those_of_others(
        self, window: Window, hostile: Server, victim: Person, open_window: Callable[..., Window]
    ) -> None:
        eve = called(hostile, f"{UNSEEN} {SCRIPTS[1]}")
        own = open_window(hostile.url).sign_in(eve)
        account = own.page.get_by_role("button", name="Account of")
        expect(account.locator("mark", has_text=DRAWN[0])).to_be_visible()
        account.click()
        assert_harmless(own, own.page.get_by_role("menu"))

        assert hostile.command("users", "confirm", eve.email) == 0
        request = ask(victim, "confirmation", to=[eve.id])
        tab = window.tab()
        tab.open(request["session_id"])
        assert_harmless(tab, tab.card("A confirmation?").box, tab.page.locator("header [data-slot=status-chip]"))
        assert eve.answer(request["id"], "reject").status_code == 200
        tab.signed("Rejected by")
        assert_harmless(tab, tab.page.locator("[data-slot=request-card]"))

    def test_is_refused_when_it_is_a_book(self, hostile: Server) -> None:
        body = {"email": "long@example.org", "password": PASSWORD, "name": LONG}
        refused = client(hostile.url).post("/api/auth/register", json=body)
        assert refused.status_code == 422
        assert [error["field"] for error in refused.json()["errors"]] == ["name"]


def called(server: Server, name: str) -> Person:
    """A person who was given this name when any was taken."""
    person = server.person("Eve")
    with closing(sqlite3.connect(server.data_dir / "assent.db", timeout=PATIENCE_S)) as db, db:
        db.execute("UPDATE people SET name = ? WHERE id = ?", (name, person.id))
    return person


class TestWhatAPersonSays:
    def test_in_a_message_and_a_title(
        self, browser: Browser, hostile: Server, aimock: Aimock, open_window: Callable[..., Window]
    ) -> None:
        aimock.says("Well.", to=SPEAKS)
        aimock.says(step("reply"))
        person = hostile.person("Eve")
        session_id = person.say(f"{UNSEEN} {SCRIPTS[1]} {'W' * 3000}")["session_id"]
        renamed = person.http.patch(f"/api/sessions/{session_id}", json={"title": f"{LINE} {'W' * 150}"})
        assert renamed.status_code == 200, renamed.text
        window = open_window(hostile.url)
        tab = window.sign_in(person)
        tab.open(session_id)
        message = tab.log.get_by_role("listitem").filter(has_text="You")
        assert_harmless(tab, message)
        expect(message).to_contain_text(SCRIPTS[1])
        assert_harmless(tab, tab.page.get_by_role("heading", level=1))
        tab.page.goto("/sessions")
        assert_harmless(tab, tab.page.get_by_role("link").filter(has_text="lleh"))
        assert window.strangers() == []
        assert window.unexpected() == []
