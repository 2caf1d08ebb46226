"""Gmail's push notifications through Pub/Sub. They are authenticated by a token that Google signed for us, and only say that
a mailbox has new mail, which is then read from the mailbox itself."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from google.auth import exceptions, jwt

from channels.webhooks import WebhookRejected, WebhookResponse

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
KEYS_MAX_AGE_S, KEYS_MIN_AGE_S, SKEW_S = 3600.0, 60.0, 30
Certificates = Mapping[str, str]
FetchCertificates = Callable[[], Awaitable[Certificates]]
"""Returns Google's public keys as PEM, by key id. Raises channels.errors.Retryable."""
MailboxChanged = Callable[[str], Awaitable[None]]
"""Schedules reading the mailbox now. An unknown mailbox is ignored."""


class PushWebhook:
    """`audience` is our own URL, `account` the service account that pushes, `now` a clock in seconds."""

    def __init__(
        self, fetch: FetchCertificates, mailbox_changed: MailboxChanged, *, audience: str, account: str, now: Callable[[], float]
    ) -> None:
        if not audience or not account:
            raise ValueError("without an audience and an account, any token Google issues would be accepted")
        self._fetch, self._mailbox_changed, self._now = fetch, mailbox_changed, now
        self._audience, self._account = audience, account
        self._known: Certificates = {}
        self._known_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def handle(self, headers: Mapping[str, str], body: bytes) -> WebhookResponse:
        """Raises WebhookRejected, and channels.errors.Retryable while Google's keys are unavailable."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not await self._is_authentic(token.strip()):
            raise WebhookRejected("The push is not signed by Google for this address and service account.", authentic=False)
        await self._mailbox_changed(_mailbox_of(body))
        return WebhookResponse(204)

    async def _is_authentic(self, token: str) -> bool:
        try:
            name = jwt.decode_header(token).get("kid")
            keys = await self._keys(name)
            claims = jwt.decode(token, keys, True, self._audience, SKEW_S)
        except (exceptions.GoogleAuthError, ValueError, TypeError, KeyError):
            return False
        return claims.get("iss") in ISSUERS and claims.get("email") == self._account and claims.get("email_verified") is True

    async def _keys(self, name: Any) -> Certificates:
        """The cached keys, refreshed once they are old, or, at most once a minute, if `name` is not among them."""
        async with self._fetching:
            age = self._now() - self._known_at
            if age > KEYS_MAX_AGE_S or (name not in self._known and age > KEYS_MIN_AGE_S):
                self._known, self._known_at = await self._fetch(), self._now()
            return self._known


def _mailbox_of(body: bytes) -> str:
    try:
        data = json.loads(body)["message"]["data"]
        return str(json.loads(base64.b64decode(data))["emailAddress"]).lower()
    except (ValueError, KeyError, TypeError, RecursionError):
        raise WebhookRejected("The body is not a Gmail notification.", authentic=True) from None
