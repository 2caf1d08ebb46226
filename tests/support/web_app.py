"""The web app as a person uses it: windows of a real browser, by roles, labels and words."""

import re
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, WebSocket, expect

from tests.support.person import PASSWORD, PATIENCE_S, Person, until

SESSION = re.compile(r"/s/(?!new)[^/?#]+$")
SCREEN = {"width": 1280, "height": 800}
WIDE = """() => [...document.querySelectorAll('*')].filter((node) =>
  node === document.documentElement
    ? node.scrollWidth > screen.width
    : node.scrollWidth > node.clientWidth
      && ['auto', 'scroll'].includes(getComputedStyle(node).overflowX)
      && !node.matches('pre, textarea, input, [role=group]:not(:has([role=log]))')
).map((node) => node.outerHTML.slice(0, 200))"""
PATIENCE_MS = PATIENCE_S * 1000
# What was said; the folded steps of a run stand beside it.
SPOKEN = """(turns) => turns.map((turn) =>
  [...turn.children].filter((part) => !part.matches('[data-slot=run-steps]')).map((part) => part.innerText).join(' '))"""

# What the page means to do one to ten seconds later is held back until a test lets that time pass.
HOLD_TIMERS = """() => {
  const [set, clear] = [setTimeout, clearTimeout];
  const held = new Map();
  let last = 0;
  window.setTimeout = (then, after, ...rest) => {
    if (!(after >= 1_000 && after <= 10_000)) return set(then, after, ...rest);
    held.set((last -= 1), () => then(...rest));
    return last;
  };
  window.clearTimeout = (timer) => held.delete(timer) || clear(timer);
  window.passTime = () => {
    const due = [...held.values()];
    held.clear();
    for (const then of due) then();
  };
}"""

expect.set_options(timeout=PATIENCE_MS)


class Window:
    """One browser profile, with cookies and storage of its own, watched for what must never happen in it."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url = url
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.context = browser.new_context(**{"base_url": url, "viewport": SCREEN, "locale": "en-GB", **options})
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.on("request", self._requested)
        self.context.on("console", self._said)
        self.context.on("weberror", lambda error: self.errors.append(f"uncaught: {error.error}"))
        self.context.on("page", lambda page: page.on("websocket", self._connected))

    def _requested(self, request: Request) -> None:
        self.requests.append(request.url)

    def _connected(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self.errors.append(message.text)

    def tab(self) -> "Tab":
        return Tab(self.context.new_page())

    def sign_in(self, person: Person, password: str = PASSWORD) -> "Tab":
        """A tab at the list of sessions, after the sign-in screen."""
        tab = self.tab()
        tab.page.goto("/sign-in")
        tab.sign_in(person.email, password)
        tab.page.wait_for_url("**/sessions")
        return tab

    def strangers(self) -> list[str]:
        """What was asked of any other host."""
        own = (self.url + "/", "ws" + self.url.removeprefix("http") + "/", "data:", "blob:")
        return [url for url in self.requests if not url.startswith(own)]

    def unexpected(self, *expected: str) -> list[str]:
        """Console errors and uncaught ones, but for those a test provokes: text that they hold."""
        return [error for error in self.errors if not any(text in error for text in expected)]


PARSER = "performance.getEntriesByType('resource').find(({ name }) => /markdown-body[^/]*[.]js$/.test(name))"


class Tab:
    """One page of the app."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.log = page.get_by_role("log", name="Conversation")
        self.composer = page.get_by_role("textbox", name="Message", exact=True)

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.page.get_by_label("Email address").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.button("Sign in").click()

    def begin(self, words: str) -> str:
        """A new session with its first message; its id."""
        self.page.goto("/s/new")
        self.say(words)
        self.page.wait_for_url(SESSION)
        return self.session_id

    def open(self, session_id: str) -> None:
        self.page.goto(f"/s/{session_id}")
        expect(self.log).to_be_visible()

    def say(self, words: str) -> None:
        self.composer.fill(words)
        self.composer.press("Enter")

    @property
    def session_id(self) -> str:
        return self.page.url.rsplit("/", 1)[1]

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def card(self, title: str) -> "Card":
        """The open document of a request, by its whole title."""
        return Card(self.page.get_by_role("region", name=title, exact=True))

    def signed(self, line: str) -> None:
        """Wait until a document carries this signature."""
        expect(self.log.get_by_text(line)).to_be_visible()

    def status(self, words: str) -> None:
        """Wait until the session's own header says so."""
        header = self.page.locator("header").filter(has=self.page.get_by_role("heading", level=1))
        expect(header.get_by_text(words, exact=True)).to_be_visible()

    def loaded(self) -> None:
        """Wait until the page has every part it will need to show a reply, so that a lost server takes none away."""
        # From outside: the page's policy forbids what waits inside it.
        until(lambda: self.page.evaluate(f"() => Boolean({PARSER})"), bool)
        self.page.evaluate(f"async () => {{ await import({PARSER}.name) }}")  # the chunk with all that it imports in turn

    def turns(self) -> list[str]:
        """The words of every turn of the person and the agent, oldest first, as they can be read on the page."""
        turns = self.log.locator("> ol > li").filter(has_text=re.compile(r"^(You|Agent)"))
        return [_words(turn) for turn in turns.locator("> div:last-child").evaluate_all(SPOKEN)]

    def shows_the_record(self, person: Person) -> list[str]:
        """Wait until the page reads exactly as the server's history does; the turns."""
        shown: list[str] = until(self.turns, lambda turns: turns == said(person, self.session_id))
        return shown

    def hold_time(self) -> None:
        """From now on nothing on the page changes only because some seconds have passed."""
        self.page.evaluate(HOLD_TIMERS)

    def let_time_pass(self) -> None:
        """The seconds that were held back pass, all at once."""
        self.page.evaluate("() => window.passTime()")

    def tab_to(self, target: Locator) -> None:
        """Press Tab until the target has the focus."""
        for _ in range(100):
            self.page.keyboard.press("Tab")
            if target.evaluate("node => node === document.activeElement"):
                return
        raise AssertionError(f"a hundred times Tab do not lead to {target}")

    def scrolls_sideways(self) -> list[str]:
        """Parts of the page, or all of it, that must be scrolled sideways; tables and code may be."""
        found: list[str] = self.page.evaluate(WIDE)
        return found


class Card:
    """One request that waits for an answer."""

    def __init__(self, box: Locator) -> None:
        self.box = box

    def button(self, name: str) -> Locator:
        return self.box.get_by_role("button", name=name, exact=True)

    def press(self, name: str) -> None:
        self.button(name).click()

    def fill(self, label: str, text: str) -> None:
        self.box.get_by_label(label).fill(text)

    def approve_by_name(self, tool: str) -> None:
        """Approve what is of high risk: press, type the tool's name, press."""
        self.press("Approve")
        self.fill(f"Type {tool} to approve", tool)
        self.press("Approve")


def _words(text: str) -> str:
    return " ".join(text.split())


def said(person: Person, session_id: str) -> list[str]:
    """What the server's history holds of a session, oldest first, in the words a reader sees."""
    items = person.get(f"/api/sessions/{session_id}/messages")["items"]
    return [_words(_plain(item["content"])) for item in reversed(items) if item["type"] in ("user", "agent")]


def _plain(markdown: str) -> str:
    return re.sub(r"[*`]", "", re.sub(r"^[-#>] ?", "", markdown, flags=re.MULTILINE))
