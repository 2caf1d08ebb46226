"""The whole app by keys: every kind of request is answered without a mouse, and no key approves by itself."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.support.deadlines import expire_deadline
from tests.support.person import Person, until
from tests.support.server import Server
from tests.support.web_app import Tab, Window

TITLE = "Run make_payment?"
LISTEN = """() => {
  window.said = [];
  for (const region of document.querySelectorAll('[data-slot=announcer]')) {
    const hear = () => region.textContent && window.said.push(region.textContent);
    new MutationObserver(hear).observe(region, { childList: true, subtree: true, characterData: true });
  }
}"""


def said(tab: Tab) -> list[str]:
    """What the announcer has said since it was listened to."""
    heard: list[str] = tab.page.evaluate("() => window.said")
    return heard


def ask_low_risk(worker: Person, **more: object) -> dict[str, str]:
    """A confirmation of low risk, which one press approves."""
    body = {
        "type": "confirmation",
        "title": "Send the letter?",
        "prompt": "It is ready.",
        "action": {"tool": "send_letter", "args": {"to": "Bob", "pages": 2}, "risk": "low"},
        **more,
    }
    asked = worker.http.post("/api/feedback", json=body)
    assert asked.status_code == 201, asked.text
    request: dict[str, str] = asked.json()
    return request


def finished(worker: Person, words: str) -> str:
    """The session of a run that has come to its end, so that its place in the list stays."""
    started = worker.say(words)
    until(lambda: worker.run(started["run_id"])["status"], lambda status: status == "completed")
    session_id: str = started["session_id"]
    return session_id


class TestPlaces:
    def test_lead_through_the_app_and_back(self, tab: Tab, worker: Person) -> None:
        older, newer = (finished(worker, f"calc {n} + {n}") for n in (71, 72))
        page = tab.page
        page.goto("/sessions")
        expect(page.get_by_role("link", name="calc 72 + 72").first).to_be_visible()
        page.keyboard.press("j")
        expect(page.locator(f"a[href='/s/{newer}']")).to_be_focused()
        page.keyboard.press("j")
        expect(page.locator(f"a[href='/s/{older}']")).to_be_focused()
        page.keyboard.press("k")
        page.keyboard.press("o")
        page.wait_for_url(f"**/s/{newer}")
        expect(tab.log).to_be_visible()
        page.keyboard.press("c")
        expect(tab.composer).to_be_focused()
        page.keyboard.type("g s n ? are letters here")
        expect(tab.composer).to_have_value("g s n ? are letters here")
        page.keyboard.press("Escape")
        expect(tab.composer).not_to_be_focused()
        page.keyboard.press("/")
        expect(page.get_by_role("searchbox", name="Search sessions")).to_be_focused()
        page.evaluate("() => document.activeElement.blur()")
        page.keyboard.press("n")
        page.wait_for_url("**/s/new")
        expect(tab.composer).to_be_focused()  # the address changes before the page does
        page.keyboard.press("Tab")
        page.evaluate("() => document.activeElement.blur()")
        page.keyboard.type("gs")  # at once: the second key is not waited for without end
        page.wait_for_url("**/sessions")
        page.goto(f"/s/{newer}")
        expect(tab.log).to_be_visible()
        page.keyboard.press("Escape")
        page.wait_for_url("**/sessions")

    def test_are_told_by_the_help_and_can_be_turned_off(self, tab: Tab) -> None:
        page = tab.page
        page.goto("/sessions")
        expect(page.get_by_role("heading", level=1, name="Sessions")).to_be_visible()
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(dialog).to_be_visible()
        page.keyboard.press("n")  # nothing under an open dialog listens
        switch = dialog.get_by_role("switch", name="Use keyboard shortcuts")
        switch.press("Space")
        expect(switch).not_to_be_checked()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        assert page.url.endswith("/sessions")
        page.reload()
        expect(page.get_by_role("heading", level=1, name="Sessions")).to_be_visible()
        page.keyboard.press("?")
        page.keyboard.press("n")
        expect(tab.button("Account of Dana")).to_be_enabled()
        tab.button("Account of Dana").press("Enter")
        page.get_by_role("menuitem", name="Keyboard shortcuts").press("Enter")
        assert page.url.endswith("/sessions")
        switch.press("Space")
        expect(switch).to_be_checked()
        dialog.get_by_role("button", name="Close").press("Enter")
        expect(dialog).to_have_count(0)
        expect(page.get_by_role("menu")).to_have_count(0)
        page.keyboard.press("n")
        page.wait_for_url("**/s/new")


class TestRequests:
    def test_a_armed_approve_is_confirmed_with_enter(self, tab: Tab, worker: Person) -> None:
        request = ask_low_risk(worker)
        tab.open(request["session_id"])
        card = tab.card("Send the letter?")
        expect(card.button("Approve")).to_be_visible()
        tab.hold_time()
        tab.page.keyboard.press("a")
        expect(card.button("Confirm approve")).to_be_focused()
        assert worker.get(f"/api/feedback/{request['id']}")["status"] == "pending"
        tab.page.keyboard.press("Enter")
        tab.signed("Approved by Dana in the web app")

    def test_an_armed_approve_that_is_not_confirmed_falls_back_and_lets_go_of_the_focus(self, tab: Tab, worker: Person) -> None:
        request = ask_low_risk(worker)
        tab.open(request["session_id"])
        card = tab.card("Send the letter?")
        expect(card.button("Approve")).to_be_visible()
        tab.hold_time()
        tab.page.keyboard.press("a")
        expect(card.button("Confirm approve")).to_be_focused()
        tab.let_time_pass()
        expect(card.button("Approve")).to_be_visible()
        expect(card.box.get_by_role("heading", name="Send the letter?")).to_be_focused()
        tab.page.keyboard.press("Enter")
        assert worker.get(f"/api/feedback/{request['id']}")["status"] == "pending"

    def test_high_risk_asks_for_the_name_all_the_same(self, tab: Tab) -> None:
        tab.begin("pay 460 to Keys")
        card = tab.card(TITLE)
        expect(card.box).to_be_visible()
        tab.composer.press("Escape")
        tab.page.keyboard.press("a")
        expect(card.box.get_by_label("Type make_payment to approve")).to_be_focused()
        tab.page.keyboard.type("make_payment")
        tab.page.keyboard.press("Enter")
        tab.page.keyboard.press("Control+Enter")
        expect(card.button("Approve")).to_be_enabled()
        tab.tab_to(card.button("Approve"))
        tab.page.keyboard.press("Enter")
        tab.signed("Approved by Dana in the web app")

    def test_r_asks_why_and_rejects(self, tab: Tab) -> None:
        tab.begin("pay 470 to Keys")
        expect(tab.card(TITLE).box).to_be_visible()
        tab.composer.press("Escape")
        tab.page.keyboard.press("r")
        expect(tab.card(TITLE).box.get_by_label("Why not?")).to_be_focused()
        tab.page.keyboard.type("Too much")
        tab.page.keyboard.press("Control+Enter")
        tab.signed("Rejected by Dana in the web app")

    def test_e_edits_and_approves_what_was_edited(self, tab: Tab, worker: Person) -> None:
        request = ask_low_risk(worker)
        tab.open(request["session_id"])
        card = tab.card("Send the letter?")
        expect(card.box).to_be_visible()
        tab.page.keyboard.press("e")
        field = card.box.get_by_label(re.compile("^to"))
        expect(field).to_be_focused()
        field.press("ControlOrMeta+a")
        tab.page.keyboard.type("Ann")
        tab.page.keyboard.press("Control+Enter")
        tab.signed("Approved with changes by Dana in the web app")

    def test_digits_pick_an_option_and_do_not_send_it(self, tab: Tab, worker: Person) -> None:
        session_id = tab.begin("choose tea, coffee, water")
        card = tab.card("Which one shall it be?")
        expect(card.box).to_be_visible()
        tab.composer.press("Escape")
        tab.page.keyboard.press("2")
        expect(card.box.get_by_role("radio", name="coffee")).to_be_checked()
        assert worker.pending(session_id)["status"] == "pending"
        tab.page.keyboard.type("gr")
        expect(card.box.get_by_role("heading")).to_be_focused()
        tab.page.keyboard.press("Control+Enter")
        expect(tab.log.get_by_text("You chose coffee.")).to_be_visible()

    def test_a_question_is_answered_from_the_composer(self, tab: Tab) -> None:
        tab.begin("ask Which colour?")
        expect(tab.card("Which colour?").box).to_be_visible()
        expect(tab.composer).to_have_attribute("placeholder", "Answer the question")
        tab.say("Green")
        tab.signed("Answered by Dana in the web app")
        expect(tab.composer).to_have_value("")

    def test_a_message_begun_before_the_question_came_stays_one(self, tab: Tab, worker: Person) -> None:
        tab.begin("calc 5 + 5")
        tab.status("Finished")
        tab.composer.fill("Half a thought")
        worker.say("ask Why?", session_id=tab.session_id)
        expect(tab.card("Why?").box).to_be_visible()
        answers = tab.page.get_by_role("checkbox", name="Answer the question")
        expect(answers).not_to_be_checked()
        tab.composer.press("Enter")
        expect(tab.log.get_by_text("Half a thought")).to_be_visible()
        assert worker.pending(tab.session_id)["status"] == "pending"
        answers.press("Space")
        tab.say("Because")
        tab.signed("Answered by Dana in the web app")

    def test_a_checkpoint_is_sent_back_and_continued(self, tab: Tab) -> None:
        tab.begin("plan a walk")
        card = tab.card("Review the plan")
        expect(card.box).to_be_visible()
        tab.tab_to(card.button("Revise"))
        tab.page.keyboard.press("Enter")
        tab.tab_to(card.box.get_by_label("What should change?"))
        tab.page.keyboard.type("Shorter")
        tab.page.keyboard.press("Control+Enter")
        tab.signed("by Dana in the web app")
        expect(card.box).to_be_visible()
        tab.tab_to(card.button("Continue"))
        tab.page.keyboard.press("Enter")
        expect(tab.log.get_by_text("Continued by Dana in the web app")).to_be_visible()


class TestAnnouncer:
    def test_says_at_most_two_things_about_a_streamed_turn(self, tab: Tab) -> None:
        tab.begin("calc 1 + 1")
        tab.status("Finished")
        tab.page.evaluate(LISTEN)
        tab.say("stream 1000")
        expect(tab.page.locator("[aria-busy=true]").get_by_text("every answer here")).to_be_visible()
        tab.status("Finished")
        until(lambda: said(tab), lambda heard: "The agent is replying" in heard and heard[-1] == "Reply finished")
        assert set(said(tab)) == {"The agent is replying", "Reply finished"}  # the last turn's end may be heard late

    def test_says_what_is_needed_and_who_decided(self, tab: Tab, worker: Person) -> None:
        tab.begin("calc 1 + 1")
        tab.status("Finished")
        tab.page.evaluate(LISTEN)
        tab.say("pay 480 to Out Loud")
        until(lambda: said(tab), lambda heard: any(text.startswith("Approval needed: make_payment") for text in heard))
        assert worker.answer(worker.pending(tab.session_id)["id"], "reject").status_code == 200
        until(lambda: said(tab), lambda heard: "Rejected by Dana through the API" in heard)


class TestLateAnswers:
    def test_a_time_out_locks_the_card_and_keeps_what_was_typed(self, server: Server, tab: Tab, worker: Person) -> None:
        body = {"type": "text", "title": "Quickly, which colour?", "prompt": "It is urgent.", "due_in": 3600}
        request = worker.http.post("/api/feedback", json=body).json()
        tab.open(request["session_id"])
        card = tab.card("Quickly, which colour?")
        card.fill("Your answer", "Somewhat bl")
        expire_deadline(server, request["id"])
        expect(tab.log.get_by_text("Your unsent draft")).to_be_visible()
        expect(tab.log.get_by_text("Somewhat bl")).to_be_visible()
        expect(card.button("Send answer")).to_have_count(0)
        assert worker.get(f"/api/feedback/{request['id']}")["status"] == "expired"


class TestNewVersion:
    def test_is_offered_and_never_loaded_by_itself(
        self, make_server: Callable[..., Server], open_window: Callable[..., Window]
    ) -> None:
        server = make_server().start()
        window = open_window(server.url)
        tab = window.sign_in(server.person("Vera"))
        tab.begin("calc 1 + 1")
        tab.status("Finished")
        tab.composer.fill("Not sent yet")
        tab.page.evaluate("() => { window.sameLoad = true; }")
        page = server.url + "/"
        window.context.route(page, lambda route: route.fulfill(content_type="text/html", body="<script src=/assets/new.js>"))
        tab.loaded()
        server.kill()
        expect(tab.page.get_by_text(re.compile("^(Reconnecting|No connection)"))).to_be_visible()
        server.start()
        expect(tab.page.get_by_text("A new version is ready.")).to_be_visible()
        assert tab.page.evaluate("() => window.sameLoad") is True
        tab.button("Reload").click()
        expect(tab.composer).to_have_value("Not sent yet")
        expect(tab.page.get_by_text("A new version is ready.")).to_have_count(0)


class TestSteps:
    def test_of_a_run_are_folded_above_its_reply(self, tab: Tab) -> None:
        tab.begin("calc 6 * 7")
        expect(tab.log.get_by_text("6 * 7 = 42")).to_be_visible()
        tab.log.get_by_text("Used calculate").click()
        expect(tab.log.get_by_text(re.compile(r"^Done in \d"))).to_be_visible()
        expect(tab.log.get_by_role("group", name="Arguments")).to_contain_text('"expression": "6 * 7"')
        expect(tab.log.get_by_role("group", name="Result")).to_contain_text('"value": 42')
