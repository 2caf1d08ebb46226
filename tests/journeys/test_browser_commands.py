"""Show 2: everything the demo model understands, tried in the browser as the help text invites people to."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.support.person import Person
from tests.support.server import Server
from tests.support.web_app import Tab, Window

PLAN = ("Review the plan", "Review the analysis", "Last look before the plan is final")


class TestTools:
    def test_calc_needs_nobody(self, tab: Tab) -> None:
        tab.begin("calc 6 * 7")
        expect(tab.log.get_by_text("6 * 7 = 42")).to_be_visible()
        tab.status("Finished")

    def test_a_small_payment_needs_nobody(self, tab: Tab) -> None:
        tab.begin("pay 100 to Small Change")
        expect(tab.log.get_by_text("100 to Small Change. The payment is in the demo ledger.")).to_be_visible()
        expect(tab.log.get_by_role("region")).to_have_count(0)

    def test_a_large_payment_waits_for_its_approval(self, tab: Tab) -> None:
        tab.begin("pay 100.01 to Large Change")
        tab.status("Waiting for you")
        tab.card("Run make_payment?").approve_by_name("make_payment")
        expect(tab.log.get_by_text("100.01 to Large Change. The payment is in the demo ledger.")).to_be_visible()


class TestSearch:
    def test_without_a_network_completes_and_says_why(
        self,
        make_server: Callable[..., Server],
        open_window: Callable[..., Window],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("DDGS_PROXY", "http://127.0.0.1:9")  # searches reach nobody, wherever the tests run
        server = make_server().start()
        window = open_window(server.url)
        tab = window.sign_in(server.person("Dana"))
        for command, tool in (("search cats", "web_search"), ("google cats", "google_search")):
            tab.begin(command)
            card = tab.card(f"Run {tool}?")
            expect(card.box.get_by_role("cell", name="cats")).to_be_visible()
            card.press("Approve")
            tab.signed("Approved by Dana in the web app")
            expect(tab.log.get_by_text("there may be no network")).to_be_visible()
            tab.status("Finished")
        assert window.errors == []


class TestQuestions:
    def test_ask_takes_a_text(self, tab: Tab) -> None:
        tab.begin("ask What is your favourite colour?")
        card = tab.card("What is your favourite colour?")
        expect(card.button("Send answer")).to_be_disabled()
        card.fill("Your answer", "Green,\nlike moss")
        card.press("Send answer")
        tab.signed("Answered by Dana in the web app")
        quoted = tab.log.get_by_role("blockquote")
        expect(quoted).to_contain_text("Green,")
        expect(quoted).to_contain_text("like moss")

    def test_a_question_may_be_declined(self, tab: Tab) -> None:
        tab.begin("ask How old are you?")
        tab.card("How old are you?").press("Decline to answer")
        tab.signed("Declined by Dana in the web app")
        expect(tab.log.get_by_text("was not answered")).to_be_visible()

    def test_choose_takes_one_of_them(self, tab: Tab) -> None:
        tab.begin("choose tea, coffee, water")
        card = tab.card("Which one shall it be?")
        expect(card.button("Send choice")).to_be_disabled()
        expect(card.box.get_by_role("radio")).to_have_count(3)
        card.box.get_by_role("radio", name="coffee").check()
        card.press("Send choice")
        expect(tab.log.get_by_text("You chose coffee.")).to_be_visible()

    def test_form_takes_each_type_and_shows_errors_at_their_fields(self, desk: Window, tab: Tab) -> None:
        tab.begin("form name, email:email, seats:integer, note?")
        card = tab.card("Please fill in this form")
        card.fill("name", "Dana")
        card.fill("seats", "two")
        card.press("Send form")
        expect(card.box.get_by_label("email")).to_have_accessible_description("This is needed.")
        expect(card.box.get_by_label("seats")).to_have_accessible_description(re.compile("^Must be a whole number"))

        card.fill("email", "not an address")
        card.fill("seats", "2")
        card.press("Send form")
        email = card.box.get_by_label("email")
        expect(email).to_have_accessible_description("must be an email address such as dana@example.org")
        assert desk.unexpected("422") == []  # the browser logs the refusal
        desk.errors.clear()

        card.fill("email", "dana@example.org")
        card.press("Send form")
        tab.signed("Answered by Dana in the web app")
        last = tab.log.get_by_role("listitem").filter(has_text="You filled in the form")
        expect(last).to_contain_text("email: dana@example.org")
        expect(last).to_contain_text("seats: 2")


class TestPlan:
    def test_goes_on_through_its_three_reviews(self, tab: Tab) -> None:
        tab.begin("plan a launch")
        for title in PLAN:
            tab.card(title).press("Continue")
        expect(tab.log.get_by_text("The plan is finished.")).to_be_visible()
        expect(tab.log.get_by_text("Continued by Dana in the web app")).to_have_count(3)
        tab.status("Finished")

    def test_comes_back_revised_and_may_be_skipped(self, tab: Tab) -> None:
        tab.begin("plan a picnic")
        card = tab.card(PLAN[0])
        card.press("Revise")
        expect(card.button("Send back for revision")).to_be_disabled()
        card.fill("What should change?", "Bring an umbrella")
        card.press("Send back for revision")
        tab.signed("Sent back for revision by Dana in the web app")
        expect(tab.card(PLAN[0]).box.get_by_text("Bring an umbrella")).to_be_visible()
        tab.card(PLAN[0]).press("Skip this review")
        tab.signed("Skipped by Dana in the web app")
        expect(tab.card(PLAN[1]).box).to_be_visible()

    def test_stops_where_told_after_asking_again(self, tab: Tab) -> None:
        tab.begin("plan a detour")
        tab.card(PLAN[0]).press("Stop")
        dialog = tab.page.get_by_role("dialog", name="Stop this run?")
        dialog.get_by_role("button", name="Keep it running").click()
        expect(tab.card(PLAN[0]).button("Continue")).to_be_enabled()
        tab.card(PLAN[0]).press("Stop")
        dialog.get_by_role("button", name="Stop the run").click()
        tab.signed("Stopped by Dana in the web app")
        expect(tab.log.get_by_text("Stopped at a checkpoint")).to_be_visible()


class TestReplies:
    def test_stream_grows_and_stays(self, tab: Tab, worker: Person) -> None:
        tab.begin("stream 1000")
        expect(tab.log.get_by_text("writing")).to_be_visible()
        expect(tab.log.get_by_text("writing")).to_have_count(0)
        assert len(tab.shows_the_record(worker)[1].split()) == 1000

    def test_stop_ends_a_reply(self, tab: Tab) -> None:
        tab.begin("stream 10000")
        expect(tab.log.get_by_text("writing")).to_be_visible()
        tab.button("Stop").click()
        expect(tab.log.get_by_text("Stopped", exact=True)).to_be_visible()
        expect(tab.button("Stop")).to_have_count(0)

    def test_a_failure_is_explained_and_the_session_lives_on(self, tab: Tab) -> None:
        tab.begin("fail")
        failed = tab.page.get_by_role("region", name="The run failed")
        expect(failed).to_be_visible()
        expect(failed.get_by_role("button", name="Retry")).to_be_visible()
        tab.status("Failed")
        tab.say("calc 1 + 1")
        expect(tab.log.get_by_text("1 + 1 = 2")).to_be_visible()
        tab.status("Finished")

    def test_anything_else_is_told_what_works(self, tab: Tab) -> None:
        tab.begin("Good morning!")
        expect(tab.log.get_by_text("a small program, not an AI")).to_be_visible()
        expect(tab.log.get_by_text("search <words>")).to_be_visible()

    def test_an_example_starts_a_session(self, tab: Tab) -> None:
        tab.page.goto("/s/new")
        tab.page.get_by_role("button", name="plan a product launch").click()
        expect(tab.card(PLAN[0]).box).to_be_visible()
