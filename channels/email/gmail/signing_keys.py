"""The public keys with which Google signs its pushes."""

import httpx

from channels.email.gmail.push import Certificates
from channels.errors import Retryable

TIMEOUT_S = 10.0


async def fetch_keys(url: str) -> Certificates:
    """PEM by name. Raises Retryable."""
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            reply = (await client.get(url)).raise_for_status()
        keys = reply.json()
    except (httpx.HTTPError, ValueError):
        raise Retryable("Google's keys cannot be fetched now.", "no_keys") from None
    if not isinstance(keys, dict) or not all(isinstance(pem, str) for pem in keys.values()):
        raise Retryable("What was fetched are no keys of Google's.", "no_keys")
    return keys
