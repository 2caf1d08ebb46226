"""The Google that tests meet: what its courier does to a mail, and what it lets nobody do."""

import base64
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest

from tests.support.emulated_google import AGENT, CLIENT_ID, CLIENT_SECRET, DANA, Google, compose, run_google, text_of

BACK = "http://127.0.0.1:1"
SEND, READ = (f"https://www.googleapis.com/auth/gmail.{name}" for name in ("send", "readonly"))


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with run_google(BACK) as running:
        yield running


def tokens(google: Google, scope: str) -> dict[str, str]:
    asked = {"client_id": CLIENT_ID, "redirect_uri": f"{BACK}/api/auth/google/callback", "scope": scope, "state": "s"}
    query = google.agree(f"{google.url}/o/oauth2/v2/auth?{urlencode(asked)}", AGENT)
    form = {"grant_type": "authorization_code", "code": query["code"], "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    reply = httpx.post(f"{google.url}/oauth2/token", data={**form, "redirect_uri": asked["redirect_uri"]}, trust_env=False)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def refresh(google: Google, token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return httpx.post(f"{google.url}/oauth2/token", data=form, trust_env=False)


def call(google: Google, token: str, method: str, path: str) -> int:
    headers, raw = {"Authorization": f"Bearer {token}"}, compose(AGENT, DANA, "Hello", "there").as_bytes()
    body = {"raw": base64.urlsafe_b64encode(raw).decode()} if method == "POST" else None
    url = f"{google.url}/gmail/v1/users/me/{path}"
    return httpx.request(method, url, headers=headers, json=body, trust_env=False).status_code


class TestCourier:
    def test_brings_a_mail_with_the_headers_of_its_receiver(self, google: Google) -> None:
        sent = google.send(AGENT, DANA, "Lunch?", "At noon.")
        mail = google.mail(DANA, lambda mail: mail["Subject"] == "Lunch?")
        assert mail["Message-ID"] == sent["Message-ID"]
        assert "dmarc=pass" in mail["Authentication-Results"]
        assert "header.from=mail.example.com" in mail["Authentication-Results"]

    def test_keeps_a_reply_in_its_thread(self, google: Google) -> None:
        google.send(AGENT, DANA, "Dinner?", "At six.")
        first = google.mail(DANA, lambda mail: mail["Subject"] == "Dinner?")
        google.reply(DANA, first, "Gladly.")
        reply = google.mail(AGENT, lambda mail: mail["Subject"] == "Re: Dinner?")
        assert reply["In-Reply-To"] == first["Message-ID"]
        assert text_of(reply).startswith("Gladly.") and "> At six." in text_of(reply)

    def test_says_when_the_sender_is_not_who_they_claim_to_be(self, google: Google) -> None:
        forged = compose(DANA, AGENT, "Forged", "Really.")
        google.post("mallory@evil.example", forged)
        assert "dmarc=fail" in google.mail(AGENT, lambda mail: mail["Subject"] == "Forged")["Authentication-Results"]

    def test_returns_what_cannot_be_delivered(self, google: Google) -> None:
        sent = google.send(AGENT, "gone@example.org", "Anybody?", "there")
        report = google.mail(AGENT, lambda mail: mail["In-Reply-To"] == sent["Message-ID"])
        assert report.get_content_type() == "multipart/report"


class TestConsent:
    def test_allows_what_was_asked_for_and_nothing_else(self, google: Google) -> None:
        token = tokens(google, READ)["access_token"]
        assert call(google, token, "GET", "profile") == 200
        assert call(google, token, "POST", "messages/send") == 403
        assert call(google, "nobody gave this out", "GET", "profile") == 401

    def test_outlasts_a_token_and_ends_when_it_is_withdrawn(self, google: Google) -> None:
        given = tokens(google, f"{READ} {SEND}")
        google.expire()
        assert call(google, given["access_token"], "POST", "messages/send") == 401
        again = refresh(google, given["refresh_token"]).json()
        assert call(google, again["access_token"], "POST", "messages/send") == 200
        google.revoke()
        assert refresh(google, given["refresh_token"]).json()["error"] == "invalid_grant"
