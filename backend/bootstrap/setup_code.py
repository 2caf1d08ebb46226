"""Who can reach this installation, and what that asks for: encryption, and a word from the terminal for the first account."""

import base64
from ipaddress import ip_address
from urllib.parse import urlsplit

from backend.auth.keys import derive_key, load_secrets
from backend.settings.schema import Settings

PUT_TLS_BEFORE = "put a proxy with TLS before it, and set ASSENT_PUBLIC_URL to its https address"


def is_exposed(settings: Settings) -> bool:
    """Whether other machines may reach it: by the address it listens on, or by one that a proxy gives it."""
    return not (_is_loopback(settings.host) and _is_loopback(urlsplit(settings.url).hostname or ""))


def is_unencrypted(settings: Settings) -> bool:
    """Whether passwords travel to it as they are."""
    return is_exposed(settings) and not settings.url.startswith("https:")


def setup_code(settings: Settings) -> str | None:
    """What whoever makes the first account must know from the terminal; None where only this machine reaches it. It is the
    same in every process, and of no use once there is an account."""
    if not is_exposed(settings):
        return None
    digest = bytes.fromhex(derive_key(load_secrets(settings)[0], "first account"))
    letters = base64.b32encode(digest).decode().lower()[:12]
    return "-".join((letters[:4], letters[4:8], letters[8:]))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
