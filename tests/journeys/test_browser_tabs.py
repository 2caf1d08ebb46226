"""Show 3, tabs: a page may be reloaded, opened twice and signed out anywhere, and shows the one truth each time."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Route, expect

from tests.support.person import PASSWORD, Person
from tests.support.server import Server
from tests.support.web_app import Tab, Window


@pytest.fixture
def second(desk: Window, tab: Tab) -> Iterator[Tab]:
    """Another tab of the same window; the window's errors are asserted with the first."""
    opened = desk.tab()
    yield opened
    opened.page.close()


class TestReload:
    def test_in_the_middle_of_a_reply_loses_and_doubles_nothing(self, tab: Tab, worker: Person) -> None:
        tab.begin("stream 300")
        expect(tab.log.get_by_text("every answer here")).to_be_visible()
        tab.page.reload()
        expect(tab.log.get_by_text("every answer here")).to_be_visible()
        tab.status("Finished")
        expect(tab.log.get_by_text("writing")).to_have_count(0)
        assert len(tab.shows_the_record(worker)[1].split()) == 300

    def test_in_the_middle_of_a_question_keeps_it_and_what_was_typed(self, tab: Tab) -> None:
        tab.begin("form name, email:email")
        tab.card("Please fill in this form").fill("name", "Half a na")
        tab.composer.fill("Not sent yet")
        tab.page.reload()
        card = tab.card("Please fill in this form")
        expect(card.box.get_by_label("name")).to_have_value("Half a na")
        expect(tab.composer).to_have_value("Not sent yet")
        card.fill("name", "Half a name")
        card.fill("email", "half@example.org")
        card.press("Send form")
        expect(tab.log.get_by_text("name: Half a name")).to_be_visible()
        expect(tab.composer).to_have_value("Not sent yet")

    def test_changes_nothing_that_was_decided(self, tab: Tab, worker: Person) -> None:
        tab.begin("choose tea, coffee")
        tab.card("Which one shall it be?").box.get_by_role("radio", name="tea").check()
        tab.card("Which one shall it be?").press("Send choice")
        expect(tab.log.get_by_text("You chose tea.")).to_be_visible()
        tab.say("calc 2 + 3")
        expect(tab.log.get_by_text("2 + 3 = 5")).to_be_visible()
        tab.status("Finished")
        before = tab.shows_the_record(worker)
        tab.page.reload()
        assert tab.shows_the_record(worker) == before


class TestTwoTabs:
    def test_an_answer_in_one_folds_the_card_in_the_other(self, tab: Tab, second: Tab) -> None:
        session_id = tab.begin("pay 800 to Two Tabs")
        second.open(session_id)
        tab.card("Run make_payment?").press("Approve")
        second.card("Run make_payment?").approve_by_name("make_payment")
        for each in (tab, second):
            each.signed("Approved by Dana in the web app")
            expect(each.log.get_by_text("800 to Two Tabs. The payment is in the demo ledger.")).to_be_visible()

    def test_on_two_machines_keep_what_was_typed_on_the_other(
        self, tab: Tab, worker: Person, server: Server, open_window: Callable[..., Window]
    ) -> None:
        session_id = tab.begin("ask Which colour?")
        tab.card("Which colour?").fill("Your answer", "Blue, I beg")
        elsewhere = open_window(server.url).sign_in(worker)
        elsewhere.open(session_id)
        elsewhere.card("Which colour?").fill("Your answer", "Green")
        elsewhere.card("Which colour?").press("Send answer")
        tab.signed("Answered by Dana in the web app")
        expect(tab.log.get_by_text("Your unsent draft")).to_be_visible()
        expect(tab.log.get_by_text("Blue, I beg")).to_be_visible()

    def test_a_late_click_is_told_who_was_first(self, desk: Window, tab: Tab, second: Tab) -> None:
        session_id = tab.begin("choose tea, coffee")
        second.open(session_id)
        held: list[Route] = []
        tab.page.route("**/answer", lambda route: held.append(route))
        card = tab.card("Which one shall it be?")
        card.box.get_by_role("radio", name="tea").check()
        with tab.page.expect_request("**/answer"):
            card.press("Send choice")
        other = second.card("Which one shall it be?")
        other.box.get_by_role("radio", name="coffee").check()
        other.press("Send choice")
        expect(second.log.get_by_text("You chose coffee.")).to_be_visible()

        held[0].continue_()
        expect(tab.log.get_by_text("Your answer came too late. It had been decided already:")).to_be_visible()
        tab.signed("Answered by Dana in the web app")
        expect(tab.log.get_by_text("You chose coffee.")).to_be_visible()
        assert desk.unexpected("409") == []  # the browser logs the refusal
        desk.errors.clear()

    def test_a_message_in_one_is_a_turn_in_both(self, tab: Tab, second: Tab, worker: Person) -> None:
        session_id = tab.begin("calc 1 + 1")
        tab.status("Finished")
        second.open(session_id)
        second.say("calc 2 + 2")
        expect(tab.log.get_by_text("2 + 2 = 4")).to_be_visible()
        expect(second.log.get_by_text("2 + 2 = 4")).to_be_visible()
        tab.status("Finished")
        second.status("Finished")
        assert tab.shows_the_record(worker) == second.shows_the_record(worker)


class TestSigningOut:
    def test_in_one_tab_signs_the_other_out(self, server: Server, open_window: Callable[..., Window]) -> None:
        window = open_window(server.url)
        tab = window.sign_in(server.person("Olga"))
        second = window.tab()
        second.page.goto("/s/new")
        expect(second.composer).to_be_visible()
        tab.button("Account of Olga").click()
        tab.page.get_by_role("menuitem", name="Sign out").click()
        for each in (tab, second):
            each.page.wait_for_url("**/sign-in*")
            expect(each.button("Sign in")).to_be_visible()
        assert window.unexpected() == []

    def test_elsewhere_asks_again_over_the_page_and_keeps_what_was_typed(
        self, server: Server, open_window: Callable[..., Window]
    ) -> None:
        person = server.person("Petra")
        window = open_window(server.url)
        tab = window.sign_in(person)
        tab.begin("ask What now?")
        tab.card("What now?").fill("Your answer", "Half an answer")
        changed = person.http.post(
            "/api/auth/password", json={"current_password": PASSWORD, "new_password": "another long password"}
        )
        assert changed.status_code == 204, changed.text
        dialog = tab.page.get_by_role("dialog", name="Your sign-in has ended")
        expect(dialog).to_be_visible()
        dialog.get_by_label("Password", exact=True).fill("another long password")
        dialog.get_by_role("button", name="Sign in", exact=True).click()
        expect(dialog).to_have_count(0)
        expect(tab.card("What now?").box.get_by_label("Your answer")).to_have_value("Half an answer")
        tab.card("What now?").press("Send answer")
        tab.signed("Answered by Petra in the web app")
        tab.status("Finished")
        tab.shows_the_record(person)
        assert window.unexpected("401") == []
