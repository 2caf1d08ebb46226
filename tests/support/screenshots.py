"""Takes the pictures in docs/screens: every screen of the running product and every card of the gallery, in both
themes and sizes. `python -m tests.support.screenshots`."""

import io
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from tests.support.browser import chromium
from tests.support.emulated_google import DANA, MALLORY, Google, answering, connect_google, connect_mailbox, run_google
from tests.support.example_requests import ask
from tests.support.gallery import KINDS, gallery
from tests.support.person import Person, until
from tests.support.server import ROOT, Server
from tests.support.slack import SECRET, TOKEN, Slack, link, run_slack
from tests.support.web_app import Tab, Window

AT = ROOT / "docs" / "screens"
DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 375, "height": 667}
PAYMENT = "Run make_payment?"
GAP = 24
AT_REST = ("sent", "failed")


class Look(NamedTuple):
    """One theme at one size; the light desk has the plain names."""

    phone: bool
    dark: bool

    @property
    def suffix(self) -> str:
        return ("-phone" if self.phone else "") + ("-dark" if self.dark else "")

    def window(self, browser: Browser, url: str) -> Window:
        touch = {"has_touch": True, "is_mobile": True} if self.phone else {}
        scheme = "dark" if self.dark else "light"
        size = PHONE if self.phone else DESK
        return Window(browser, url, viewport=size, color_scheme=scheme, reduced_motion="reduce", **touch)


LOOKS = [Look(phone, dark) for phone in (False, True) for dark in (False, True)]


def save(picture: Image.Image, name: str) -> None:
    """Screens have few colours: a palette takes a third of the space."""
    path = AT / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def taken(place: Page | Locator) -> Image.Image:
    return Image.open(io.BytesIO(place.screenshot(animations="disabled", caret="hide")))


def settle(page: Page) -> None:
    """Wait for the fonts, and for the parser of what agents write: until it is there its text stands as it was written."""
    page.evaluate("() => document.fonts.ready")
    expect(page.locator(".prose > p")).to_have_count(0)


def take(page: Page, name: str) -> None:
    """Nothing moves, blinks or loads any more when the picture is taken."""
    settle(page)
    page.mouse.move(0, 0)
    save(taken(page), name)


class Story:
    """What has happened on the server before the pictures are taken."""

    def __init__(self, person: Person, slack: Slack | None = None, google: Google | None = None) -> None:
        self.person = person
        self.failed = self._ended("fail")
        self.replied = self._ended("hello")
        self.form = self._asked("form name, email:email, seats:integer, size:enum(Small|Medium|Large)")
        self.choice = self._asked("choose Lisbon, Porto, Madrid")
        self.text = self._asked("ask How shall the letter to Bob begin?")
        self.checkpoint = self._asked("plan a product launch")
        self.approved = self._asked("pay 1200 to Alice")
        person.answer(person.pending(self.approved)["id"], "approve")
        self.approval = self._asked("pay 500 to Bob")
        self.lost = self._deployment(7, "email")
        self.carried = self._carried_to(slack) if slack else None
        self.mailed = self._mailed_to(google) if google else None

    def _carried_to(self, slack: Slack) -> str:
        """Linked last: what was asked before has only the web chat to go to."""
        link(self.person, slack)
        return self._deployment(9, "slack")

    def _mailed_to(self, google: Google) -> str:
        """The person, an administrator, is reached by email too, and answers there; so does somebody who is not them."""
        connect_mailbox(self.person, google)
        connect_google(self.person, google, DANA)
        session_id = self._deployment(8, "email")
        request_id = self.person.pending(session_id)["id"]
        asked = google.mail(DANA, lambda mail: "version 8" in str(mail["Subject"]) + mail.as_string())
        google.post(MALLORY, answering(DANA, asked, "APPROVE"))
        google.reply(DANA, asked, "REJECT Not on a Friday.")
        until(lambda: self.person.get(f"/api/feedback/{request_id}/mails")["items"], lambda mails: len(mails) == 2)
        return session_id

    def _deployment(self, version: int, channel: str) -> str:
        action = {"tool": "deploy", "args": {"to": "production", "version": version}, "risk": "high"}
        route = [{"channel": channel, "wait_seconds": 900}]
        request = ask(self.person, "confirmation", title=f"Deploy version {version}?", action=action, route=route)
        until(lambda: self.person.get(f"/api/feedback/{request['id']}")["deliveries"][0]["status"], AT_REST.__contains__)
        session_id: str = request["session_id"]
        return session_id

    def _ended(self, words: str) -> str:
        run = self.person.say(words)
        self.person.run_when(run["run_id"])
        session_id: str = run["session_id"]
        return session_id

    def _asked(self, words: str) -> str:
        session_id: str = self.person.say(words)["session_id"]
        self.person.pending(session_id)
        return session_id


def sessions(tab: Tab, story: Story) -> Iterator[str]:
    """Opens every screen behind the sign-in, one after the other, and gives its name."""
    heading = tab.page.get_by_role("heading", level=1)

    def shown(session_id: str, what: Callable[[], Locator]) -> None:
        tab.open(session_id)
        expect(what()).to_be_visible()

    tab.page.goto("/sessions")
    expect(tab.page.get_by_role("link", name=re.compile("pay 500 to Bob"))).to_be_visible()
    yield "sessions"
    tab.page.goto("/s/new")
    expect(tab.composer).to_be_visible()
    yield "new-session"
    shown(story.approval, lambda: tab.card(PAYMENT).box)
    yield "approval"
    tab.card(PAYMENT).press("Approve")
    tab.card(PAYMENT).fill("Type make_payment to approve", "make_pay")
    yield "approval-by-name"
    tab.page.goto(f"/r/{story.person.pending(story.approval)['id']}")
    expect(heading).to_have_text(PAYMENT)
    yield "request-alone"
    shown(story.approved, lambda: tab.log.get_by_text("1,200 to Alice. The payment is in the demo ledger."))
    yield "approved"
    shown(story.form, lambda: tab.card("Please fill in this form").box)
    yield "form"
    shown(story.choice, lambda: tab.card("Which one shall it be?").box)
    yield "choice"
    shown(story.text, lambda: tab.card("How shall the letter to Bob begin?").box)
    yield "question"
    shown(story.checkpoint, lambda: tab.log.get_by_role("heading", name="Phase 1: Planning"))
    tab.card("Review the plan").box.scroll_into_view_if_needed()
    yield "checkpoint"
    shown(story.replied, lambda: tab.log.get_by_text("search <words>"))
    yield "reply"
    shown(story.failed, lambda: tab.page.get_by_role("region", name="The run failed"))
    yield "failed-run"
    yield from _channels(tab, story)
    tab.page.goto("/nowhere")
    expect(heading).to_be_visible()
    yield "not-found"


def _channels(tab: Tab, story: Story) -> Iterator[str]:
    """Being asked elsewhere: the order, the way of a request, and one that reached nobody."""
    tab.page.goto("/settings/channels")
    expect(tab.page.get_by_role("heading", name="Web chat")).to_be_visible()
    yield "channels"
    if story.carried:
        tab.open(story.carried)
        tab.card("Deploy version 9?").box.get_by_text("Also asked in Slack").click()
        trail = tab.page.get_by_role("list", name="Where it was asked")
        expect(trail).to_be_visible()
        trail.evaluate("list => list.scrollIntoView({ block: 'center' })")  # clear of the buttons that stay in reach
        yield "delivery-trail"
    if story.mailed:
        tab.open(story.mailed)
        tab.page.get_by_text("Show the mail").click()
        expect(tab.page.get_by_role("region", name="A reply that does not count")).to_be_visible()
        yield "answered-by-mail"
    tab.open(story.lost)
    expect(tab.page.get_by_role("group", name="Reached nobody")).to_be_visible()
    yield "dead-letter"


def screens(browser: Browser, url: str, story: Story, look: Look) -> None:
    window = look.window(browser, url)
    tab = window.tab()
    tab.page.goto("/sign-in")
    expect(tab.button("Sign in")).to_be_visible()
    take(tab.page, f"sign-in{look.suffix}")
    tab = window.sign_in(story.person)
    for name in sessions(tab, story):
        take(tab.page, name + look.suffix)
    tab.open(story.lost)
    tab.button("Session menu" if look.phone else "Ask me on: Automatic").click()
    expect(tab.page.get_by_role("menuitemradio", name="Automatic")).to_be_visible()
    take(tab.page, f"ask-me-on{look.suffix}")
    window.context.close()


def cards(browser: Browser, url: str, look: Look) -> None:
    """One sheet for each kind of card with all its states, in columns."""
    window = look.window(browser, url)
    page = window.tab().page
    for kind in KINDS:
        page.goto(f"/dev/gallery?kind={kind}")
        page.set_viewport_size({"width": (PHONE if look.phone else DESK)["width"], "height": 2000})  # the tallest card
        expect(page.locator("[data-specimen]").first).to_be_visible()
        settle(page)
        pictures = [taken(specimen) for specimen in page.locator("[data-specimen]").all()]
        save(sheet(pictures, 6 if look.phone else 4), f"cards/{kind}{look.suffix}")
    window.context.close()


def sheet(pictures: list[Image.Image], columns: int) -> Image.Image:
    """Each picture goes to the column that is shortest so far, in the colour of its own paper."""
    width = max(picture.width for picture in pictures) + GAP
    ends = [GAP] * columns
    places = []
    for picture in pictures:
        column = ends.index(min(ends))
        places.append((GAP + column * width, ends[column]))
        ends[column] += picture.height + GAP
    whole = Image.new("RGB", (GAP + columns * width, max(ends)), pictures[0].convert("RGB").getpixel((0, 0)))
    for picture, place in zip(pictures, places, strict=True):
        whole.paste(picture, place)
    return whole


def main() -> None:
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        server = Server(Path(place) / "data", registration="first")
        with run_slack(Path(place), hook_port=server.port) as slack, run_google(server.url) as google:
            mine: dict[str, Any] = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SECRET, "SLACK_API_URL": slack.api_url}
            server.start(**mine, **google.settings())
            try:
                story = Story(server.person("Dana"), slack, google)
                for look in LOOKS:
                    screens(browser, server.url, story, look)
            finally:
                server.stop()
        with gallery(Path(place) / "gallery") as url:
            for look in LOOKS:
                cards(browser, url, look)
    pictures = sorted(AT.rglob("*.png"))
    size = sum(picture.stat().st_size for picture in pictures)
    sys.stdout.write(f"{len(pictures)} pictures in {AT.relative_to(ROOT)}, {size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
