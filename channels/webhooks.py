"""What a provider's callback is answered with, said without a web framework."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """`status` and `body` as the provider wants them."""

    status: int
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


class WebhookRejected(Exception):
    """The call is not believed (`authentic` is false) or cannot be read; nothing was done. The message says which."""

    def __init__(self, reason: str, *, authentic: bool) -> None:
        super().__init__(reason)
        self.authentic = authentic


WebhookHandler = Callable[[Mapping[str, str], bytes], Awaitable[WebhookResponse]]
"""(headers, names in lower case; the body's very bytes) -> the reply. Raises WebhookRejected."""
