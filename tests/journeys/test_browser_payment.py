"""Show 1, in a real browser on a fresh server: register, propose, read the exact call, decide, and look into the ledger."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.person import PASSWORD, Person
from tests.support.server import Server
from tests.support.web_app import Tab, Window

TITLE = "Run make_payment?"
EXACT = '{"user":725653563933458432,"amount":500,"rate":1e-05,"whole":1.0}'


@pytest.fixture(scope="class")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("fresh") / "data", registration="first").start()
    yield server
    assert server.stop() == 0, server.log.read_text()[-4000:]


@pytest.fixture(scope="class")
def window(browser: Browser, fresh: Server) -> Iterator[Window]:
    """The first account of this server has been created in it, on the screen for that."""
    window = Window(browser, fresh.url)
    tab = window.tab()
    tab.page.goto("/")
    expect(tab.page.get_by_role("heading", name="Create the first account")).to_be_visible()
    expect(tab.page.get_by_text("demo model, which is not an AI")).to_be_visible()
    tab.page.get_by_label("Name").fill("Dana Doe")
    tab.page.get_by_label("Email address").fill("dana@example.org")
    tab.page.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.button("Create account").click()
    tab.page.wait_for_url("**/sessions")
    tab.page.close()
    yield window
    window.context.close()


def ledger(server: Server, to: str) -> list[float]:
    """The amounts paid to somebody."""
    path = server.data_dir / "ledger.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [line["amount"] for line in lines if line["to"] == to]


def cells(tab: Tab) -> list[list[str]]:
    """The argument table of the payment's card: name and value of each row."""
    rows = tab.card(TITLE).box.get_by_role("table", name="Arguments of make_payment").get_by_role("row")
    return [[row.get_by_role("rowheader").inner_text(), row.get_by_role("cell").first.inner_text()] for row in rows.all()]


class TestPayment:
    def test_is_shown_exactly_and_made_once_when_approved(self, fresh: Server, window: Window) -> None:
        tab = window.tab()
        tab.begin("pay 500 to Bob")
        expect(tab.card(TITLE).box).to_be_visible()
        assert cells(tab) == [["amount", "500"], ["to", "Bob"]]
        expect(tab.card(TITLE).box.get_by_text("High risk", exact=True)).to_be_visible()
        tab.card(TITLE).press("Approve")
        name = tab.card(TITLE).box.get_by_label("Type make_payment to approve")
        name.fill("make_paymen")
        expect(tab.card(TITLE).button("Approve")).to_be_disabled()
        assert ledger(fresh, "Bob") == []

        name.fill("make_payment")
        tab.card(TITLE).press("Approve")
        tab.signed("Approved by Dana Doe in the web app")
        expect(tab.log.get_by_text("500 to Bob. The payment is in the demo ledger.")).to_be_visible()
        tab.status("Finished")
        assert ledger(fresh, "Bob") == [500]

        tab.page.reload()
        expect(tab.log.get_by_text("500 to Bob. The payment is in the demo ledger.")).to_be_visible()
        tab.signed("Approved by Dana Doe in the web app")
        assert ledger(fresh, "Bob") == [500]
        assert_clean(window)

    def test_is_not_made_when_rejected(self, fresh: Server, window: Window) -> None:
        tab = window.tab()
        tab.begin("pay 700 to Mallory")
        tab.card(TITLE).press("Reject")
        tab.card(TITLE).fill("Why not?", "Nobody knows Mallory")
        tab.card(TITLE).press("Reject")
        tab.signed("Rejected by Dana Doe in the web app")
        expect(tab.log.get_by_text("was not approved, so nothing was done. Nobody knows Mallory")).to_be_visible()
        assert ledger(fresh, "Mallory") == []
        assert_clean(window)

    def test_is_made_as_edited(self, fresh: Server, window: Window) -> None:
        tab = window.tab()
        tab.begin("pay 900 to Carol")
        card = tab.card(TITLE)
        card.press("Edit and approve")
        card.fill("amount", "120.5")
        card.press("Approve with changes")
        card.fill("Type make_payment to approve", "make_payment")
        card.press("Approve")
        tab.signed("Approved with changes by Dana Doe in the web app")
        expect(tab.log.get_by_text("120.50 to Carol. The payment is in the demo ledger.")).to_be_visible()
        assert ledger(fresh, "Carol") == [120.5]
        assert_clean(window)

    def test_of_a_number_no_browser_holds_is_shown_to_the_digit_and_approved_untouched(
        self, fresh: Server, window: Window
    ) -> None:
        tab = window.tab()
        tab.page.goto("/sessions")
        asker = Person.sign_in(fresh.url, "dana@example.org")
        body = f'{{"type":"confirmation","title":"Move?","action":{{"tool":"move","args":{EXACT},"risk":"low"}}}}'
        asked = asker.http.post("/api/feedback", content=body, headers={"Content-Type": "application/json"}).json()
        tab.page.goto(f"/r/{asked['id']}")
        table = tab.page.get_by_role("table", name="Arguments of move")
        expect(table.get_by_role("row", name="user")).to_contain_text("725653563933458432")
        tab.button("JSON").click()
        expect(tab.page.get_by_role("group", name="Exact arguments")).to_contain_text('"user": 725653563933458432')
        tab.button("Edit and approve").click()
        tab.page.get_by_label("amount").fill("1.000")
        expect(tab.page.get_by_text("Must be a whole number in plain digits such as 1200")).to_be_visible()
        expect(tab.button("Approve with changes")).to_be_disabled()
        tab.page.get_by_label("amount").fill("9007199254740993")
        tab.button("Approve with changes").click()
        expect(tab.page.get_by_text("Approved with changes by Dana Doe in the web app")).to_be_visible()
        expect(tab.page.get_by_role("table", name="The answer").get_by_role("row", name="user")).to_contain_text(
            "725653563933458432"
        )
        kept = asker.http.get(f"/api/feedback/{asked['id']}").text
        assert f'"values":{EXACT.replace(":500", ":9007199254740993")}' in kept
        assert_clean(window)


def assert_clean(window: Window) -> None:
    """No console error, no violated Content Security Policy, nothing asked of another host."""
    assert window.errors == []
    assert window.strangers() == []
    assert any("/api/ws/session/" in url for url in window.requests)
