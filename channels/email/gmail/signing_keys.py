"""Fetch the public keys with which Google signs its push notifications."""

import httpx

from channels.email.gmail.push import Certificates
from channels.errors import Retryable

TIMEOUT_S = 10.0


async def fetch_keys(url: str) -> Certificates:
    """Return PEM by key id. Raises Retryable."""
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            reply = (await client.get(url)).raise_for_status()
        keys = reply.json()
    except (httpx.HTTPError, ValueError):
        raise Retryable("Google's signing keys cannot be fetched at the moment.", "no_keys") from None
    if not isinstance(keys, dict) or not all(isinstance(pem, str) for pem in keys.values()):
        raise Retryable("The response does not contain Google's signing keys.", "no_keys")
    return keys
