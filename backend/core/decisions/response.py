"""A person's decision as it came in, and the response stored and sent for it."""

from dataclasses import dataclass
from typing import Any

from backend.domain.answers import Answer
from backend.domain.client_views import By, Response
from backend.timestamps import to_text


def response_of(answer: Answer, by: By, via: str, at: int) -> Response:
    response = Response(action=answer.action, by=by, via=via, at=to_text(at))
    if answer.values is not None:
        response["values"] = answer.values
    if answer.feedback is not None:
        response["feedback"] = answer.feedback
    return response


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's answer before it is checked. `sent_at`: when they wrote it, if that was earlier; `proof`: how we know it
    was them."""

    action: str
    values: dict[str, Any] | None = None
    feedback: str | None = None
    version: int | None = None
    sent_at: int | None = None
    proof: str = ""
