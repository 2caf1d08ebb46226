"""Asked by mail, answered by mail: the agent goes on, every other copy is closed, and a mail to the agent is a conversation."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.emulated_google import AGENT, DANA, EVE, html_of, text_of
from tests.support.example_requests import ask
from tests.support.mail_server import MailServer, run_mail_server, wait_for_decision
from tests.support.person import Person, until
from tests.support.server import Server

MEDIUM = {"tool": "deploy", "args": {"to": "production", "version": 7}, "risk": "medium"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with run_mail_server(Server(tmp_path_factory.mktemp("mail") / "data")) as mailing:
        yield mailing


@pytest.fixture(scope="module")
def dana(place: MailServer) -> Person:
    """Somebody who is asked in the web chat while they are there, and else by mail."""
    return place.person("chat", "email")


class TestQuestion:
    def test_goes_to_whoever_is_not_there_and_the_reply_lets_the_agent_go_on(self, place: MailServer, dana: Person) -> None:
        started = dana.say("search the price of tea")
        request = dana.pending(started["session_id"])
        mail = place.asked(request)
        assert "web_search" in text_of(mail) and "the price of tea" in text_of(mail)
        with dana.socket(started["session_id"]) as tab:
            place.google.reply(DANA, mail, "APPROVE")
            resolved = tab.until("feedback_resolved")[-1]["request"]
        assert (resolved["response"]["action"], resolved["response"]["via"]) == ("approve", "email")
        assert dana.run_when(started["run_id"])["status"] == "completed"
        assert [(copy["channel"], copy["status"]) for copy in resolved["deliveries"]][-1][0] == "email"

    def test_is_quoted_back_and_shown_beside_its_answer(self, place: MailServer, dana: Person) -> None:
        request = ask(dana, "confirmation", action=MEDIUM)
        reply = place.google.reply(DANA, place.asked(request), "REJECT not on a Friday")
        assert wait_for_decision(dana, request)["response"]["feedback"] == "not on a Friday"
        assert "not on a Friday" in place.told(reply)
        (kept,) = until(lambda: dana.get(f"/api/feedback/{request['id']}/mails")["items"], bool)
        assert (kept["outcome"], kept["verified"], kept["sender"]) == ("answer", True, DANA)
        assert "REJECT not on a Friday" in kept["whole"] and kept["sent_at"]

    @pytest.mark.parametrize(
        ("type", "text", "action", "values", "feedback"),
        [
            ("confirmation", "Approve.", "approve", None, None),
            ("confirmation", "APPROVE\nversion: 8", "edit", {"to": "production", "version": 8}, None),
            ("choice", "2", "submit", {"choice": "b"}, None),
            ("choice", "Apple", "submit", {"choice": "a"}, None),
            ("text", "Because it is\nfaster.", "submit", None, "Because it is\nfaster."),
            ("form", "n: 3\nwhy: it is enough", "submit", {"n": 3, "why": "it is enough"}, None),
            ("checkpoint", "CONTINUE", "continue", None, None),
            ("checkpoint", "REVISE shorter, please", "revise", None, "shorter, please"),
            ("checkpoint", "skip", "skip", None, None),
        ],
    )
    def test_of_every_type_is_answered_by_mail_alone(
        self,
        place: MailServer,
        dana: Person,
        type: str,
        text: str,
        action: str,
        values: dict[str, Any] | None,
        feedback: str | None,
    ) -> None:
        request = ask(dana, type, **({"action": MEDIUM} if type == "confirmation" else {}))
        place.google.reply(DANA, place.asked(request), text)
        response = wait_for_decision(dana, request)["response"]
        assert (response["action"], response.get("values"), response.get("feedback")) == (action, values, feedback)

    def test_of_high_risk_links_to_the_app_and_takes_no_approval(self, place: MailServer, dana: Person) -> None:
        request = ask(dana, "confirmation")
        mail = place.asked(request)
        assert "APPROVE" not in text_of(mail) and f"/r/{request['id']}" in html_of(mail)
        reply = place.google.reply(DANA, mail, "APPROVE")
        assert f"/r/{request['id']}" in place.told(reply)
        assert dana.get(f"/api/feedback/{request['id']}")["status"] == "pending"
        place.google.reply(DANA, mail, "REJECT")
        assert wait_for_decision(dana, request)["response"]["action"] == "reject"

    def test_that_was_decided_elsewhere_is_told_to_whoever_answers_late(self, place: MailServer, dana: Person) -> None:
        request = ask(dana, "confirmation", action=MEDIUM)
        mail = place.asked(request)
        assert dana.answer(request["id"], "reject").status_code == 200
        late = place.google.reply(DANA, mail, "APPROVE")
        assert "Already rejected by Dana" in place.told(late)
        assert dana.get(f"/api/feedback/{request['id']}")["response"]["action"] == "reject"

    def test_that_is_not_answered_plainly_is_asked_back(self, place: MailServer, dana: Person) -> None:
        request = ask(dana, "choice")
        unclear = place.google.reply(DANA, place.asked(request), "I would rather have the banana, I think")
        assert "Nothing was changed" in place.told(unclear) or "YES" in place.told(unclear)
        assert dana.get(f"/api/feedback/{request['id']}")["status"] == "pending"
        dana.answer(request["id"], "decline")


class TestThread:
    def test_holds_all_that_a_session_asks(self, place: MailServer, dana: Person) -> None:
        first = ask(dana, "text", title="Which city?")
        one = place.asked(first)
        place.google.reply(DANA, one, "Porto")
        wait_for_decision(dana, first)
        second = ask(dana, "text", title="Which street?", session_id=first["session_id"])
        two = place.asked(second)
        assert str(two["Subject"]).removeprefix("Re: ") == str(one["Subject"]).removeprefix("Re: ")
        assert str(one["Message-ID"]) in str(two["References"])

    def test_from_a_person_is_a_conversation(self, place: MailServer, dana: Person) -> None:
        sums = place.google.send(DANA, AGENT, "Sums", "calc 6 * 7")
        answer = place.google.mail(DANA, lambda mail: str(sums["Message-ID"]) in str(mail["References"]))
        assert "42" in text_of(answer) and "calc 6 * 7" not in text_of(answer).partition("\n\n")[0]
        more = place.google.reply(DANA, answer, "calc 2 + 3")
        again = place.google.mail(DANA, lambda mail: str(more["Message-ID"]) in str(mail["References"]))
        assert "5" in text_of(again)
        (session,) = [each for each in dana.get("/api/sessions")["items"] if each["title"] == "Sums"]
        messages = dana.get(f"/api/sessions/{session['id']}/messages")["items"]
        assert {each["content"] for each in messages if each["type"] == "user"} == {"calc 6 * 7", "calc 2 + 3"}
        assert {each["via"] for each in messages if each["type"] == "user"} == {"email"}

    def test_takes_what_is_said_in_it_for_the_answer_to_its_only_question(self, place: MailServer, dana: Person) -> None:
        begun = place.google.send(DANA, AGENT, "A name", "ask What shall we call it?")
        asked = place.google.mail(DANA, lambda mail: str(begun["Message-ID"]) in str(mail["References"]))
        place.google.reply(DANA, asked, "Ada")
        said = place.google.mail(DANA, lambda mail: "Ada" in text_of(mail).partition("wrote:")[0])
        assert "Ada" in text_of(said)


class TestStranger:
    def test_is_not_heard_and_not_answered(self, place: MailServer, dana: Person) -> None:
        request = ask(dana, "confirmation", action=MEDIUM)
        mail = place.asked(request)
        before = len(place.google.mails(EVE))
        place.google.reply(EVE, mail, "APPROVE")
        kept = until(lambda: dana.get(f"/api/feedback/{request['id']}/mails")["items"], bool)
        assert [(each["outcome"], each["sender"]) for each in kept] == [("unverified", EVE)]
        assert dana.get(f"/api/feedback/{request['id']}")["status"] == "pending"
        place.google.reply(DANA, mail, "REJECT")
        wait_for_decision(dana, request)
        assert len(place.google.mails(EVE)) == before
