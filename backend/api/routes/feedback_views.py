"""Lists of requests and mails as clients see them; the API's description is made of this. One request: `domain.shapes`."""

from typing import Literal

from pydantic import Field

from backend.api.http.schemas import View
from backend.domain.client_views import FeedbackRequest


class Mail(View):
    """A mail that came in about a request. `sender` is only a claim where it is not `verified`."""

    id: str
    mailbox: str
    sender: str
    verified: bool
    outcome: Literal[
        "answer", "message", "link", "proposal", "unclear", "late", "refused", "unverified", "automatic", "bounce"
    ] = Field(description="what it was taken for")
    text: str = Field(description="what is new in it")
    whole: str = Field(description="all of it, in plain text")
    sent_at: str | None = Field(None, description="its own date")
    received_at: str


class Mails(View):
    items: list[Mail]


class FeedbackRequests(View):
    items: list[FeedbackRequest]
    next: str | None = None
