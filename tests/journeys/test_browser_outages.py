"""Show 3, outages: without a network, or with the server gone, nothing on the page is lost, doubled or reordered."""

import re
from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.support.person import Person, until
from tests.support.server import Server
from tests.support.web_app import Tab, Window

CUT = (  # what a browser says of a connection that was cut, at whichever byte
    "ERR_INTERNET_DISCONNECTED",
    "ERR_CONNECTION",
    "ERR_EMPTY_RESPONSE",
    "ERR_INCOMPLETE",
    "ERR_CONTENT_LENGTH_MISMATCH",
    "WebSocket connection to",
    "503",
)


def assert_true_to_the_record(tab: Tab, person: Person) -> list[str]:
    """The page reads as the server's history does, before and after a reload; the turns."""
    before = tab.shows_the_record(person)
    tab.page.reload()
    assert tab.shows_the_record(person) == before
    return before


def cut_once(window: Window, url: str, cut: Callable[[Route], object]) -> None:
    """Cut the first request for it. The route stays: taking it away may hold for ever what is just under way."""
    cuts = iter([cut])
    window.context.route(url, lambda route: next(cuts, Route.continue_)(route))


class TestWithoutANetwork:
    def test_for_half_a_minute_of_a_reply(self, server: Server, open_window: Callable[..., Window]) -> None:
        person = server.person("Nadia")
        window = open_window(server.url)
        tab = window.sign_in(person)
        session_id = tab.begin("stream 2500")  # 25 s of words
        expect(tab.log.get_by_text("every answer here")).to_be_visible()
        run_id = person.frames(session_id)[1]["run_id"]
        tab.loaded()
        window.context.set_offline(True)
        expect(tab.page.get_by_text("No connection. You can read")).to_be_visible()
        tab.say("calc 20 + 3")
        expect(tab.log.get_by_text("It is kept and goes out when the connection is back.")).to_be_visible()
        until(lambda: person.run(run_id)["status"], lambda status: status == "completed", seconds=300)

        window.context.set_offline(False)
        expect(tab.log.get_by_text("20 + 3 = 23")).to_be_visible()
        tab.status("Finished")
        assert_true_to_the_record(tab, person)
        assert window.unexpected(*CUT) == []

    def test_while_a_question_is_open_and_answered_elsewhere(self, server: Server, open_window: Callable[..., Window]) -> None:
        person = server.person("Oskar")
        window = open_window(server.url)
        tab = window.sign_in(person)
        session_id = tab.begin("ask Where are you?")
        card = tab.card("Where are you?")
        card.fill("Your answer", "In a tunnel")
        tab.loaded()
        window.context.set_offline(True)
        expect(card.box.get_by_text("You are offline. You can decide as soon as the connection is back.")).to_be_visible()
        expect(card.button("Send answer")).to_have_count(0)
        request = person.pending(session_id)
        assert person.answer(request["id"], "submit", feedback="On the train").status_code == 200

        window.context.set_offline(False)
        tab.signed("Answered by Oskar")
        expect(tab.log.get_by_text("On the train").first).to_be_visible()
        expect(tab.log.get_by_text("Your unsent draft")).to_be_visible()
        expect(tab.log.get_by_text("In a tunnel")).to_be_visible()
        assert_true_to_the_record(tab, person)
        assert window.unexpected(*CUT) == []

    def test_an_answer_whose_reply_was_lost_counts_once(self, server: Server, open_window: Callable[..., Window]) -> None:
        person = server.person("Quinn")
        window = open_window(server.url)
        tab = window.sign_in(person)
        tab.begin("pay 600 to Lost Reply")

        def lose_the_reply(route: Route) -> None:
            route.fetch()
            route.abort("connectionreset")

        cut_once(window, "**/answer", lose_the_reply)
        tab.card("Run make_payment?").approve_by_name("make_payment")
        tab.signed("Approved by Quinn in the web app")
        expect(tab.log.get_by_text("600 to Lost Reply. The payment is in the demo ledger.")).to_be_visible()
        assert_true_to_the_record(tab, person)
        assert window.unexpected(*CUT) == []

    def test_a_reply_whose_looks_could_not_be_loaded_can_be_read(
        self, server: Server, open_window: Callable[..., Window]
    ) -> None:
        person = server.person("Tove")
        window = open_window(server.url)
        cut_once(window, "**/markdown-body-*.js", lambda route: route.abort("connectionfailed"))
        tab = window.sign_in(person)
        tab.begin("calc 5 * 5")
        expect(tab.log.get_by_text("`5 * 5` = **25**")).to_be_visible()
        tab.page.reload()
        expect(tab.log.get_by_text("5 * 5 = 25")).to_be_visible()
        assert window.unexpected("ERR_CONNECTION_FAILED") == []


class TestServerGone:
    def test_in_the_middle_of_a_reply(self, make_server: Callable[..., Server], open_window: Callable[..., Window]) -> None:
        server = make_server().start()
        person = server.person("Rosa")
        window = open_window(server.url)
        tab = window.sign_in(person)
        tab.begin("stream 300")
        expect(tab.log.get_by_text("every answer here")).to_be_visible()
        tab.loaded()
        server.kill()
        server.start()
        tab.status("Finished")
        expect(tab.log.get_by_text("writing")).to_have_count(0)
        assert len(assert_true_to_the_record(tab, person)[1].split()) == 300
        assert window.unexpected(*CUT) == []

    def test_while_a_question_is_open_and_a_message_is_sent(
        self, make_server: Callable[..., Server], open_window: Callable[..., Window]
    ) -> None:
        server = make_server().start()
        person = server.person("Sven")
        window = open_window(server.url)
        tab = window.sign_in(person)
        tab.begin("pay 300 to Sven himself")
        expect(tab.card("Run make_payment?").box).to_be_visible()
        tab.loaded()
        server.kill()
        expect(tab.page.get_by_text(re.compile("^(Reconnecting|No connection)"))).to_be_visible()
        tab.say("calc 4 + 4")
        expect(tab.log.get_by_text("It is kept and goes out when the connection is back.")).to_be_visible()
        server.start()
        expect(tab.log.get_by_text("It is kept")).to_have_count(0)
        tab.card("Run make_payment?").approve_by_name("make_payment")
        tab.signed("Approved by Sven in the web app")
        expect(tab.log.get_by_text("300 to Sven himself. The payment is in the demo ledger.")).to_be_visible()
        expect(tab.log.get_by_text(re.compile(r"4 \+ 4.*=.*8"))).to_be_visible()  # as Markdown, or plain where its chunk was lost
        assert_true_to_the_record(tab, person)
        assert window.unexpected(*CUT) == []
