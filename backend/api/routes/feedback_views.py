"""Response models for lists of requests and mails. A single request: `domain.client_views`."""

from typing import Literal

from pydantic import Field

from backend.api.http.schemas import View
from backend.domain.client_views import FeedbackRequest


class Mail(View):
    """A mail received about a request. `sender` is only a claim unless the mail is `verified`."""

    id: str
    mailbox: str
    sender: str
    verified: bool
    outcome: Literal[
        "answer", "message", "link", "proposal", "unclear", "late", "refused", "unverified", "automatic", "bounce"
    ] = Field(description="how the mail was treated")
    text: str = Field(description="the text that is new in it")
    whole: str = Field(description="the whole mail as plain text")
    sent_at: str | None = Field(None, description="the date in the mail")
    received_at: str


class Mails(View):
    items: list[Mail]


class FeedbackRequests(View):
    items: list[FeedbackRequest]
    next: str | None = None
