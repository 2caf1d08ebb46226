"""A push counts only if Google signed it for us."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from channels.email.gmail.push import KEYS_MAX_AGE_S, KEYS_MIN_AGE_S, PushWebhook
from channels.email.gmail.signing_keys import fetch_keys
from channels.errors import Retryable
from channels.webhooks import WebhookRejected
from tests.support.emulated_google import AGENT, PUSHER, Google, run_google

HERE = "https://assent.example/hooks/gmail"


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with run_google() as running:
        yield running


class Bell:
    """A push with a clock of its own, and what it did."""

    def __init__(self, google: Google) -> None:
        self.rung: list[str] = []
        self.fetched, self.now = 0, 0.0
        self._keys = httpx.get(f"{google.url}/oauth2/v1/certs", trust_env=False).json()
        self.push = PushWebhook(self._fetch, self._ring, audience=HERE, account=PUSHER, now=lambda: self.now)

    async def _fetch(self) -> dict[str, str]:
        self.fetched += 1
        return dict(self._keys)

    async def _ring(self, mailbox: str) -> None:
        self.rung.append(mailbox)

    async def comes(self, token: str, body: bytes | None = None) -> int:
        reply = await self.push.handle({"authorization": f"Bearer {token}"}, body if body is not None else announcement())
        return reply.status

    async def refuses(self, token: str, body: bytes | None = None) -> bool:
        """Whether it was refused, and if so: whether it was believed."""
        with pytest.raises(WebhookRejected) as refused:
            await self.comes(token, body)
        assert self.rung == []
        return refused.value.authentic


def announcement(data: Any = None) -> bytes:
    said = base64.b64encode(json.dumps(data or {"emailAddress": AGENT.upper(), "historyId": 7}).encode()).decode()
    return json.dumps({"message": {"data": said, "messageId": "1"}, "subscription": "s"}).encode()


@pytest.fixture
def bell(google: Google) -> Bell:
    return Bell(google)


class TestPush:
    async def test_rings_for_the_mailbox_however_often_it_comes(self, google: Google, bell: Bell) -> None:
        token = google.push(HERE)
        assert [await bell.comes(token), await bell.comes(token)] == [204, 204]
        assert bell.rung == [AGENT, AGENT]

    @pytest.mark.parametrize(
        "claims",
        [
            {"aud": "https://elsewhere.example/hooks/gmail"},
            {"aud": None},
            {"email": "somebody@else.iam.gserviceaccount.com"},
            {"email": None},
            {"email_verified": False},
            {"email_verified": "true"},
            {"iss": "https://evil.example"},
            {"exp": 1_000_000_000},
            {"iat": 9_000_000_000},
            {"exp": "soon"},
        ],
        ids=str,
    )
    async def test_is_refused_with_a_token_for_something_else(self, google: Google, bell: Bell, claims: dict[str, Any]) -> None:
        assert not await bell.refuses(google.push(HERE, **claims))

    async def test_is_refused_with_a_token_that_google_did_not_sign(self, google: Google, bell: Bell) -> None:
        assert not await bell.refuses(google.push(HERE, key="foreign"))

    @pytest.mark.parametrize(
        "header", [{"alg": "none"}, {"alg": "HS256", "kid": "ours"}, {"alg": "RS256", "kid": ["ours"]}, []], ids=str
    )
    async def test_is_refused_with_a_token_whose_header_was_changed(self, google: Google, bell: Bell, header: Any) -> None:
        changed = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        _, claims, signature = google.push(HERE).split(".")
        assert not await bell.refuses(f"{changed}.{claims}.{signature}")
        assert not await bell.refuses(f"{changed}.{claims}.")

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", "..", "." * 5000])
    async def test_is_refused_without_a_token(self, bell: Bell, token: str) -> None:
        assert not await bell.refuses(token)

    @pytest.mark.parametrize(
        "body",
        [b"", b"[]", b"{}", b'{"message": {"data": "%%%"}}', b"[" * 100_000, announcement([1]), announcement({"a": 1}), b"\xff"],
    )
    async def test_is_refused_where_it_announces_nothing(self, google: Google, bell: Bell, body: bytes) -> None:
        assert await bell.refuses(google.push(HERE), body)


class TestKeys:
    async def test_are_fetched_once_while_they_are_fresh(self, google: Google, bell: Bell) -> None:
        token = google.push(HERE)
        await bell.comes(token)
        bell.now = KEYS_MAX_AGE_S
        await bell.comes(token)
        assert bell.fetched == 1
        bell.now += 1
        await bell.comes(token)
        assert bell.fetched == 2

    async def test_are_fetched_again_for_an_unknown_name_but_not_for_each(self, google: Google, bell: Bell) -> None:
        await bell.comes(google.push(HERE))
        _, claims, signature = google.push(HERE).split(".")
        other = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"new"}').rstrip(b"=").decode()
        bell.rung.clear()
        for _ in range(20):
            await bell.refuses(f"{other}.{claims}.{signature}")
        assert bell.fetched == 1
        bell.now = KEYS_MIN_AGE_S + 1
        await bell.refuses(f"{other}.{claims}.{signature}")
        assert bell.fetched == 2

    def test_are_of_no_use_without_an_account_to_compare_with(self, bell: Bell) -> None:
        with pytest.raises(ValueError, match="audience"):
            PushWebhook(bell._fetch, bell._ring, audience=HERE, account="", now=lambda: 0.0)


class TestFetching:
    async def test_brings_the_keys_that_google_publishes(self, google: Google) -> None:
        assert "BEGIN PUBLIC KEY" in (await fetch_keys(f"{google.url}/oauth2/v1/certs"))["ours"]

    @pytest.mark.parametrize("path", ["/nothing-there", "/oauth2/v3/certs", "/o/oauth2/v2/auth?client_id=none"])
    async def test_of_anything_else_is_tried_again_later(self, google: Google, path: str) -> None:
        with pytest.raises(Retryable):
            await fetch_keys(google.url + path)
