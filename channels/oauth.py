"""Proving an account, or letting us in, at the provider itself: OAuth 2 as a channel offers it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from channels.contract import ChannelName


@dataclass(frozen=True, slots=True)
class Installation:
    """We may speak in `account` (a workspace, a mailbox) with `secret`."""

    account: str
    label: str
    secret: str = field(repr=False)
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OAuthGrant:
    """What somebody agreed to: their own account, and perhaps an installation."""

    account: str
    label: str
    installation: Installation | None = None


class OAuthProvider(Protocol):
    """The provider's side of the exchange, as `name` in addresses, for accounts on `channel`. `state` comes back unchanged
    with the code. `challenge` and `verifier` are PKCE's (S256, RFC 7636); the verifier never leaves the person's browser
    and us."""

    name: str
    channel: ChannelName

    def sign_in_url(self, state: str, challenge: str) -> str:
        """Where a person proves which account is theirs."""
        ...

    def install_url(self, state: str, challenge: str) -> str:
        """Where an administrator lets us in."""
        ...

    async def redeem(self, code: str, verifier: str) -> OAuthGrant:
        """What was agreed to. Raises one of `channels.errors`."""
        ...
