"""Programs that open every link of a mail before its reader does: nothing is decided, used up or changed by that."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.emulated_google import AGENT, DANA, html_of, text_of
from tests.support.example_requests import ASKS, ask
from tests.support.mail_server import MailServer, run_mail_server
from tests.support.person import Person, client, until
from tests.support.server import Server

MEDIUM = {"tool": "deploy", "args": {"to": "production", "version": 7}, "risk": "medium"}
_URL = re.compile(r"https?://[^\s<>\"')]+")
# Its clock goes on by itself: it says when a mailbox is looked into next.
CLOCKS = {"mailboxes"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with run_mail_server(Server(tmp_path_factory.mktemp("mail") / "data")) as mailing:
        yield mailing


@pytest.fixture(scope="module")
def links(place: MailServer) -> set[str]:
    """Every address in every mail that a person got: questions of each type, a link, what is told, and the agent's words."""
    dana = place.person()
    requests = [ask(dana, type) for type in ASKS]
    requests.append(ask(dana, "confirmation", action=MEDIUM))
    mails = [place.asked(request) for request in requests]
    place.told(place.google.reply(DANA, mails[-1], "Perhaps?"))
    hello = place.google.send(DANA, AGENT, "Hello", "search [here](https://example.org/agreed)")
    until(lambda: [mail for mail in place.google.mails(DANA) if str(hello["Message-ID"]) in str(mail["References"])], bool)
    found = {url for mail in place.google.mails(DANA) for url in addresses(mail)}
    assert {url for url in found if "/r/" in url} >= {f"{place.server.url}/r/{request['id']}" for request in requests}
    return {url for url in found if url.startswith(place.server.url)}


def addresses(mail: Any) -> list[str]:
    return [url.rstrip(".,") for url in _URL.findall(text_of(mail) + unescape(html_of(mail)))]


def dump(place: MailServer) -> dict[str, list[tuple[Any, ...]]]:
    """All that is on disk, table by table."""
    with closing(sqlite3.connect(place.server.data_dir / "assent.db")) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in tables if name not in CLOCKS}


def at_rest(place: MailServer, person: Person) -> None:
    """Everything that was to be sent is sent."""
    until(lambda: not _waiting(place), bool)
    assert person.get("/api/auth/me")


def _waiting(place: MailServer) -> bool:
    busy = "SELECT count(*) FROM deliveries WHERE status IN ('queued', 'sending', 'retry_wait')"
    with closing(sqlite3.connect(place.server.data_dir / "assent.db")) as db:
        return bool(db.execute(busy).fetchone()[0])


class TestLinks:
    def test_lead_to_the_request_and_nowhere_else(self, place: MailServer, links: set[str]) -> None:
        requests = re.compile(re.escape(place.server.url) + r"/r/req_[0-9a-z]+")
        assert links
        assert all(requests.fullmatch(url) for url in links)

    def test_change_nothing_however_they_are_opened(self, place: MailServer, links: set[str], browser: Browser) -> None:
        at_rest(place, place.admin)
        before = dump(place)
        http = client(place.server.url)
        for url in sorted(links) * 2:
            assert http.get(url).status_code == 200
            assert http.head(url).status_code in (200, 405)
        for url in sorted(links) * 2:
            page = browser.new_page()
            page.goto(url)
            page.get_by_role("button").first.wait_for()  # its scripts have run: it asks who is there
            page.close()
        assert dump(place) == before
        assert before["feedback_requests"]
