"""OAuth 2 at a provider: a person proves which account is theirs, an administrator grants the app access."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from channels.contract import ChannelName


@dataclass(frozen=True, slots=True)
class Installation:
    """The app's access to `account` (a workspace, a mailbox); `secret` is the token for it."""

    account: str
    label: str
    secret: str = field(repr=False)
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OAuthGrant:
    """What the person granted: the identity of their account and, from an administrator, an installation."""

    account: str
    label: str
    installation: Installation | None = None


class OAuthProvider(Protocol):
    """An OAuth 2 provider, called `name` in URLs, for accounts on `channel`. The provider returns `state` unchanged with the
    code. `challenge` and `verifier` are those of PKCE (S256, RFC 7636); only the person's browser and the server know the
    verifier."""

    name: str
    channel: ChannelName

    def sign_in_url(self, state: str, challenge: str) -> str:
        """Return the URL where a person proves which account is theirs."""
        ...

    def install_url(self, state: str, challenge: str) -> str:
        """Return the URL where an administrator grants the app access."""
        ...

    async def redeem(self, code: str, verifier: str) -> OAuthGrant:
        """Exchange the code for what was granted. Raises one of `channels.errors`."""
        ...
