"""A feedback request as clients see it; the API's description is made of this."""

from typing import Any, Literal

from pydantic import Field

from backend.api.schemas import By, Risk, View
from backend.domain.steps import FieldType

Type = Literal["confirmation", "choice", "text", "form", "checkpoint"]
Status = Literal["pending", "answered", "expired", "cancelled"]


class Response(View):
    action: str
    values: dict[str, Any] | None = None
    feedback: str | None = None
    by: By
    via: str
    at: str
    sent_at: str | None = Field(None, description="when it was written, where it came by mail")


class Closed(View):
    """What ended a request that nobody answered: the person who did, if one did, and why."""

    by: By | None = None
    why: str | None = None
    at: str


class Delivery(View):
    channel: str
    person_id: str
    status: str
    attempts: int
    step: int
    round: int
    error: str | None = None
    sent_at: str | None = None
    seen_at: str | None = None
    settled_at: str | None = None


class RequestAction(View):
    tool: str
    args: dict[str, Any]
    risk: Risk
    digest: str
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")


class RequestOption(View):
    value: str
    label: str
    description: str | None = None


class RequestField(View):
    name: str
    type: FieldType
    description: str
    required: bool
    value: Any = None
    options: list[RequestOption] | None = None


class FeedbackRequest(View):
    id: str
    session_id: str
    run_id: str | None = None
    type: Type
    status: Status
    version: int
    title: str
    prompt: str
    requested_by: str
    to: list[str]
    recipients: list[By]
    action: RequestAction | None = None
    options: list[RequestOption] | None = None
    multiple: bool | None = None
    checkpoint: str | None = None
    fields: list[RequestField] | None = None
    context: dict[str, Any] | None = None
    allowed_actions: list[str]
    on_timeout: str | dict[str, Any]
    created_at: str
    due_at: str | None = None
    dead_letter: bool
    route: list[dict[str, Any]]
    deliveries: list[Delivery]
    response: Response | None = None
    closed: Closed | None = None


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
