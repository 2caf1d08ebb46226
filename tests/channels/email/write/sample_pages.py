"""Questions, and checks that a page does no harm."""

import re
from html.parser import HTMLParser
from typing import Any

from channels.contract import Question
from channels.email.write.page import MARKER, Page, render_html, render_text

LINK = "https://assent.example/r/req_1"


AT = "2026-03-31T14:03:00.000Z"


MAX_HTML = 80_000


CITIES, SIZES = [{"label": "Lisbon"}, {"label": "Porto"}], [{"label": "M"}]
ALLOWED = {"confirmation": ["approve", "reject", "edit"], "checkpoint": ["continue", "stop", "revise", "skip"]}


TAGS = {
    *("html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td", "th", "h1", "a", "br"),
    *("p", "em", "strong", "s", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "h2", "h3", "h4", "h5", "h6"),
}


def question(type: str = "confirmation", **more: Any) -> Question:
    asked: dict[str, Any] = {key: more.pop(key) for key in ("decidable", "topic") if key in more}
    if isinstance(more.get("context"), str):
        asked["context"] = more.pop("context")
    request = {"id": "req_1", "session_id": "ses_01k7f3k", "type": type, "status": "pending", "version": 1, "title": "Pay?"}
    request |= {"prompt": "", "due_at": None, "requested_by": "Agent", "on_timeout": "reject"}
    return Question({**request, "allowed_actions": ALLOWED.get(type, ["submit", "decline"]), **more}, LINK, **asked)


def answered(asked: Question, action: str, **more: Any) -> Question:
    response = {"action": action, "by": {"id": "usr_1", "name": "Dana"}, "via": "slack", "at": AT, **more}
    return Question({**asked.request, "status": "answered", "response": response}, LINK)


class Seen(HTMLParser):
    """The elements of a page, where it leads, and its text."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.leads: list[str] = []
        self.acts: list[str] = []
        self.text = ""
        self.feed(render_html(page))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.leads += [value or "" for name, value in attrs if name in ("href", "src", "background", "action")]
        self.acts += [name for name, value in attrs if name.startswith("on") or "url(" in (value or "")]

    def handle_data(self, data: str) -> None:
        self.text += data


def told(page: Page) -> list[str]:
    """The page as each reader gets it, which must be the same."""
    return [render_text(page), Seen(page).text]


def harmless(page: Page) -> None:
    seen = Seen(page)
    assert set(seen.tags) <= TAGS, set(seen.tags) - TAGS
    assert set(seen.leads) <= {LINK} and seen.acts == []
    assert seen.tags.count("h1") == 1
    assert len(render_html(page).encode()) < MAX_HTML
    assert render_text(page).splitlines()[0] == MARKER
    for text in told(page):
        # We isolate a name that is written right to left; whatever else turns the text round is somebody else's.
        text = re.sub("\u2068([^\u2066-\u2069]*)\u2069", r"\1", text)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\u3164\x00-\x08\x7f]", text)
