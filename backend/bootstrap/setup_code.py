"""Whether other machines can reach this installation, and the set-up code that the first account then needs."""

import base64
from ipaddress import ip_address
from urllib.parse import urlsplit

from backend.auth.keys import derive_key, load_secrets
from backend.settings.schema import Settings

TLS_ADVICE = "put a TLS proxy in front of it and set ASSENT_PUBLIC_URL to the proxy's https address"


def is_reachable_from_network(settings: Settings) -> bool:
    """Whether other machines can reach it, at the address it listens on or through a proxy."""
    return not (_is_loopback(settings.host) and _is_loopback(urlsplit(settings.url).hostname or ""))


def is_unencrypted(settings: Settings) -> bool:
    """Whether passwords are sent to it unencrypted."""
    return is_reachable_from_network(settings) and not settings.url.startswith("https:")


def setup_code(settings: Settings) -> str | None:
    """The code, printed in the terminal, that creates the first account; None when only this machine can reach the installation.
    It is the same in every process, and useless once an account exists."""
    if not is_reachable_from_network(settings):
        return None
    digest = bytes.fromhex(derive_key(load_secrets(settings)[0], "first account"))
    letters = base64.b32encode(digest).decode().lower()[:12]
    return "-".join((letters[:4], letters[4:8], letters[8:]))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
