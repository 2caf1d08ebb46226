"""Webhook handlers of providers, independent of the web framework."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """The response the provider expects."""

    status: int
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


class WebhookRejected(Exception):
    """The call is not authenticated (`authentic` is false) or cannot be parsed. Nothing was done; the message says why."""

    def __init__(self, reason: str, *, authentic: bool) -> None:
        super().__init__(reason)
        self.authentic = authentic


WebhookHandler = Callable[[Mapping[str, str], bytes], Awaitable[WebhookResponse]]
"""Handles a call: (headers with names in lower case, the unmodified body) -> response. Raises WebhookRejected."""
