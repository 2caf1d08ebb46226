"""The answer a request ends with, in the shape that is stored and sent."""

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
    """What a person wants to say to a request, as it came in. `sent_at`: when they wrote it, where that was earlier;
    `proof`: what it rests on that it was them."""

    action: str
    values: dict[str, Any] | None = None
    feedback: str | None = None
    version: int | None = None
    sent_at: int | None = None
    proof: str = ""
