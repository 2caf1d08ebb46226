"""The attacks by mail and at Google's sign-in, countable: each row is one attack and what must come of it; none decides."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.backend.api.attacks.mail import ROWS, Attack
from tests.support.emulated_google import AGENT, CLIENT_SECRET, DANA, EVE, MALLORY, PUSHER, TOPIC, UNVERIFIED, email_of, text_of
from tests.support.emulated_slack import SignIn
from tests.support.example_requests import ask
from tests.support.mail_server import MailServer, run_mail_server, wait_for_decision
from tests.support.person import Person, client, until
from tests.support.problem_checks import refused
from tests.support.server import Server

DEPLOY = {"tool": "deploy", "args": {"to": "production", "version": 7}, "risk": "medium"}
SIGN_IN, INSTALL = "/api/auth/google/start", "/api/channels/email/install"
CALLBACK = "/api/auth/google/callback"


@dataclass(frozen=True)
class Attacked:
    """A server; Dana, who is asked by mail; one request for each attack, by its name; what came to people before them."""

    mail: MailServer
    dana: Person
    requests: dict[str, dict[str, Any]]
    sessions: int


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """All attacks were tried, and the mailbox was looked through until an honest mail after them."""
    server = Server(tmp_path_factory.mktemp("mail") / "data")
    with run_mail_server(server, GMAIL_PUBSUB_TOPIC=TOPIC, GMAIL_PUSH_ACCOUNT=PUSHER) as mail:
        dana = mail.person()
        requests = {}
        for name, attack, _ in (each.values for each in ROWS):
            requests[name] = ask(dana, "confirmation", action=DEPLOY, title=f"Deploy {name}?")
            attack(mail.google, mail.asked(requests[name]))
        honest = ask(dana, "confirmation", action=DEPLOY)
        sessions = len(requests) + 1
        mail.told(mail.google.reply(DANA, mail.asked(honest), "REJECT"))
        assert wait_for_decision(dana, honest)["response"]["action"] == "reject"
        yield Attacked(mail, dana, requests, sessions)


class TestMail:
    @pytest.mark.parametrize(("name", "attack", "outcomes"), ROWS)
    def test_decides_nothing_and_is_kept_as_what_it_is(
        self, attacked: Attacked, name: str, attack: Attack, outcomes: tuple[str, ...]
    ) -> None:
        request = attacked.requests[name]
        assert attacked.dana.get(f"/api/feedback/{request['id']}")["status"] == "pending"
        kept = attacked.dana.get(f"/api/feedback/{request['id']}/mails")["items"]
        assert [each["outcome"] for each in kept if each["outcome"] in outcomes], (attack, kept)
        assert len(kept) == 1

    def test_is_answered_to_nobody_else_and_opens_no_session(self, attacked: Attacked) -> None:
        assert attacked.mail.google.mails(MALLORY) == []
        assert attacked.mail.google.mails(EVE) == []
        assert len(attacked.dana.get("/api/sessions")["items"]) == attacked.sessions

    def test_that_is_unclear_again_and_again_is_told_so_once(self, attacked: Attacked) -> None:
        """A59"""
        google = attacked.mail.google
        request = ask(attacked.dana, "confirmation", action=DEPLOY)
        asked = attacked.mail.asked(request)
        replies = [google.reply(DANA, asked, f"Perhaps {n}?") for n in range(5)]
        until(lambda: attacked.dana.get(f"/api/feedback/{request['id']}/mails")["items"], lambda kept: len(kept) == 5)
        attacked.mail.told(replies[0])
        last = google.reply(DANA, asked, "REJECT")
        attacked.mail.told(last)
        ids = {str(each["Message-ID"]) for each in replies}
        told = [mail for mail in google.mails(DANA) if ids & set(str(mail["References"]).split())]
        assert len([mail for mail in told if str(last["Message-ID"]) not in str(mail["References"])]) == 1

    def test_has_headers_of_nobody_s_but_ours(self, attacked: Attacked) -> None:
        """A56"""
        title = f"Deploy?\r\nBcc: {MALLORY}\r\nReply-To: {MALLORY}\r\n\r\nhello"
        mail = attacked.mail.asked(ask(attacked.dana, "confirmation", action=DEPLOY, title=title))
        assert (mail["Bcc"], AGENT in str(mail["From"]), MALLORY in str(mail["Reply-To"])) == (None, True, False)
        assert attacked.mail.google.mails(MALLORY) == []

    def test_to_a_victim_is_sent_once_a_minute_and_without_the_code(self, attacked: Attacked) -> None:
        """A87"""
        eve = attacked.mail.server.person("Eve")
        replies = [eve.http.post("/api/channels/email/link", json={"address": MALLORY}) for _ in range(5)]
        assert [reply.status_code for reply in replies] == [200, 429, 429, 429, 429]
        mail = attacked.mail.google.mail(MALLORY)
        assert replies[0].json()["code"] not in text_of(mail)
        assert len(attacked.mail.google.mails(MALLORY)) == 1

    def test_leaves_no_secret_in_the_log(self, attacked: Attacked) -> None:
        """A68"""
        log = attacked.mail.server.log.read_text()
        assert log
        assert CLIENT_SECRET not in log and "google_refresh_" not in log and "Bearer" not in log


class TestPush:
    """A60"""

    @pytest.mark.parametrize(
        ("how", "status"),
        [
            ({"key": "foreign"}, 401),
            ({"by": "push@evil.iam.gserviceaccount.com"}, 401),
            ({"aud": "https://evil.example/hooks/gmail"}, 401),
            ({"email_verified": False}, 401),
            ({"exp": 1_000_000_000}, 401),
            ({}, 400),  # ours, but it announces nothing
        ],
        ids=str,
    )
    def test_that_is_forged_is_refused(self, attacked: Attacked, how: dict[str, Any], status: int) -> None:
        url = attacked.mail.server.url
        token = attacked.mail.google.push(f"{url}/hooks/gmail", **how)
        reply = client(url).post("/hooks/gmail", content=b"{}", headers={"Authorization": f"Bearer {token}"})
        refused(reply, status)

    def test_without_a_token_is_refused(self, attacked: Attacked) -> None:
        refused(client(attacked.mail.server.url).post("/hooks/gmail", content=b"{}"), 401)


class TestSignIn:
    @pytest.fixture
    def eve(self, attacked: Attacked) -> Person:
        return attacked.mail.server.person("Eve")

    def back(self, attacked: Attacked, begun: SignIn, email: str = EVE, **changed: str) -> httpx.Response:
        return begun.back(**attacked.mail.google.agree(begun.url, email, **changed))

    def test_sends_people_back_to_us_alone_with_a_state_and_a_challenge(self, attacked: Attacked, eve: Person) -> None:
        """A61, A63"""
        begun = SignIn(eve, SIGN_IN)
        assert begun.query["redirect_uri"] == f"{attacked.mail.server.url}{CALLBACK}"
        assert begun.query["code_challenge_method"] == "S256" and len(begun.query["code_challenge"]) == 43
        assert len(begun.state) >= 32

    def test_is_good_once(self, attacked: Attacked, eve: Person) -> None:
        """A61"""
        begun = SignIn(eve, SIGN_IN)
        query = attacked.mail.google.agree(begun.url, EVE)
        assert begun.back(**query).headers["location"].endswith("?email=linked")
        refused(begun.back(**query), 400)
        eve.http.delete("/api/channels/email")

    def test_is_nobody_else_s(self, attacked: Attacked, eve: Person) -> None:
        """A61: neither with the state of another's sign-in, nor without the browser that began."""
        begun, other = SignIn(eve, SIGN_IN), SignIn(attacked.dana, SIGN_IN)
        code = attacked.mail.google.agree(begun.url, EVE)["code"]
        refused(begun.back(code=code, state=other.state), 400)
        refused(begun.back(code=code), 400)
        stolen = client(eve.url).get(CALLBACK, params={"code": code, "state": begun.state})
        refused(stolen, 400)
        assert not email_of(eve)["linked"]

    def test_cannot_use_a_code_that_was_given_to_another_browser(self, attacked: Attacked, eve: Person) -> None:
        """PKCE: a code that was caught on its way is of no use with another verifier."""
        begun, other = SignIn(eve, SIGN_IN), SignIn(eve, SIGN_IN)
        code = attacked.mail.google.agree(begun.url, EVE)["code"]
        refused(other.back(code=code, state=other.state), 400)
        assert not email_of(eve)["linked"]

    def test_comes_back_where_it_began(self, attacked: Attacked, eve: Person) -> None:
        """A64"""
        begun = SignIn(eve, SIGN_IN)
        query = attacked.mail.google.agree(begun.url, EVE)
        elsewhere = client(eve.url).get("/api/auth/slack/callback", params=query)
        assert elsewhere.status_code in (400, 404)

    def test_proves_no_address_that_google_did_not_verify(self, attacked: Attacked, eve: Person) -> None:
        refused(self.back(attacked, SignIn(eve, SIGN_IN), UNVERIFIED), 400)
        assert not email_of(eve)["linked"]

    def test_to_install_needs_all_that_was_asked_for(self, attacked: Attacked) -> None:
        """A67"""
        begun = SignIn(attacked.mail.admin, INSTALL)
        less = begun.query["scope"].replace("https://www.googleapis.com/auth/gmail.send", "").strip()
        reply = self.back(attacked, begun, AGENT, scope=less)
        refused(reply, 400)
        assert "send" in reply.json()["detail"].lower()

    def test_to_install_is_for_administrators(self, attacked: Attacked, eve: Person) -> None:
        refused(eve.http.post(INSTALL), 403)
