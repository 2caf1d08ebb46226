"""Mailboxes at the emulated Google, connected as an administrator would connect them."""

import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256

from channels.email.gmail.client import GmailClient
from channels.email.gmail.oauth import GoogleOAuth
from channels.oauth import OAuthGrant
from tests.support.emulated_google import AGENT, CLIENT_ID, CLIENT_SECRET, Google

BACK = "http://127.0.0.1:1"


def provider(google: Google, url: str = "") -> GoogleOAuth:
    """`url`: where the exchange of tokens goes, if not to the peer itself."""
    at = {"auth_url": f"{google.url}/o/oauth2/v2/auth", "token_url": f"{url or google.url}/oauth2/token"}
    return GoogleOAuth(CLIENT_ID, CLIENT_SECRET, redirect_uri=f"{BACK}/api/auth/google/callback", **at)


def challenge_of(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


async def installed(google: Google, email: str = AGENT) -> OAuthGrant:
    """An administrator agrees at Google, with that account."""
    verifier = secrets.token_urlsafe(32)
    at = provider(google)
    query = google.agree(at.install_url("s", challenge_of(verifier)), email)
    return await at.redeem(query["code"], verifier)


class Kept:
    """See `channels.email.gmail.client.Mailboxes`: refresh tokens by mailbox, and why any was lost."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.lost: list[tuple[str, str]] = []

    async def connect(self, google: Google, email: str = AGENT) -> None:
        granted = await installed(google, email)
        assert granted.installation is not None
        self.tokens[email] = granted.installation.secret

    async def refresh_token(self, mailbox: str) -> str | None:
        return self.tokens.get(mailbox)

    async def first_mailbox(self) -> str | None:
        return next(iter(self.tokens), None)

    async def mark_disconnected(self, mailbox: str, reason: str) -> None:
        self.lost.append((mailbox, reason))
        self.tokens.pop(mailbox, None)


def client_of(mailboxes: Kept, url: str, timeout_s: float = 20) -> GmailClient:
    """A client whose calls all go to `url`."""
    app = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "token_url": f"{url}/oauth2/token", "api_url": url}
    return GmailClient(mailboxes, timeout_s=timeout_s, **app)
