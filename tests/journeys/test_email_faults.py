"""Google refuses, stumbles, forgets and repeats itself: nothing asked is lost, nothing is sent or taken twice."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.emulated_google import AGENT, DANA, PUSHER, TOPIC, connect_mailbox, email_of, text_of
from tests.support.example_requests import ask
from tests.support.faulty_proxy import Fault
from tests.support.google_faults import refused
from tests.support.mail_server import MailServer, is_about, run_mail_server, wait_for_decision
from tests.support.person import Person, client, until
from tests.support.server import Server

MEDIUM = {"tool": "deploy", "args": {"to": "production", "version": 7}, "risk": "medium"}
BROKEN = Fault(503, "<html>try again</html>", "text/html")
PASSING = {
    "403 rateLimitExceeded": ("send", refused(403, "rateLimitExceeded")),
    "429": ("send", refused(429, "rateLimitExceeded", Retry_After="1")),
    "500": ("send", refused(500, "backendError")),
    "an answer that got lost": ("send", Fault(502, "<html>bad gateway</html>", "text/html", after=True)),
    "garbage after sending": ("send", Fault(200, '{"id":', after=True)),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with run_mail_server(Server(tmp_path_factory.mktemp("mail") / "data")) as mailing:
        yield mailing


@pytest.fixture(scope="module")
def dana(place: MailServer) -> Person:
    return place.person()


@pytest.fixture(autouse=True)
def nothing_fails_for_ever(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "place" in request.fixturenames:
        request.getfixturevalue("place").faults.clear()


def about(place: MailServer, request: dict[str, Any]) -> int:
    """How many mails came about it."""
    return sum(is_about(mail, request) for mail in place.google.mails(DANA))


def by_mail(request: dict[str, Any]) -> dict[str, Any]:
    """Its copy that goes by mail."""
    copy: dict[str, Any] = next(each for each in request["deliveries"] if each["channel"] == "email")
    return copy


class TestSending:
    @pytest.mark.parametrize("fault", PASSING)
    def test_that_fails_for_now_comes_about_once(self, place: MailServer, dana: Person, fault: str) -> None:
        name, how = PASSING[fault]
        place.faults.script(name, how)
        request = ask(dana, "confirmation", action=MEDIUM)
        mail = place.asked(request)
        sent = until(lambda: dana.get(f"/api/feedback/{request['id']}")["deliveries"], lambda it: it[-1]["status"] == "sent")
        assert [(copy["channel"], copy["attempts"]) for copy in sent] == [("email", 2)]
        assert about(place, request) == 1
        assert "Approved" in place.told(place.google.reply(DANA, mail, "APPROVE"))
        assert wait_for_decision(dana, request)["response"]["action"] == "approve"

    def test_goes_on_when_the_access_has_lapsed(self, place: MailServer, dana: Person) -> None:
        place.google.expire()
        request = ask(dana, "confirmation", action=MEDIUM)
        assert "Rejected" in place.told(place.google.reply(DANA, place.asked(request), "REJECT"))
        assert wait_for_decision(dana, request)["response"]["action"] == "reject"

    def test_with_less_than_was_granted_asks_for_the_mailbox_again(self, place: MailServer, dana: Person) -> None:
        place.faults.script("send", refused(403, "insufficientPermissions"))
        request = ask(dana, "confirmation", action=MEDIUM)
        failed = until(lambda: dana.get(f"/api/feedback/{request['id']}"), lambda it: it["dead_letter"])
        assert by_mail(failed)["status"] == "failed" and "mailbox" in by_mail(failed)["error"]
        until(lambda: email_of(place.admin)["mailboxes"][0]["status"], lambda status: status == "disconnected")
        connect_mailbox(place.admin, place.google)
        assert dana.http.post(f"/api/feedback/{request['id']}/retry").status_code == 200
        assert "Rejected" in place.told(place.google.reply(DANA, place.asked(request), "REJECT"))


class TestConsent:
    def test_that_is_withdrawn_moves_the_question_on_and_shows_until_it_is_given_again(
        self, place: MailServer, dana: Person
    ) -> None:
        place.google.revoke()
        request = ask(dana, "confirmation", action=MEDIUM)
        failed = until(lambda: dana.get(f"/api/feedback/{request['id']}"), lambda it: it["dead_letter"])
        assert (by_mail(failed)["status"], about(place, request)) == ("failed", 0)
        (mailbox,) = until(lambda: email_of(place.admin)["mailboxes"], lambda it: it[0]["status"] == "disconnected")
        assert (mailbox["account"], bool(mailbox["error"])) == (AGENT, True)
        assert email_of(dana)["account"] == DANA
        connect_mailbox(place.admin, place.google)
        assert email_of(place.admin)["mailboxes"][0]["status"] == "connected"
        assert dana.http.post(f"/api/feedback/{request['id']}/retry").status_code == 200
        assert "Approved" in place.told(place.google.reply(DANA, place.asked(request), "APPROVE"))


class TestTakingIn:
    def test_after_the_history_was_forgotten_takes_all_of_it_once(self, place: MailServer, dana: Person) -> None:
        place.google.send(DANA, AGENT, "Before", "calc 1 + 1")
        until(lambda: [each["title"] for each in dana.get("/api/sessions")["items"]], lambda titles: "Before" in titles)
        request = ask(dana, "confirmation", action=MEDIUM)
        mail = place.asked(request)
        place.faults.script("history", refused(404, "notFound"))
        assert "Approved" in place.told(place.google.reply(DANA, mail, "APPROVE"))
        until(lambda: [name for name, _ in place.faults.calls if name == "list"], bool)
        assert [each["title"] for each in dana.get("/api/sessions")["items"]].count("Before") == 1
        assert sum("APPROVE" in each["whole"] for each in dana.get(f"/api/feedback/{request['id']}/mails")["items"]) == 1

    @pytest.mark.parametrize("name", ["get", "history", "token"])
    def test_that_fails_for_now_takes_the_mail_once(self, place: MailServer, dana: Person, name: str) -> None:
        request = ask(dana, "confirmation", action=MEDIUM)
        mail = place.asked(request)
        if name == "token":
            place.google.expire()
        place.faults.script(name, BROKEN, refused(429, "rateLimitExceeded"))
        reply = place.google.reply(DANA, mail, "APPROVE")
        wait_for_decision(dana, request)
        assert "Approved" in place.told(reply)
        assert len(dana.get(f"/api/feedback/{request['id']}/mails")["items"]) == 1


@pytest.fixture(scope="module")
def rung(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    """A server that looks by itself once an hour."""
    server = Server(tmp_path_factory.mktemp("push") / "data")
    push = {"GMAIL_PUBSUB_TOPIC": TOPIC, "GMAIL_PUSH_ACCOUNT": PUSHER, "GMAIL_POLL_SECONDS": 3600}
    with run_mail_server(server, **push) as mailing:
        yield mailing


class TestPush:
    """Where Google rings, a mailbox is looked into at once; a ring too many or too few does no harm."""

    def enqueue(self, place: MailServer, **how: Any) -> httpx.Response:
        hook = f"{place.server.url}/hooks/gmail"
        data = base64.b64encode(json.dumps({"emailAddress": AGENT, "historyId": 1}).encode()).decode()
        headers = {"Authorization": f"Bearer {place.google.push(hook, **how)}"}
        return client(place.server.url).post("/hooks/gmail", json={"message": {"data": data, "messageId": "1"}}, headers=headers)

    def test_has_the_mailbox_watched_and_takes_each_mail_once(self, rung: MailServer) -> None:
        until(lambda: [asked for name, asked in rung.faults.calls if name == "watch"], bool)
        person = rung.server.person("Dana")
        code = person.http.post("/api/channels/email/link", json={"address": DANA}).json()["code"]
        mail = rung.google.mail(DANA, lambda mail: "link" in text_of(mail))
        rung.google.reply(DANA, mail, f"link {code}")
        assert self.enqueue(rung).status_code == 204
        until(lambda: email_of(person)["account"], lambda account: account == DANA)
        request = ask(person, "confirmation", action=MEDIUM, route=[{"channel": "email", "wait_seconds": 3600}])
        lost = rung.google.reply(DANA, rung.asked(request), "REJECT too soon")
        assert [self.enqueue(rung).status_code for _ in range(3)] == [204] * 3
        assert wait_for_decision(person, request)["response"]["feedback"] == "too soon"
        assert "too soon" in rung.told(lost)
        assert self.enqueue(rung).status_code == 204
        assert len(person.get(f"/api/feedback/{request['id']}/mails")["items"]) == 1

    def test_that_google_did_not_sign_is_refused(self, rung: MailServer) -> None:
        assert self.enqueue(rung, key="foreign").status_code == 401
